"""Raw csv files: read with the schema's types, and never guessed."""

import csv
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ml.data.engine import named, quoted
from ml.data.manifest import Reject
from ml.data.raw_files import EXAMPLES, Outcome
from ml.data.schema import Kind, Table
from ml.errors import TaskError

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

# Integers are read as floats first: DuckDB would round 3.7 to 4 without a word.
READ = {
    "integer": "DOUBLE",
    "number": "DOUBLE",
    "text": "VARCHAR",
    "time": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
WRITTEN = READ | {"integer": "BIGINT"}
LARGEST = 2**53  # the last integer that a float holds exactly


def read(connection: "Backend", table: Table, source: Path, target: Path, missing: str) -> Outcome:
    """Write one csv file as Parquet with the schema's types; lines that do not fit are counted."""
    header = _header(connection, source)
    kept = [name for name in table.columns if name in header]
    if not kept:
        raise TaskError(
            f"{source.name} has none of the schema's columns; its first line is "
            f"{','.join(header)!r}"
        )
    staged, errors = "staged", "rejects"
    kinds: dict[str, Kind] = {
        name: table.columns[name].type if name in kept else "text" for name in header
    }
    columns = ", ".join(f"{quoted(name)}: {quoted(READ[kind])}" for name, kind in kinds.items())
    selected = ", ".join(named(name) for name in kept)
    connection.raw_sql(
        f"CREATE OR REPLACE TEMP TABLE {staged} AS SELECT {selected} FROM read_csv("  # noqa: S608  all names are quoted
        f"{quoted(source)}, columns={{{columns}}}, auto_detect=false, header=true, delim=',', "
        f"quote='\"', escape='\"', nullstr=[{quoted(missing)}, ''], store_rejects=true, "
        f"rejects_limit=0, rejects_table={quoted(errors)}, rejects_scan={quoted(errors + '_scan')})"
    )
    counts, examples = _rejects(connection, errors, header)
    left_out = [
        int(line)
        for (line,) in connection.raw_sql(f"SELECT DISTINCT line FROM {errors}").fetchall()  # noqa: S608  a constant
    ]
    numbers: dict[str, Kind] = {
        name: kinds[name] for name in kept if kinds[name] in {"integer", "number"}
    }
    for name, (count, cells) in misfits(connection, staged, "rowid", numbers).items():
        counts[name] = counts.get(name, 0) + count
        examples += [
            Reject(
                line=_line(row, sorted(left_out)),
                column=name,
                found=f"{value:g}",
                why=why(numbers[name]),
            )
            for row, value in cells
        ]
    whole = " AND ".join(["true", *(fits(name, kind) for name, kind in numbers.items())])
    typed = ", ".join(
        written(name, rule.type, floating=name in numbers)
        if name in kept
        else f"NULL::{WRITTEN[rule.type]} AS {named(name)}"
        for name, rule in table.columns.items()
    )
    connection.raw_sql(
        f"COPY (SELECT {typed} FROM {staged} WHERE {whole}) "  # noqa: S608  as above
        f"TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd)"
    )
    for name in (staged, errors, errors + "_scan"):
        connection.raw_sql(f"DROP TABLE {name}")
    return Outcome(
        missing=tuple(name for name in table.columns if name not in header),
        extra=tuple(name for name in header if name not in {*table.columns, *table.ignored}),
        rejected=counts,
        examples=tuple(examples),
        mistyped={},
    )


def _header(connection: "Backend", source: Path) -> list[str]:
    """Return the first line's names."""
    found = connection.raw_sql(
        f"SELECT * FROM read_csv({quoted(source)}, columns={{'line': 'VARCHAR'}}, header=false, "  # noqa: S608  the path is quoted
        "auto_detect=false, delim='\\0', quote='', escape='', max_line_size=1000000) LIMIT 1"
    ).fetchone()
    if found is None:
        raise TaskError(f"{source.name} is empty: it has no header line")
    header = next(csv.reader([found[0].lstrip("\ufeff")]))
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise TaskError(f"{source.name} names these columns twice: {', '.join(twice)}")
    return header


def _rejects(
    connection: "Backend", errors: str, header: list[str]
) -> tuple[dict[str, int], list[Reject]]:
    """Count the rejected lines by column and keep the first few of each."""
    # Only a failed cast is about one column; a line with too few cells is reported once.
    column = "CASE WHEN error_type = 'CAST' THEN column_name ELSE '' END"
    found = f"(SELECT DISTINCT ON (line) *, {column} AS bad FROM {named(errors)} ORDER BY line)"  # noqa: S608  quoted
    counts = connection.raw_sql(
        f"SELECT bad, count(*) FROM {found} GROUP BY 1 ORDER BY 1"  # noqa: S608  quoted
    ).fetchall()
    rows = connection.raw_sql(
        f"SELECT line, bad, column_idx, csv_line, error_type FROM {found} "  # noqa: S608  quoted
        f"QUALIFY row_number() OVER (PARTITION BY bad ORDER BY line) <= {EXAMPLES} ORDER BY line"
    ).fetchall()
    examples = [
        Reject(line=line, column=column, found=_cell(text, index, header), why=kind.lower())
        for line, column, index, text, kind in rows
    ]
    return {str(column): int(count) for column, count in counts}, examples


def fits(name: str, kind: Kind) -> str:
    """Return the SQL condition that a number is empty (NaN is), finite and, for integers, whole."""
    cell = named(name)
    if kind == "integer":
        good = f"{cell} = trunc({cell}) AND abs({cell}) <= {LARGEST}"
    else:
        good = f"NOT isinf({cell})"
    return f"({cell} IS NULL OR isnan({cell}) OR ({good}))"


def written(name: str, kind: Kind, *, floating: bool) -> str:
    """Return the SQL of a cell in the type that tables have."""
    cell = f"CASE WHEN NOT isnan({named(name)}) THEN {named(name)} END" if floating else named(name)
    return f"({cell})::{WRITTEN[kind]} AS {named(name)}"


def misfits(
    connection: "Backend", rows: str, row: str, kinds: Mapping[str, Kind]
) -> dict[str, tuple[int, list[tuple[int, float]]]]:
    """Return for each column how many numbers do not fit, and the first with their rows."""
    if not kinds:
        return {}
    counts = connection.raw_sql(
        "SELECT "  # noqa: S608  all names are quoted
        + ", ".join(f"count(*) FILTER (NOT {fits(name, kind)})" for name, kind in kinds.items())
        + f" FROM {rows}"
    ).fetchone()
    bad = {name: int(count) for name, count in zip(kinds, counts or (), strict=True) if count}
    return {
        name: (
            count,
            connection.raw_sql(
                f"SELECT {row}, {named(name)} FROM {rows} WHERE NOT {fits(name, kinds[name])} "  # noqa: S608  as above
                f"ORDER BY 1 LIMIT {EXAMPLES}"
            ).fetchall(),
        )
        for name, count in bad.items()
    }


def why(kind: Kind) -> str:
    """Say what is wrong with a number that does not fit."""
    return "not whole" if kind == "integer" else "not finite"


def _line(row: int, left_out: list[int]) -> int:
    """Return the line of a row, given the lines that were left out before rows were numbered."""
    line = row + 2  # the header is line 1
    for other in left_out:
        line += other <= line
    return line


def _cell(line: str, index: int | None, header: list[str]) -> str:
    """Return the offending cell, or the line where the line as a whole is wrong."""
    cells = next(csv.reader([line]), [])
    if index is not None and len(cells) == len(header) and 0 < index <= len(cells):
        return cells[index - 1]
    return line.strip()[:200]
