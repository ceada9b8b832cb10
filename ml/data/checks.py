"""The rules of a frozen schema as ibis expressions: one scan a table, more only for examples."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ml.data import checked as under_check
from ml.data import columns, label_checks, row_checks
from ml.data.checked import Checked, Counts, Finding
from ml.data.manifest import Ingested, Part
from ml.data.report import Problem
from ml.data.schema import Column
from ml.task import Task

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend
    from ibis.expr.types import BooleanValue, Scalar


def check(
    connection: "Backend",
    task: Task,
    folder: Path,
    *,
    name: str,
    ingested: Ingested,
    as_of: datetime,
) -> list[Finding]:
    """Return everything that is wrong with one table, and what is tolerated."""
    checked = under_check.load(connection, folder, task, name, ingested)
    findings = [found for part in ingested.parts for found in _reading(checked, part)]
    counts = checked.count(_wanted(checked, as_of))
    label = task.settings.label.column if name == task.label_table else None
    for window, parts in ingested.windows.items():
        rows = sum(part.rows for part in parts)
        if rows == 0:
            problem = Problem(
                rule="no rows", table=name, window=window, found="0 rows", wanted="at least 1 row"
            )
            findings.append((problem, False))
            continue
        known = [counts[part.file] for part in parts if part.file in counts]
        for column, rule in checked.columns.items():
            cells = _Cells(
                checked=checked, column=column, rule=rule, window=window, parts=parts, counts=known
            )
            if column != label or cells.total("null") < rows:
                findings += [*cells.nulls(), *cells.outliers()]
    if label is not None:
        findings += label_checks.check(checked, task.settings.label)
    findings += row_checks.keys(checked)
    findings += row_checks.freshness(checked, counts, as_of)
    return findings


def _reading(checked: Checked, part: Part) -> Iterator[Finding]:
    """What the ingest step already saw: columns that are not there, lines that do not parse."""
    name, window = checked.name, part.window
    if part.missing:
        yield (
            Problem(
                rule="missing column",
                table=name,
                window=window,
                columns=part.missing,
                rows=part.rows,
                found=f"no column {', '.join(part.missing)} in {part.source}",
                wanted="every column of schema.yaml",
            ),
            False,
        )
    if part.extra:
        yield (
            Problem(
                rule="unknown column",
                table=name,
                window=window,
                columns=part.extra,
                found=f"columns of {part.source} that schema.yaml does not name",
                wanted="nothing: they were left out",
            ),
            True,
        )
    for column, held in part.mistyped.items():
        yield (
            Problem(
                rule="wrong type",
                table=name,
                window=window,
                columns=(column,),
                rows=part.rows,
                found=f"{held} in {part.source}",
                wanted=checked.table.columns[column].type,
            ),
            False,
        )
    for column, count in part.rejected.items():
        rule = checked.table.columns.get(column)
        examples = [bad for bad in part.examples if bad.column == column]
        yield (
            Problem(
                rule="wrong type" if rule else "malformed line",
                table=name,
                window=window,
                columns=(column,) if column else (),
                rows=count,
                found="cells that are no " + rule.type if rule else "lines that do not parse",
                wanted=rule.type if rule else "as many cells as the header",
                examples=tuple(f"line {bad.line}: {bad.found!r} ({bad.why})" for bad in examples),
            ),
            False,
        )


def _wanted(checked: Checked, as_of: datetime) -> dict[str, "Scalar"]:
    """Count nulls and outliers of all columns, and times after the moment of the window."""
    rows = checked.rows
    wanted: dict[str, Scalar] = {}
    for column, rule in checked.columns.items():
        wanted[f"{column} null"] = columns.count(rows[column].isnull())
        if rule.limited:
            wanted[f"{column} out"] = columns.count(columns.outlier(rows[column], rule))
            wanted[f"{column} min"] = rows[column].min()
            wanted[f"{column} max"] = rows[column].max()
    return wanted | row_checks.wanted(checked, as_of)


@dataclass(frozen=True, kw_only=True)
class _Cells:
    """The cells of one column in one window."""

    checked: Checked
    column: str
    rule: Column
    window: str
    parts: Sequence[Part]
    counts: Sequence[Counts]

    @property
    def rows(self) -> int:
        """The rows of the window."""
        return sum(part.rows for part in self.parts)

    def total(self, kind: str) -> int:
        """Sum a count over the window's parts."""
        return sum(int(str(found.get(f"{self.column} {kind}") or 0)) for found in self.counts)

    def nulls(self) -> Iterator[Finding]:
        """Hold empty cells against what is tolerated."""
        count, tolerated = self.total("null"), self.rule.tolerate.nulls
        share = count / self.rows
        if share <= tolerated:
            return
        wrong = self.checked.rows[self.column].isnull()
        yield self._problem(
            rule="all-null column" if count == self.rows else "empty cells",
            rows=count,
            found=f"{share:.2%} empty",
            wanted=f"at most {tolerated:.2%}",
            examples=self._examples(wrong),
        )

    def outliers(self) -> Iterator[Finding]:
        """Hold cells outside range or categories against what is tolerated."""
        count, rule = self.total("out"), self.rule
        if not count:
            return
        share, tolerated = count / self.rows, rule.tolerate.outside
        if rule.values:
            wanted, found = f"one of {', '.join(rule.values)}", f"{share:.4%} outside"
        else:
            wanted = f"{_bound(rule.min, '-inf')} to {_bound(rule.max, 'inf')}"
            found = f"{share:.4%} outside (smallest {self._end('min')}, largest {self._end('max')})"
        yield self._problem(
            tolerated=share <= tolerated,
            rule="unknown category" if rule.values else "out of range",
            rows=count,
            found=found,
            wanted=f"{wanted}, at most {tolerated:.4%} outside",
            examples=self._examples(columns.outlier(self.checked.rows[self.column], rule)),
        )

    def _end(self, kind: str) -> object:
        present = [float(str(found[f"{self.column} {kind}"])) for found in self.counts]
        return f"{(min if kind == 'min' else max)(present):g}"

    def _examples(self, wrong: "BooleanValue") -> tuple[str, ...]:
        return self.checked.examples(wrong & self.checked.of(self.parts), [self.column])

    def _problem(
        self,
        *,
        rule: str,
        rows: int,
        found: str,
        wanted: str,
        examples: tuple[str, ...],
        tolerated: bool = False,
    ) -> Finding:
        problem = Problem(
            rule=rule,
            table=self.checked.name,
            window=self.window,
            columns=(self.column,),
            rows=rows,
            found=found,
            wanted=wanted,
            examples=examples,
        )
        return problem, tolerated


def _bound(value: float | None, none: str) -> str:
    return none if value is None else f"{value:g}"
