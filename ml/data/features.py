"""Features, label and period of every event, as one ibis expression on any engine."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ibis

from ml.data.checks import outlier
from ml.data.columns import moment, number
from ml.task import Join, Table, Task

if TYPE_CHECKING:
    from ibis.expr.types import StringValue, Value
    from ibis.expr.types import Table as Rows

LABEL, PERIOD, TIME = "_label", "_period", "_time"


def examples(task: Task, tables: Mapping[str, "Rows"]) -> "Rows":
    """Return one row for each event with a label: features, label, period and time."""
    settings = task.settings
    every = cleaned(tables[settings.events], task.events)
    events = every.filter(every[settings.label.column].notnull())
    own: dict[str, Value] = {}
    for name, feature in settings.features.items():
        if feature.weekday:
            year, month, day = (events[part].cast("int32") for part in feature.weekday)
            own[name] = ibis.date(year, month, day).day_of_week.index()
        elif feature.column:
            own[name] = events[feature.column]
    late = number(events, settings.label.column) > ibis.literal(settings.label.above)
    keys = dict.fromkeys([*task.events.key, *(key for join in settings.joins for key in join.keys)])
    base = events.select(
        **{f"k_{key}": events[key] for key in keys},
        **own,
        **{
            LABEL: late.cast("int8"),
            PERIOD: period(events, settings.period),
            TIME: events[settings.time],
        },
    )
    for join in settings.joins:
        other = cleaned(tables[join.table], task.schema_.tables[join.table])
        base = _joined(base, other, join, task.schema_.tables[join.table].time)
    numbers = [name for name in task.feature_names if name not in task.categories]
    ordered = base.order_by([TIME, *(f"k_{key}" for key in task.events.key)])
    return ordered.select(
        **{name: ordered[name] for name in task.categories},
        **{name: ordered[name].cast("float32") for name in numbers},
        **{name: ordered[name] for name in (LABEL, PERIOD, TIME)},
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
