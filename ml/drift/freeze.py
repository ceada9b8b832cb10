"""Choosing the cells of a reference in one pass: quantiles of a fair sample, all categories."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from ml.drift import arrays
from ml.drift.bins import Bins, CategoryBins, NumberBins, category_bins, number_bins
from ml.drift.distances import Floats
from ml.drift.layout import is_category, is_number
from ml.errors import TaskError

ROWS = 100_000  # the rank of a cut is then right to 0.3 %; the counts are exact all the same
CANDIDATES = 10_000  # names that are counted before rare ones are given up
SEED = 20130101


def freeze(batches: Iterable[pa.RecordBatch], columns: Sequence[str], rows: int = ROWS) -> Bins:
    """Return the cells of all columns; memory does not depend on the number of rows."""
    draw = np.random.default_rng(SEED)
    sample, ranges = _Sample(rows), dict[str, _Range]()
    counters = dict[str, _Counter]()
    for batch in batches:
        absent = [name for name in columns if name not in batch.schema.names]
        if absent:
            raise TaskError(
                f"the reference has no column {', '.join(absent)}; it has "
                f"{', '.join(batch.schema.names)}"
            )
        found: dict[str, Floats] = {}
        for name in columns:
            column = batch.column(name)
            if is_number(column.type):
                found[name] = arrays.numbers(column)
                ranges.setdefault(name, _Range()).add(found[name])
            elif is_category(column.type):
                counters.setdefault(name, _Counter()).add(column)
            else:
                raise TaskError(
                    f"column {name} holds {column.type}; numbers, texts and booleans can be "
                    "monitored, leave it out"
                )
        sample.add(draw.random(batch.num_rows), found)
    cells: dict[str, NumberBins | CategoryBins] = {}
    for name in columns:
        if name in counters:
            cells[name] = counters[name].bins()
        elif name in ranges and np.isfinite(ranges[name].low):
            values = sample.values(name)
            chosen = values[np.isfinite(values)]
            extent = np.asarray([ranges[name].low, ranges[name].high])
            cells[name] = number_bins(chosen if len(chosen) else extent, *extent.tolist())
        else:
            raise TaskError(f"column {name} of the reference holds no value; leave it out")
    return Bins(columns=cells)


class _Sample:
    """The rows with the smallest random keys: every row is as likely to be kept."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.keys: list[Floats] = []
        self.columns: dict[str, list[Floats]] = {}
        self.bound = 1.0

    def add(self, keys: Floats, columns: dict[str, Floats]) -> None:
        chosen = keys < self.bound
        self.keys.append(keys[chosen])
        for name, values in columns.items():
            self.columns.setdefault(name, []).append(values[chosen])
        if sum(map(len, self.keys)) > 2 * self.limit:
            self._shrink()

    def values(self, name: str) -> Floats:
        """Return the sampled values of a column, empty cells left in."""
        if sum(map(len, self.keys)) > self.limit:
            self._shrink()
        return np.concatenate(self.columns[name])

    def _shrink(self) -> None:
        keys = np.concatenate(self.keys)
        kept = np.sort(np.argpartition(keys, self.limit)[: self.limit])
        self.keys = [keys[kept]]
        self.columns = {
            name: [np.concatenate(values)[kept]] for name, values in self.columns.items()
        }
        self.bound = float(self.keys[0].max())


@dataclass
class _Range:
    """The smallest and the largest finite value."""

    low: float = float("inf")
    high: float = float("-inf")

    def add(self, values: Floats) -> None:
        finite = values[np.isfinite(values)]
        if len(finite):
            self.low = min(self.low, float(finite.min()))
            self.high = max(self.high, float(finite.max()))


@dataclass
class _Counter:
    """Counts by name, as long as there are not too many names."""

    counts: dict[str, int] = field(default_factory=dict)
    complete: bool = True

    def add(self, column: pa.Array) -> None:
        for name, count in arrays.tally(column).items():
            self.counts[name] = self.counts.get(name, 0) + count
        if len(self.counts) > CANDIDATES:
            self.complete = False
            ordered = sorted(self.counts, key=lambda name: (-self.counts[name], name))
            self.counts = {name: self.counts[name] for name in ordered[: CANDIDATES // 2]}

    def bins(self) -> CategoryBins:
        return category_bins(self.counts, complete=self.complete)
