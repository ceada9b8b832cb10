"""Raw Parquet files: they have types of their own, which the schema's types are held against."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ml.data.csv_files import WRITTEN, fits, misfits, why, written
from ml.data.engine import named, quoted
from ml.data.manifest import Reject
from ml.data.raw_files import Outcome
from ml.data.schema import Kind, Table
from ml.errors import TaskError

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

WHOLE = re.compile(r"U?(TINYINT|SMALLINT|INTEGER)|BIGINT")
BROKEN = re.compile(r"UBIGINT|U?HUGEINT|FLOAT|DOUBLE|DECIMAL.*")  # cells may not fit an integer
ACCEPTED = {
    "integer": re.compile(f"{WHOLE.pattern}|{BROKEN.pattern}"),
    "number": re.compile(f"{WHOLE.pattern}|{BROKEN.pattern}"),
    "text": re.compile(r"VARCHAR|ENUM.*"),
    "time": re.compile(r"TIMESTAMP.*|DATE"),
    "boolean": re.compile(r"BOOLEAN"),
}


def read(connection: "Backend", table: Table, source: Path, target: Path) -> Outcome:
    """Write one Parquet file with the schema's types; what is of another type is left empty."""
    held = _types(connection, source)
    present: dict[str, Kind] = {
        name: rule.type for name, rule in table.columns.items() if name in held
    }
    if not present:
        raise TaskError(f"{source.name} has none of the schema's columns; it has {', '.join(held)}")
    mistyped = {
        name: held[name]
        for name, kind in present.items()
        if not ACCEPTED[kind].fullmatch(held[name])
    }
    good: dict[str, Kind] = {name: kind for name, kind in present.items() if name not in mistyped}
    floating: dict[str, Kind] = {
        name: kind
        for name, kind in good.items()
        if kind in {"integer", "number"} and not WHOLE.fullmatch(held[name])
    }
    rows = f"read_parquet({quoted(source)}, file_row_number = true)"
    counts: dict[str, int] = {}
    examples: list[Reject] = []
    for name, (count, cells) in misfits(connection, rows, "file_row_number", floating).items():
        counts[name] = count
        examples += [
            Reject(line=int(row) + 1, column=name, found=f"{value:g}", why=why(floating[name]))
            for row, value in cells
        ]
    typed = ", ".join(
        _cell(name, rule.type, held[name], floating=name in floating)
        if name in good
        else f"NULL::{WRITTEN[rule.type]} AS {named(name)}"
        for name, rule in table.columns.items()
    )
    whole = " AND ".join(["true", *(fits(name, kind) for name, kind in floating.items())])
    connection.raw_sql(
        f"COPY (SELECT {typed} FROM {rows} WHERE {whole}) "  # noqa: S608  as above
        f"TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd)"
    )
    return Outcome(
        missing=tuple(name for name in table.columns if name not in held),
        extra=tuple(name for name in held if name not in {*table.columns, *table.ignored}),
        rejected=counts,
        examples=tuple(examples),
        mistyped=mistyped,
    )


def _types(connection: "Backend", source: Path) -> dict[str, str]:
    """Return the columns of a file with DuckDB's names of their types."""
    import duckdb  # noqa: PLC0415  part of a second that --help does not need

    try:
        found = connection.raw_sql(f"DESCRIBE SELECT * FROM read_parquet({quoted(source)})")  # noqa: S608  quoted
    except duckdb.Error as error:
        raise TaskError(f"{source.name} is no Parquet file: {error}") from error
    return {str(row[0]): str(row[1]) for row in found.fetchall()}


def _cell(name: str, kind: Kind, held: str, *, floating: bool) -> str:
    """Return the SQL of a cell; a time with a zone becomes UTC whatever the session's zone is."""
    if kind == "time" and held in {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"}:
        return f"make_timestamp(epoch_us({named(name)}::TIMESTAMPTZ)) AS {named(name)}"
    return written(name, kind, floating=floating)
