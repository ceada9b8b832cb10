"""Collected documents as batches of rows, apart by the day that a row is about."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa

from ml.collected import Answer, Columns
from ml.drift.policy import Policy

Cells = Sequence[object]
Row = Mapping[str, object]


@dataclass
class Days:
    """Rows by day, handed over when there are many, so that memory does not depend on them."""

    policy: Policy
    features: tuple[str, ...]
    categories: frozenset[str]
    most: int = 50_000
    _rows: dict[date, list[tuple[Row, Answer, float | None]]] = field(default_factory=dict)
    _held: int = 0

    def add(self, row: Row, answer: Answer, label: float | None) -> bool:
        """Take a row; return whether it is time to take the batches."""
        self._rows.setdefault(day_of(answer.at, self.policy), []).append((row, answer, label))
        self._held += 1
        return self._held >= self.most

    def batches(self) -> Iterator[tuple[date, pa.RecordBatch]]:
        """Yield what is held, day by day, and hold it no more."""
        held, self._rows, self._held = self._rows, {}, 0
        for day in sorted(held):
            yield day, self._batch(held[day])

    def _batch(self, found: Sequence[tuple[Row, Answer, float | None]]) -> pa.RecordBatch:
        columns: dict[str, pa.Array] = {}
        for name in self.features:
            if any(name in row for row, _, _ in found):  # else it is missing, which is a finding
                cells = [row.get(name) for row, _, _ in found]
                columns[name] = _array(cells, category=name in self.categories)
        times = [answer.at.astimezone(UTC).replace(tzinfo=None) for _, answer, _ in found]
        columns[self.policy.score] = _numbers([answer.score for _, answer, _ in found])
        columns[self.policy.label] = pa.array([label for *_, label in found], type=pa.float64())
        columns[self.policy.time] = pa.array(times, type=pa.timestamp("us"))
        return pa.RecordBatch.from_pydict(columns)


def day_of(moment: datetime, policy: Policy) -> date:
    """Return the day that a moment belongs to, as profiles count days."""
    return (moment.astimezone(UTC) - timedelta(hours=policy.day_starts)).date()


def asked(lines: Iterable[Mapping[str, object]], names: Columns) -> Iterator[tuple[str, Row]]:
    """Yield the id and the cells of each row that a deployment was asked about."""
    for line in lines:
        rows = line.get("data")
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and row.get(names.id) is not None:
                yield str(row[names.id]), row


def _array(cells: Cells, *, category: bool) -> pa.Array:
    """Return a column as what it holds: one of another kind than wanted is a finding."""
    known = [cell for cell in cells if cell is not None]
    if not known:
        return pa.nulls(len(cells), pa.string() if category else pa.float32())
    if set(map(type, known)) <= {int, float, bool}:
        return _numbers(cells)
    return pa.array([None if cell is None else str(cell) for cell in cells], type=pa.string())


def _numbers(cells: Cells) -> pa.Array:
    """Return numbers as the model sees them, with 32 bits, so that they meet the same edges."""
    return pa.array(
        np.asarray([np.nan if cell is None else cell for cell in cells], dtype=np.float32),
        from_pandas=True,
    )
