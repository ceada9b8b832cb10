"""Features, label and period of every event, as one ibis expression on any engine."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ibis

from ml.data.columns import integer, moment, number, outlier, period_start
from ml.data.schema import Table
from ml.task import Feature, Join, Settings, Task

if TYPE_CHECKING:
    from ibis.expr.types import StringValue, TimestampValue, Value
    from ibis.expr.types import Table as Rows

LABEL, PERIOD, TIME = "_label", "_period", "_time"
_CELL = "l_cell"


def examples(task: Task, tables: Mapping[str, "Rows"]) -> "Rows":
    """Return one row for each event with a label, in time order: features, label, period, time."""
    every = _with_features(task, tables, _labelled(task, tables))
    ordered = every.order_by([TIME, *(f"k_{key}" for key in task.events.key)])
    return ordered.select(*task.feature_names, LABEL, PERIOD, TIME)


def served(task: Task, tables: Mapping[str, "Rows"]) -> "Rows":
    """Return every event in time order as an endpoint meets it: features, period and time.

    The label, that nobody knows yet when the event is scored, is null where none ever came.
    """
    every = _with_features(task, tables, _labelled(task, tables, all_events=True))
    ordered = every.order_by([TIME, *(f"k_{key}" for key in task.events.key)])
    return ordered.select(*task.feature_names, LABEL, PERIOD, TIME)


def keyed(task: Task, tables: Mapping[str, "Rows"]) -> "Rows":
    """Return key and features of every event, with a label or without, under their own names."""
    events = cleaned(tables[task.settings.events], task.events)
    every = _with_features(task, tables, events)
    return every.select(
        **{f"key_{key}": every[f"k_{key}"] for key in task.events.key},
        **{name: every[name] for name in task.feature_names},
    )


def cleaned(rows: "Rows", table: Table) -> "Rows":
    """Empty the cells that the schema calls outliers, as the validation report announced."""
    emptied = {
        name: ibis.ifelse(outlier(rows[name], rule), ibis.null(rows[name].type()), rows[name])
        for name, rule in table.columns.items()
        if rule.limited and not rule.values
    }
    return rows.mutate(**emptied)


def period(rows: "Rows", columns: tuple[str, ...]) -> "StringValue":
    """Return the period as text that sorts by time: 2013-07, or 2013."""
    first, *others = columns
    text = rows[first].cast("string")
    for name in others:
        text = text + "-" + rows[name].cast("string").lpad(2, "0")
    return text


def within(rows: "Rows", first: str, last: str) -> "Rows":
    """Keep the rows of the periods from the first to the last."""
    return rows.filter(rows[PERIOD].between(ibis.literal(first), ibis.literal(last)))


def _labelled(task: Task, tables: Mapping[str, "Rows"], *, all_events: bool = False) -> "Rows":
    """Return the events that have a label, or all, with the cell that it is made of."""
    settings, label = task.settings, task.settings.label
    events = cleaned(tables[settings.events], task.events)
    if label.table is None:
        events = events.mutate(**{_CELL: events[label.column]})
        return events if all_events else events.filter(events[_CELL].notnull())
    other = cleaned(tables[label.table], task.schema_.tables[label.table])
    looked_up = {f"l_{theirs}": other[theirs] for theirs in label.keys.values()}
    outcomes = other.select(**looked_up, **{_CELL: other[label.column]})
    outcomes = outcomes.filter(outcomes[_CELL].notnull())
    match = [events[ours] == outcomes[f"l_{theirs}"] for ours, theirs in label.keys.items()]
    joined = events.left_join if all_events else events.inner_join
    return joined(outcomes, match).drop(*looked_up)


def _with_features(task: Task, tables: Mapping[str, "Rows"], events: "Rows") -> "Rows":
    """Add every feature to events; what they are matched and ordered by is called k_ and so on."""
    settings = task.settings
    keys = dict.fromkeys([*task.events.key, *(key for join in settings.joins for key in join.keys)])
    base = events.select(
        **{f"k_{key}": events[key] for key in keys},
        **{name: _own(events, feature) for name, feature in settings.features.items()},
        **_label(events, settings),
        **{PERIOD: period(events, settings.period), TIME: _time(events, settings)},
    )
    for join in settings.joins:
        other = cleaned(tables[join.table], task.schema_.tables[join.table])
        base = _joined(base, other, join, task.schema_.tables[join.table].time)
    numbers = [name for name in task.feature_names if name not in task.categories]
    return base.mutate(**{name: base[name].cast("float32") for name in numbers})


def _own(events: "Rows", feature: Feature) -> "Value":
    """Return a feature that is made of the event alone."""
    if feature.weekday:
        year, month, day = (integer(events, part).cast("int32") for part in feature.weekday)
        return ibis.date(year, month, day).day_of_week.index()
    return events[feature.sources[0]]


def _label(events: "Rows", settings: Settings) -> dict[str, "Value"]:
    if _CELL not in events.columns:
        return {}
    above = number(events, _CELL) > ibis.literal(settings.label.above)
    return {LABEL: above.cast("int8")}


def _time(events: "Rows", settings: Settings) -> "TimestampValue":
    """Return the moment of an event: its time, or else the start of its period."""
    if settings.time:
        return moment(events, settings.time)
    return period_start(events, settings.period)


def _joined(base: "Rows", other: "Rows", join: Join, time: str | None) -> "Rows":
    """Look features up; where the other table has times, take the row some hours before."""
    lookup: dict[str, Value] = {f"j_{theirs}": other[theirs] for theirs in join.keys.values()}
    if time and join.hours_before is not None:
        lookup["j_time"] = moment(other, time) + ibis.interval(hours=join.hours_before)
    lookup |= {name: other[source] for name, source in join.features.items()}
    right = other.select(**lookup)
    match = [base[f"k_{ours}"] == right[f"j_{theirs}"] for ours, theirs in join.keys.items()]
    if "j_time" in lookup:
        match.append(moment(base, TIME).truncate("h") == right["j_time"])
    joined = base.left_join(right, match)
    return joined.drop(*(name for name in lookup if name.startswith("j_")))
