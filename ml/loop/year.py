"""The year that is replayed: every event as an endpoint meets it, and what came true later."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ml.data import engine, features, manifest
from ml.data.request import Cell
from ml.errors import TaskError
from ml.steps.ingest import ingest
from ml.steps.validate import moment, validate
from ml.task import Task

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Day:
    """The events of one day, column by column; `labels` is None where none ever came."""

    day: date
    ids: tuple[str, ...]
    times: tuple[str, ...]
    columns: dict[str, list[Cell]]
    labels: tuple[int | None, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def part(self, first: int, last: int) -> "Day":
        """Return the events from one position to before another."""
        cut = slice(first, last)
        return Day(
            self.day,
            self.ids[cut],
            self.times[cut],
            {name: cells[cut] for name, cells in self.columns.items()},
            self.labels[cut],
        )


@dataclass(frozen=True)
class Year:
    """All events in time order; a day is one where the events take place."""

    task: Task
    zone: ZoneInfo
    table: "pa.Table"

    def days(self, first: date, last: date, every: int = 1) -> Iterator[Day]:
        """Yield the days from the first to the last, each with every so many-th event.

        Args:
            every: 1 for all events; the choice does not depend on what they are.
        """
        known = self._starts()
        for day in sorted(known):
            if first <= day <= last:
                begin, end = known[day]
                yield self._day(day, begin, end, every)

    def _starts(self) -> dict[date, tuple[int, int]]:
        found: dict[date, tuple[int, int]] = {}
        for position, value in enumerate(self.table[features.TIME].to_pylist()):
            day = value.replace(tzinfo=UTC).astimezone(self.zone).date()
            found[day] = (found[day][0] if day in found else position, position + 1)
        return found

    def _day(self, day: date, begin: int, end: int, every: int) -> Day:
        rows = self.table.slice(begin, end - begin)
        chosen = list(range(-begin % every, end - begin, every))
        part = rows.take(chosen)
        times = [value.replace(tzinfo=UTC) for value in part[features.TIME].to_pylist()]
        return Day(
            day,
            tuple(f"{day:%Y%m%d}-{begin + at}" for at in chosen),
            tuple(value.isoformat() for value in times),
            {name: part[name].to_pylist() for name in self.task.feature_names},
            tuple(part[features.LABEL].to_pylist()),
        )


def read(task: Task, raw: Path, zone: str) -> Year:
    """Read a task's files by the pipeline's own steps.

    Raises:
        TaskError: the data break the schema; the report says where.
    """
    with tempfile.TemporaryDirectory(prefix="mlops-loop-") as folder:
        tables = Path(folder)
        ingest(task, raw, tables)
        report = validate(task, tables, moment(task.settings.data.as_of))
        if not report.passed:
            raise TaskError(report.text)
        files = manifest.read(tables).tables
        with engine.opened(engine.NAMES[0]) as opened:
            rows = {name: opened.read(files[name].files(tables)) for name in files}
            found = opened.table(features.served(task, rows))
    return Year(task, ZoneInfo(zone), found)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment of a day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
