"""Rules about rows as a whole: keys that occur twice, times in the future, windows too old."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import ibis

from ml.data import columns
from ml.data.checked import EXAMPLES, FILE, ROW, Checked, Counts, Finding
from ml.data.report import Problem

if TYPE_CHECKING:
    from ibis.expr.types import Scalar


def keys(checked: Checked) -> Iterator[Finding]:
    """Find rows whose key another row has too, in the same window or in another."""
    key = checked.table.key
    if not key or not set(key) <= set(checked.columns):
        return
    groups = checked.rows.group_by(list(key)).aggregate(copies=lambda rows: rows.count())
    twice = groups.filter(columns.number(groups, "copies") > ibis.literal(1))
    (found,) = (
        twice.aggregate(columns.number(twice, "copies").sum().name("rows")).to_pyarrow().to_pylist()
    )
    if not found["rows"]:
        return
    # Where the first copies are is looked up for the few that are shown: carrying file and row
    # through the grouping of every key would more than double its memory.
    shown = twice.order_by(list(key)).limit(EXAMPLES)
    copies = checked.rows.semi_join(shown, list(key)).order_by([*key, FILE, ROW])
    places: dict[tuple[object, ...], list[str]] = {}
    for record in copies.select(*key, FILE, ROW).to_pyarrow().to_pylist():
        of_key = places.setdefault(tuple(record[name] for name in key), [])
        of_key.append(checked.place(record[FILE], record[ROW]))
    examples = tuple(
        f"{len(where)} rows with "
        + ", ".join(f"{name}={cell}" for name, cell in zip(key, cells, strict=True))
        + f": {', '.join(where[:EXAMPLES])}"
        for cells, where in places.items()
    )
    yield (
        Problem(
            rule="duplicate key",
            table=checked.name,
            columns=key,
            rows=found["rows"],
            found="rows that share a key",
            wanted="each key once",
            examples=examples,
        ),
        False,
    )


def wanted(checked: Checked, as_of: datetime) -> dict[str, "Scalar"]:
    """Return what `freshness` has to know of each part."""
    if not checked.times:
        return {}
    return {
        "newest": checked.moments.max(),
        "future": columns.count(checked.moments > ibis.literal(as_of)),
    }


def freshness(checked: Checked, counts: Mapping[str, Counts], as_of: datetime) -> Iterator[Finding]:
    """Find rows from the future, and tables that end too long ago."""
    table, times = checked.table, checked.times
    if not times:
        return
    newest: datetime | None = None
    for window, parts in checked.ingested.windows.items():
        known = [counts[part.file] for part in parts if part.file in counts]
        ends = [found["newest"] for found in known]
        last = max((end for end in ends if isinstance(end, datetime)), default=None)
        future = sum(int(str(found["future"] or 0)) for found in known)
        if future:
            wrong = checked.moments > ibis.literal(as_of)
            yield (
                Problem(
                    rule="rows from the future",
                    table=checked.name,
                    window=window,
                    columns=times,
                    rows=future,
                    found=f"times up to {last}",
                    wanted=f"nothing after {as_of}",
                    examples=checked.examples(wrong & checked.of(parts), times),
                ),
                False,
            )
        newest = max(filter(None, (newest, last)), default=None)
    if table.fresh_days is None or newest is None:
        return
    if newest < as_of - timedelta(days=table.fresh_days):
        yield (
            Problem(
                rule="not fresh",
                table=checked.name,
                columns=times,
                found=f"newest row {newest}",
                wanted=f"at most {table.fresh_days:g} days before {as_of}",
            ),
            False,
        )
