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

TYPES = {
    "integer": "BIGINT",
    "number": "DOUBLE",
    "text": "VARCHAR",
    "time": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
ENDINGS = (".csv", ".csv.gz", ".csv.zip")
EXAMPLES = 5


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
    kinds = {
        name: TYPES[table.columns[name].type] if name in table.columns else "VARCHAR"
        for name in header
    }
    columns = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in kinds.items())
    errors = f"rejects_{target.stem}"
    selected = ", ".join(named(name) for name in kept)
    connection.raw_sql(
        f"COPY (SELECT {selected} FROM read_csv({quoted(source)}, columns={{{columns}}}, "  # noqa: S608  names are quoted
        f"auto_detect=false, header=true, delim=',', quote='\"', escape='\"', "
        f"nullstr={quoted(missing)}, store_rejects=true, rejects_limit=0, "
        f"rejects_table={quoted(errors)}, rejects_scan={quoted(errors + '_scan')})) "
        f"TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd)"
    )
    rejected, examples = _rejects(connection, errors, header)
    rows = connection.read_parquet(target).count().to_pyarrow().as_py()
    return Ingested(
        file=target.name,
        sha256=file_digest(target),
        rows=int(rows),
        missing=tuple(name for name in table.columns if name not in header),
        extra=tuple(name for name in header if name not in table.columns),
        rejected=rejected,
        examples=examples,
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
) -> tuple[dict[str, int], tuple[Reject, ...]]:
    """Count the rejected lines by column and keep the first few of each."""
    table = named(errors)
    counts = connection.raw_sql(
        f"SELECT coalesce(column_name, ''), count(DISTINCT line) FROM {table} "  # noqa: S608  quoted
        "GROUP BY 1 ORDER BY 1"
    ).fetchall()
    rows = connection.raw_sql(
        "SELECT line, coalesce(column_name, ''), column_idx, csv_line, error_type "  # noqa: S608  quoted
        f"FROM {table} QUALIFY row_number() OVER (PARTITION BY column_name ORDER BY line) "
        f"<= {EXAMPLES} ORDER BY line"
    ).fetchall()
    examples = tuple(
        Reject(line=line, column=column, found=_cell(text, index, header), why=kind.lower())
        for line, column, index, text, kind in rows
    )
    return {str(column): int(count) for column, count in counts}, examples


def _cell(line: str, index: int | None, header: list[str]) -> str:
    """Return the offending cell, or the line where the line as a whole is wrong."""
    cells = next(csv.reader([line]), [])
    if index is not None and len(cells) == len(header) and 0 < index <= len(cells):
        return cells[index - 1]
    return line.strip()[:200]
