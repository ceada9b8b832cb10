"""Counts of a table by day or hour: they merge exactly, in any split and order."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

import numpy as np
from pydantic import PlainSerializer, PlainValidator, TypeAdapter, ValidationError

from ml.drift.bins import Ints
from ml.errors import TaskError


def _whole(value: object) -> Ints:
    found = np.asarray(value)
    if found.size and found.dtype.kind != "i":
        raise ValueError(f"counts are whole numbers, found {found.dtype}")
    if found.size and int(found.min()) < 0:
        raise ValueError(f"counts are 0 or more, found {found.min()}")
    return found.astype(np.int64)


def _listed(value: Ints) -> list:
    return value.tolist()


Counts = Annotated[Ints, PlainValidator(_whole), PlainSerializer(_listed)]
MICRO = 1_000_000  # losses are summed as whole millionths: float sums depend on the order


@dataclass(frozen=True, kw_only=True)
class Cells:
    """One column: counts by block and cell, empty cells by block, and names never seen before.

    `labelled` and `losses` (millionths) are by cell over all blocks; only a reference has them.
    """

    counts: Counts
    nulls: Counts
    unseen: dict[str, int] = field(default_factory=dict)
    labelled: Counts | None = None
    losses: Counts | None = None

    @property
    def total(self) -> Ints:
        """Counts by cell over all blocks."""
        return self.counts.sum(axis=0)


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """Rows with a label: counts by block and cell of the score, sums of losses by block."""

    positives: Counts
    negatives: Counts
    sums: dict[str, Counts]  # millionths

    @property
    def rows(self) -> Ints:
        """Rows with a label, by block."""
        return self.positives.sum(axis=1) + self.negatives.sum(axis=1)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What is known of the rows of some blocks; `bins` is the digest of the cells."""

    bins: str
    blocks: tuple[str, ...]
    rows: Counts
    columns: dict[str, Cells]
    outcomes: Outcomes | None = None
    problems: tuple[str, ...] = ()  # what does not fit the bins' columns

    def __post_init__(self) -> None:
        """Put names in order, so that the same content is the same text."""
        object.__setattr__(self, "columns", dict(sorted(self.columns.items())))
        wrong = [f"{name} has {found}" for name, found in self._lengths()]
        if wrong:
            raise ValueError(f"a profile of {len(self.blocks)} blocks: {', '.join(wrong)}")

    def _lengths(self) -> Iterable[tuple[str, int]]:
        """Parts whose length is not that of the blocks."""
        parts = {"rows": self.rows}
        for name, cells in self.columns.items():
            parts |= {f"counts of {name}": cells.counts, f"nulls of {name}": cells.nulls}
        if self.outcomes:
            parts |= {"positives": self.outcomes.positives, "negatives": self.outcomes.negatives}
            parts |= {f"sums of {name}": sums for name, sums in self.outcomes.sums.items()}
        return ((name, len(part)) for name, part in parts.items() if len(part) != len(self.blocks))

    @property
    def text(self) -> str:
        """The profile as JSON, the same for the same content."""
        return _WIRE.dump_json(self).decode()

    @property
    def days(self) -> int:
        """How many days have rows."""
        return len({day(block) for block in self.blocks})

    @cached_property
    def digest(self) -> str:
        """Name the content."""
        return hashlib.sha256(self.text.encode()).hexdigest()


_WIRE = TypeAdapter(Profile)


class NoRowsError(TaskError):
    """There is nothing to count."""


def read(text: str) -> Profile:
    """Read what `Profile.text` wrote."""
    try:
        return _WIRE.validate_json(text)
    except ValidationError as error:
        raise TaskError(f"this is no profile of this version, build it anew: {error}") from error


def day(block: str) -> str:
    """Return the day of a block: 2013-07-01 of 2013-07-01T05."""
    return block[:10]
