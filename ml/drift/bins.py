"""The frozen cells in which a reference and every later window are counted."""

import hashlib
import math
from collections.abc import Mapping
from decimal import ROUND_CEILING, Context, Decimal
from functools import cached_property
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from ml.drift.distances import Floats
from ml.errors import TaskError

Ints = npt.NDArray[np.int64]
LEVELS = (0.001, 0.0025, 0.005, *(step / 100 for step in range(1, 100)), 0.995, 0.9975, 0.999)
DECILES = tuple(step / 10 for step in range(1, 10))
DOUBLINGS = 12  # how often the range doubles on each side: a window may move far away
FENCE = 3.0  # Tukey's far fence, in distances between the quartiles
DIGITS = 12  # so short a decimal means the same number to every engine
NAMES = 200


class Stored(BaseModel):
    """What is written as JSON and read again: unknown keys are mistakes, nothing changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @cached_property
    def digest(self) -> str:
        """Name the content: the SHA-256 of its JSON."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def model_copy(self, *, update: Mapping[str, object] | None = None, deep: bool = False) -> Self:
        """Return a copy that has forgotten what was worked out for the original."""
        copied = super().model_copy(update=update, deep=deep)
        for name in set(vars(copied)) - set(type(self).model_fields):
            del vars(copied)[name]
        return copied


class NumberBins(Stored):
    """Cell i holds what is above edge i-1 and not above edge i; the outer cells are open."""

    kind: Literal["number"] = "number"
    edges: tuple[float, ...] = Field(min_length=2)
    deciles: tuple[int, ...]  # positions in `edges`
    low: float  # below is an outlier; both are edges
    high: float
    std: float

    @cached_property
    def grid(self) -> Floats:
        """The edges as an array."""
        return np.asarray(self.edges, dtype=np.float64)

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.edges) + 1

    def count(self, values: Floats) -> Ints:
        """Return the cell of every value."""
        return np.searchsorted(self.grid, values, side="left").astype(np.int64)

    @property
    def starts(self) -> Ints:
        """The first fine cell of each coarse cell."""
        return np.asarray([0, *(position + 1 for position in self.deciles)], dtype=np.int64)

    @cached_property
    def outside(self) -> npt.NDArray[np.bool_]:
        """Which cells hold outliers."""
        upper = np.append(self.grid, np.inf)
        lower = np.append(-np.inf, self.grid)
        return (upper <= self.low) | (lower >= self.high)

    @property
    def bounds(self) -> Floats:
        """Both ends of every cell; the open cells end at their only edge."""
        return np.concatenate([self.grid[:1], self.grid, self.grid[-1:]])

    @cached_property
    def middles(self) -> Floats:
        """A value that stands for each cell."""
        return (self.bounds[:-1] + self.bounds[1:]) / 2


class CategoryBins(Stored):
    """A cell for each name and one for all others; complete where no other was ever seen."""

    kind: Literal["category"] = "category"
    names: tuple[str, ...]
    complete: bool

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.names) + 1

    @property
    def starts(self) -> Ints:
        """The first cell of each coarse cell: categories are not pooled."""
        return np.arange(self.cells, dtype=np.int64)


ColumnBins = Annotated[NumberBins | CategoryBins, Field(discriminator="kind")]


class Bins(Stored):
    """The cells of every column."""

    columns: dict[str, ColumnBins]

    def number(self, name: str) -> NumberBins:
        """Return the cells of a column that holds numbers."""
        found = self.columns.get(name)
        if not isinstance(found, NumberBins):
            kind = found.kind if found else "not among the bins"
            known = ", ".join(sorted(self.columns))
            raise TypeError(f"column {name} is {kind}, wanted numbers; known columns: {known}")
        return found


def number_bins(sample: Floats, low: float, high: float) -> NumberBins:
    """Cut at the quantiles of a sample; the range is that of all rows."""
    if not len(sample):
        raise ValueError("there is no value to take quantiles of; leave the column out")
    quantiles = np.quantile(sample, LEVELS, method="inverted_cdf")
    first, third = np.quantile(sample, [0.25, 0.75], method="inverted_cdf")
    width = float(third - first) or _spread(sample) or max(abs(low), 1.0)
    fences = (snap(float(first) - FENCE * width), snap(float(third) + FENCE * width))
    reach = (high - low) or max(abs(low), 1.0)
    steps = [reach * (2.0**step - 1) for step in range(1, DOUBLINGS + 1)]
    tails = [bound for step in steps for bound in (low - step, high + step)]
    found = {snap(value) for value in (*quantiles.tolist(), low, high, *tails)} | set(fences)
    edges = sorted(value for value in found if math.isfinite(value))
    deciles = {snap(value) for value in np.quantile(sample, DECILES, method="inverted_cdf")}
    return NumberBins(
        edges=tuple(edges),
        deciles=tuple(sorted(edges.index(value) for value in deciles)),
        low=fences[0],
        high=fences[1],
        std=_spread(sample),
    )


def _spread(sample: Floats) -> float:
    """Return the standard deviation; values are scaled, as squares may be too large."""
    largest = float(np.abs(sample).max())
    if len(sample) < 2 or not largest:
        return 0.0
    return largest * float(np.std(sample / largest, ddof=1))


def category_bins(counts: Mapping[str, int], *, complete: bool) -> CategoryBins:
    """Keep the most frequent names; where there are more, the others are one cell."""
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    return CategoryBins(
        names=tuple(sorted(ordered[:NAMES])), complete=complete and len(ordered) <= NAMES
    )


def quantile(bins: NumberBins, counts: Ints, level: float) -> float:
    """Return the value that this share of the rows does not exceed, right to one cell.

    A cell holds about a hundredth of the reference; merging adds no error.
    """
    total = np.cumsum(counts)
    if not total[-1]:
        raise ValueError("there is no row to take a quantile of")
    reached = np.concatenate([[0.0], total / total[-1]])
    return float(np.interp(level, reached, bins.bounds))


def categories(bins: Bins, name: str) -> frozenset[str]:
    """Return the known names of a column that cuts rows into segments."""
    found = bins.columns.get(name)
    if not isinstance(found, CategoryBins):
        raise TaskError(f"segment {name} is no category of the reference; choose one that is")
    return frozenset(found.names)


def snap(value: float) -> float:
    """Return the next short decimal that is not below the value."""
    short = float(f"{value:.{DIGITS}g}")
    if short >= value or not math.isfinite(value):
        return short
    up = Context(prec=DIGITS, rounding=ROUND_CEILING)
    return float(up.create_decimal(Decimal(value)))


def coarse(bins: NumberBins | CategoryBins, counts: Ints) -> Ints:
    """Add the fine cells of each decile, in the last axis."""
    return np.add.reduceat(counts, bins.starts, axis=-1)
