"""The rules of a frozen schema as ibis expressions: one scan a table, more only for examples."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import ibis

from ml.data import columns
from ml.data.manifest import Ingested
from ml.data.report import Problem
from ml.task import Column, Table

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend
    from ibis.expr.types import BooleanValue, Scalar, Value
    from ibis.expr.types import Table as Rows

EXAMPLES = 5
ROW = "file_row_number"
Finding = tuple[Problem, bool]  # with True where the schema tolerates it


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One table under check."""

    name: str
    table: Table
    ingested: Ingested
    rows: "Rows"

    @property
    def columns(self) -> dict[str, Column]:
        """The schema's columns that are there."""
        absent = set(self.ingested.missing)
        return {name: rule for name, rule in self.table.columns.items() if name not in absent}

    def examples(self, wrong: "BooleanValue", *shown: str) -> tuple[str, ...]:
        """Show the first rows of a kind: row number in the file, key and the cells in question."""
        names = dict.fromkeys(
            [ROW, *(key for key in self.table.key if key in self.columns), *shown]
        )
        found = self.rows.filter(wrong).order_by(ROW).select(*names).limit(EXAMPLES)
        return tuple(
            f"row {record.pop(ROW) + 1}: "
            + ", ".join(f"{name}={_cell(value)}" for name, value in record.items())
            for record in found.to_pyarrow().to_pylist()
        )


def check(
    connection: "Backend",
    folder: Path,
    *,
    name: str,
    table: Table,
    ingested: Ingested,
    as_of: datetime,
) -> list[Finding]:
    """Return everything that is wrong with one table, and what is tolerated."""
    rows = connection.read_parquet(folder / ingested.file, file_row_number=True)
    checked = Checked(name=name, table=table, ingested=ingested, rows=rows)
    findings = list(_reading(checked))
    if ingested.rows == 0:
        problem = Problem(rule="no rows", table=name, found="0 rows", wanted="at least 1 row")
        return [*findings, (problem, False)]
    counts = _counts(checked, as_of)
    for column, rule in checked.columns.items():
        findings += _nulls(checked, column, rule, counts)
        findings += _outliers(checked, column, rule, counts)
    findings += _keys(checked)
    findings += _freshness(checked, counts, as_of)
    return findings


def outlier(value: "Value", rule: Column) -> "BooleanValue":
    """Whether a cell lies outside what its column may hold; an empty cell does not."""
    parts: list[BooleanValue] = []
    if rule.min is not None:
        parts.append(value < ibis.literal(rule.min))
    if rule.max is not None:
        parts.append(value > ibis.literal(rule.max))
    if rule.values:
        parts.append(value.notin([ibis.literal(text) for text in rule.values]))
    return columns.anyone(parts)


def _cell(value: object) -> str:
    return "(empty)" if value is None else str(value)


def _reading(checked: Checked) -> Iterator[Finding]:
    """What the ingest step already saw: columns that are not there, lines that do not parse."""
    name, ingested = checked.name, checked.ingested
    if ingested.missing:
        yield (
            Problem(
                rule="missing column",
                table=name,
                columns=ingested.missing,
                found=f"no column {', '.join(ingested.missing)} in the file's header",
                wanted="every column of schema.yaml",
            ),
            False,
        )
    if ingested.extra:
        yield (
            Problem(
                rule="unknown column",
                table=name,
                columns=ingested.extra,
                found="columns that schema.yaml does not name",
                wanted="nothing: they were left out",
            ),
            True,
        )
    for column, count in ingested.rejected.items():
        rule = checked.table.columns.get(column)
        examples = [bad for bad in ingested.examples if bad.column == column]
        yield (
            Problem(
                rule="wrong type" if rule else "malformed line",
                table=name,
                columns=(column,) if column else (),
                rows=count,
                found="cells that are no " + rule.type if rule else "lines that do not parse",
                wanted=rule.type if rule else "as many cells as the header",
                examples=tuple(f"line {bad.line}: {bad.found!r} ({bad.why})" for bad in examples),
            ),
            False,
        )


def _counts(checked: Checked, as_of: datetime) -> Mapping[str, object]:
    """Count nulls and outliers of all columns in one scan."""
    rows = checked.rows
    wanted: dict[str, Scalar] = {}
    for column, rule in checked.columns.items():
        wanted[f"{column} null"] = columns.count(rows[column].isnull())
        if rule.limited:
            wanted[f"{column} out"] = columns.count(outlier(rows[column], rule))
            wanted[f"{column} min"], wanted[f"{column} max"] = (
                rows[column].min(),
                rows[column].max(),
            )
    time = checked.table.time
    if time and time in checked.columns:
        wanted["newest"] = rows[time].max()
        wanted["future"] = columns.count(rows[time] > ibis.literal(as_of))
    return (
        rows.aggregate([value.name(name) for name, value in wanted.items()])
        .to_pyarrow()
        .to_pylist()[0]
    )


def _nulls(
    checked: Checked, column: str, rule: Column, counts: Mapping[str, object]
) -> Iterator[Finding]:
    count = int(str(counts[f"{column} null"] or 0))
    share = count / checked.ingested.rows
    if share > rule.nulls:
        yield (
            Problem(
                rule="empty cells",
                table=checked.name,
                columns=(column,),
                rows=count,
                found=f"{share:.2%} empty",
                wanted=f"at most {rule.nulls:.2%}",
                examples=checked.examples(checked.rows[column].isnull(), column),
            ),
            False,
        )


def _outliers(
    checked: Checked, column: str, rule: Column, counts: Mapping[str, object]
) -> Iterator[Finding]:
    count = int(str(counts.get(f"{column} out") or 0))
    if not count:
        return
    share = count / checked.ingested.rows
    wanted = (
        f"one of {', '.join(rule.values)}"
        if rule.values
        else f"{_bound(rule.min, '-inf')} to {_bound(rule.max, 'inf')}"
    )
    low, high = counts[f"{column} min"], counts[f"{column} max"]
    yield (
        Problem(
            rule="unknown category" if rule.values else "out of range",
            table=checked.name,
            columns=(column,),
            rows=count,
            found=f"{share:.4%} outside"
            + ("" if rule.values else f" (smallest {low}, largest {high})"),
            wanted=f"{wanted}, at most {rule.outliers:.4%} outside",
            examples=checked.examples(outlier(checked.rows[column], rule), column),
        ),
        share <= rule.outliers,
    )


def _bound(value: float | None, none: str) -> str:
    return none if value is None else f"{value:g}"


def _keys(checked: Checked) -> Iterator[Finding]:
    """Find rows whose key another row has too."""
    key = checked.table.key
    if not key or not set(key) <= set(checked.columns):
        return
    groups = checked.rows.group_by(list(key)).aggregate(
        copies=lambda rows: rows.count(), first=lambda rows: rows[ROW].min()
    )
    twice = groups.filter(columns.number(groups, "copies") > ibis.literal(1))
    (found,) = (
        twice.aggregate(columns.number(twice, "copies").sum().name("rows")).to_pyarrow().to_pylist()
    )
    if not found["rows"]:
        return
    examples = tuple(
        f"{record['copies']} rows with "
        + ", ".join(f"{name}={record[name]}" for name in key)
        + f", first in row {record['first'] + 1}"
        for record in twice.order_by("first").limit(EXAMPLES).to_pyarrow().to_pylist()
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


def _freshness(
    checked: Checked, counts: Mapping[str, object], as_of: datetime
) -> Iterator[Finding]:
    """Find rows from the future, and a window that ends too long ago."""
    time, table = checked.table.time, checked.table
    if time is None or time not in checked.columns:
        return
    future = int(str(counts["future"] or 0))
    if future:
        yield (
            Problem(
                rule="rows from the future",
                table=checked.name,
                columns=(time,),
                rows=future,
                found=f"times up to {counts['newest']}",
                wanted=f"nothing after {as_of}",
                examples=checked.examples(checked.rows[time] > ibis.literal(as_of), time),
            ),
            False,
        )
    newest = counts["newest"]
    if table.fresh_days is None or not isinstance(newest, datetime):
        return
    if newest < as_of - timedelta(days=table.fresh_days):
        yield (
            Problem(
                rule="not fresh",
                table=checked.name,
                columns=(time,),
                found=f"newest row {newest}",
                wanted=f"at most {table.fresh_days:g} days before {as_of}",
            ),
            False,
        )
