"""Raw csv files: found by name, unpacked, read with the schema's types, and never guessed."""

import csv
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from ml.data.engine import named, quoted
from ml.data.manifest import Ingested, Reject, file_digest
from ml.errors import TaskError
from ml.task import Table

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
ENDINGS = (".csv", ".csv.gz", ".csv.zip")
EXAMPLES = 5
LARGEST = 2**53  # the last integer that a float holds exactly


def find(folder: Path, stem: str, unpacked: Path) -> Path:
    """Return the file of a table, taken out of its zip archive where it is in one."""
    for ending in ENDINGS:
        path = folder / f"{stem}{ending}"
        if not path.is_file():
            continue
        if ending != ".csv.zip":
            return path
        try:
            with zipfile.ZipFile(path) as archive:
                return Path(archive.extract(f"{stem}.csv", unpacked))
        except (KeyError, zipfile.BadZipFile) as error:
            raise TaskError(
                f"{path.name} is no zip archive that holds {stem}.csv: {error}"
            ) from error
    wanted = ", ".join(f"{stem}{ending}" for ending in ENDINGS)
    found = ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"
    raise TaskError(
        f"{folder} holds no file for table {stem}: wanted one of {wanted}, found {found}"
    )


def read_table(
    connection: "Backend", table: Table, source: Path, target: Path, missing: str
) -> Ingested:
    """Write one csv file as Parquet with the schema's types; lines that do not fit are counted."""
    header = _header(connection, source)
    kept = [name for name in table.columns if name in header]
    if not kept:
        raise TaskError(
            f"{source.name} has none of the schema's columns; its first line is "
            f"{','.join(header)!r}"
        )
    staged, errors = f"staged_{target.stem}", f"rejects_{target.stem}"
    kinds = {name: table.columns[name].type if name in kept else "text" for name in header}
    columns = ", ".join(f"{quoted(name)}: {quoted(READ[kind])}" for name, kind in kinds.items())
    selected = ", ".join(named(name) for name in kept)
    connection.raw_sql(
        f"CREATE TEMP TABLE {named(staged)} AS SELECT {selected} FROM read_csv({quoted(source)}, "  # noqa: S608  all names are quoted
        f"columns={{{columns}}}, auto_detect=false, header=true, delim=',', quote='\"', "
        f"escape='\"', nullstr=[{quoted(missing)}, ''], store_rejects=true, rejects_limit=0, "
        f"rejects_table={quoted(errors)}, rejects_scan={quoted(errors + '_scan')})"
    )
    counts, examples = _rejects(connection, errors, header)
    integers = [name for name in kept if kinds[name] == "integer"]
    for name in integers:
        examples += _fractions(connection, staged, errors, name, counts)
    whole = " AND ".join(["true", *(_is_whole(name) for name in integers)])
    typed = ", ".join(
        f"{named(name)}::BIGINT AS {named(name)}" if name in integers else named(name)
        for name in kept
    )
    connection.raw_sql(
        f"COPY (SELECT {typed} FROM {named(staged)} WHERE {whole}) "  # noqa: S608  as above
        f"TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd)"
    )
    connection.raw_sql(f"DROP TABLE {named(staged)}")
    rows = connection.read_parquet(target).count().to_pyarrow().as_py()
    return Ingested(
        file=target.name,
        sha256=file_digest(target),
        rows=int(rows),
        missing=tuple(name for name in table.columns if name not in header),
        extra=tuple(name for name in header if name not in table.columns),
        rejected=counts,
        examples=tuple(examples),
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


def _is_whole(name: str) -> str:
    cell = named(name)
    return f"({cell} IS NULL OR ({cell} = trunc({cell}) AND abs({cell}) <= {LARGEST}))"


def _fractions(
    connection: "Backend", staged: str, errors: str, name: str, counts: dict[str, int]
) -> list[Reject]:
    """Count the cells of an integer column that are no whole numbers, and show the first."""
    table, cell = named(staged), named(name)
    found = connection.raw_sql(
        f"SELECT rowid, {cell}, count(*) OVER () FROM {table} WHERE NOT {_is_whole(name)} "  # noqa: S608  quoted
        f"ORDER BY rowid LIMIT {EXAMPLES}"
    ).fetchall()
    if not found:
        return []
    counts[name] = counts.get(name, 0) + int(found[0][2])
    left_out = [
        int(line)
        for (line,) in connection.raw_sql(
            f"SELECT DISTINCT line FROM {named(errors)} ORDER BY line"  # noqa: S608  quoted
        ).fetchall()
    ]
    return [
        Reject(line=_line(int(row), left_out), column=name, found=f"{value:g}", why="not whole")
        for row, value, _ in found
    ]


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
