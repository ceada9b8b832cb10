"""Features of a scoring request: one event at a time in plain Python, as an endpoint needs them.

The batch path makes the same features as one expression over tables (features.py). There are two
because an engine takes tens of milliseconds to start a query; `skew` holds them against each other.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from ml.data.manifest import Manifest
from ml.data.schema import Column
from ml.errors import TaskError
from ml.task import Join, Task

Cell = str | float | None
Event = Mapping[str, object]
Key = tuple[object, ...]


@dataclass(frozen=True)
class RequestFeatures:
    """Makes features of events with look-up tables in memory; keys are those of each join."""

    task: Task
    lookups: Mapping[str, Mapping[Key, Mapping[str, Cell]]]

    def columns(self, events: Sequence[Event]) -> dict[str, list[Cell]]:
        """Return the model's columns, a cell for each event.

        Raises:
            TaskError: an event lacks a column or holds something of another type; all are named.
        """
        wanted = self.needed
        mistakes: list[str] = []
        rows = [
            self._checked(number, event, wanted, mistakes) for number, event in enumerate(events)
        ]
        if mistakes:
            raise TaskError("the request is wrong:\n" + "\n".join(mistakes))
        made = [self._features(row) for row in rows]
        return {name: [row[name] for row in made] for name in self.task.feature_names}

    @property
    def needed(self) -> dict[str, Column]:
        """The columns that an event must bring."""
        settings, columns = self.task.settings, self.task.events.columns
        names = [source for feature in settings.features.values() for source in feature.sources]
        names += [ours for join in settings.joins for ours in join.keys]
        if settings.time and any(join.hours_before is not None for join in settings.joins):
            names.append(settings.time)
        return {name: columns[name] for name in dict.fromkeys(names)}

    def _checked(
        self, number: int, event: Event, wanted: Mapping[str, Column], mistakes: list[str]
    ) -> dict[str, object]:
        absent = [name for name in wanted if name not in event]
        if absent:
            mistakes.append(f"  event {number}: no {', '.join(absent)}; give null where unknown")
            return {}
        found: dict[str, object] = {}
        for name, rule in wanted.items():
            try:
                found[name] = _cell(event[name], rule)
            except ValueError:
                mistakes.append(f"  event {number}: {name} is {event[name]!r}, wanted {rule.type}")
        return found

    def _features(self, event: Mapping[str, object]) -> dict[str, Cell]:
        made: dict[str, Cell] = {}
        for name, feature in self.task.settings.features.items():
            if feature.weekday:
                made[name] = _weekday([event[part] for part in feature.weekday])
            else:
                made[name] = _feature(event[feature.sources[0]])
        for join in self.task.settings.joins:
            key = tuple(event[ours] for ours in join.keys)
            if join.hours_before is not None and self.task.settings.time:
                key = (*key, _hour(event[self.task.settings.time]))
            row = self.lookups[join.table].get(key) if None not in key else None
            made |= row or dict.fromkeys(join.features)
        return made


def load(task: Task, tables: Path, manifest: Manifest) -> RequestFeatures:
    """Read the look-up tables of all joins into memory."""
    import pyarrow.parquet as pq  # noqa: PLC0415  a quarter of a second that --help does not need

    lookups: dict[str, dict[Key, dict[str, Cell]]] = {}
    for join in task.settings.joins:
        time = task.schema_.tables[join.table].time if join.hours_before is not None else None
        names = dict.fromkeys([*join.keys.values(), *join.features.values(), *filter(None, [time])])
        rows = (
            row
            for path in manifest.tables[join.table].files(tables)
            for row in pq.read_table(path, columns=list(names)).to_pylist()
        )
        lookups[join.table] = _lookup(task, join, time, rows)
    return RequestFeatures(task, lookups)


def _lookup(
    task: Task, join: Join, time: str | None, rows: Iterable[Event]
) -> dict[Key, dict[str, Cell]]:
    columns = task.schema_.tables[join.table].columns
    found: dict[Key, dict[str, Cell]] = {}
    for row in rows:
        key: Key = tuple(_cell(row[theirs], columns[theirs]) for theirs in join.keys.values())
        if time:
            moment = row[time]
            if not isinstance(moment, datetime):
                continue
            key = (*key, moment + timedelta(hours=join.hours_before or 0))
        found[key] = {
            name: _feature(_cell(row[source], columns[source]))
            for name, source in join.features.items()
        }
    return found


def _cell(value: object, rule: Column) -> object:
    """Return a cell in its column's type, empty where the schema calls it an outlier."""
    if value is None:
        return None
    if rule.type == "text":
        if not isinstance(value, str):
            raise ValueError("no text")
        return value
    if rule.type == "time":
        return _moment(value)
    if rule.type == "boolean":
        if not isinstance(value, bool):
            raise ValueError("no boolean")
        return value
    return _number(value, rule)


def _number(value: object, rule: Column) -> float | None:
    """Return a number; NaN and what lies outside the schema's range are empty."""
    known = isinstance(value, int | float) and not isinstance(value, bool)
    number = float(str(value)) if known else math.inf
    if math.isnan(number):
        return None
    if math.isinf(number) or (rule.type == "integer" and number != math.floor(number)):
        raise ValueError("no number, not finite, or not whole")
    low, high = rule.min, rule.max
    if (low is not None and number < low) or (high is not None and number > high):
        return None
    return int(number) if rule.type == "integer" else number


def _moment(value: object) -> datetime:
    """Return a time in UTC without its zone, as the tables hold it."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise ValueError("no time")  # noqa: TRY004  callers name every cell that cannot be read
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def _hour(value: object) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return value.replace(minute=0, second=0, microsecond=0)


def _feature(value: object) -> Cell:
    """Return a cell as models take it: text, or a number of 32 bits."""
    if value is None or isinstance(value, str):
        return value
    return float(np.float32(float(str(int(value)) if isinstance(value, bool) else str(value))))


def _weekday(parts: Sequence[object]) -> Cell:
    numbers = [part for part in parts if isinstance(part, int)]
    if len(numbers) != len(parts):
        return None
    year, month, day = numbers
    return float(date(year, month, day).weekday())
