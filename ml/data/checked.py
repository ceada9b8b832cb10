"""One table under check: its rows with the file and row that each comes from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ibis

from ml.data import columns
from ml.data.manifest import Ingested, Part
from ml.data.report import Problem
from ml.data.schema import Column, Table
from ml.task import Task

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend
    from ibis.expr.types import BooleanValue, Scalar, StringValue, TimestampColumn
    from ibis.expr.types import Table as Rows

EXAMPLES = 5
FILE, ROW = "filename", "file_row_number"
Finding = tuple[Problem, bool]  # with True where the schema tolerates it
Counts = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One table under check."""

    name: str
    table: Table
    ingested: Ingested
    rows: "Rows"
    folder: Path
    period: tuple[str, ...] = ()  # of events that know no moment but their period

    @property
    def unread(self) -> frozenset[str]:
        """The columns that at least one part does not have."""
        return frozenset(name for part in self.ingested.parts for name in part.unread)

    @property
    def columns(self) -> dict[str, Column]:
        """The schema's columns that are there in every part."""
        return {name: rule for name, rule in self.table.columns.items() if name not in self.unread}

    @property
    def times(self) -> tuple[str, ...]:
        """The columns that say when a row happened, where they are there."""
        names = (self.table.time,) if self.table.time else self.period
        return names if set(names) <= set(self.columns) else ()

    @property
    def moments(self) -> "TimestampColumn":
        """When each row happened."""
        if self.table.time:
            return columns.moment(self.rows, self.table.time)
        return columns.period_start(self.rows, self.period)

    def part(self, filename: object) -> Part:
        """Return the part that a row's file name belongs to."""
        path = Path(str(filename)).relative_to(self.folder).as_posix()
        return next(part for part in self.ingested.parts if part.file == path)

    def of(self, parts: Iterable[Part]) -> "BooleanValue":
        """Whether a row comes from one of these parts."""
        names = [ibis.literal(str(self.folder / part.file)) for part in parts]
        return self.file.isin(names)

    @property
    def file(self) -> "StringValue":
        """The column that names the file of a row."""
        return self.rows[FILE].cast("string")

    def count(self, wanted: Mapping[str, "Scalar"]) -> dict[str, Counts]:
        """Aggregate by part in one scan; the result is by the part's file name."""
        grouped = self.rows.group_by(FILE).aggregate(
            [value.name(name) for name, value in wanted.items()]
        )
        return {
            self.part(found.pop(FILE)).file: found for found in grouped.to_pyarrow().to_pylist()
        }

    def examples(self, wrong: "BooleanValue", shown: Sequence[str]) -> tuple[str, ...]:
        """Show the first rows of a kind: where they are, key and the cells in question."""
        keys = (key for key in self.table.key if key in self.columns)
        names = dict.fromkeys([FILE, ROW, *keys, *shown])
        found = self.rows.filter(wrong).order_by([FILE, ROW]).select(*names).limit(EXAMPLES)
        return tuple(
            f"{self.place(record.pop(FILE), record.pop(ROW))}: "
            + ", ".join(f"{name}={_cell(value)}" for name, value in record.items())
            for record in found.to_pyarrow().to_pylist()
        )

    def place(self, filename: object, row: object) -> str:
        """Say where a row is; the file is named where the table has several."""
        where = f"row {int(str(row)) + 1}"
        return f"{self.part(filename).source} {where}" if len(self.ingested.parts) > 1 else where


def load(connection: "Backend", folder: Path, task: Task, name: str, ingested: Ingested) -> Checked:
    """Open a table for checking."""
    folder = folder.resolve()  # as the engine names the files of rows
    rows = connection.read_parquet(
        [str(path) for path in ingested.files(folder)], file_row_number=True, filename=True
    )
    return Checked(
        name=name,
        table=task.schema_.tables[name],
        ingested=ingested,
        rows=rows,
        folder=folder,
        period=task.settings.period if name == task.settings.events else (),
    )


def _cell(value: object) -> str:
    return "(empty)" if value is None else str(value)
