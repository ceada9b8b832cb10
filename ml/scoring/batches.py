"""Cutting a table into mini-batches: features of every event, in input order, each exactly once."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from ml.data import columns, features, manifest
from ml.data.engine import DuckDB, engine
from ml.errors import TaskError
from ml.scoring.plan import KEY, ROW, Batch, Plan
from ml.task import Task

if TYPE_CHECKING:
    from ibis.expr.types import Table as Rows

EXAMPLES = 5
READ_ROWS = 1 << 16
# Written beside the key; a key of the same name would be overwritten.
RESULTS = ("score", "model_name", "model_version", "model_digest", "scored_at")


def write(
    task: Task, tables: Path, ingested: manifest.Manifest, folder: Path, batch_rows: int
) -> Plan:
    """Write the mini-batches of all events into the folder and return the plan of them."""
    key = _key(task)
    events = ingested.tables[task.settings.events]
    with tempfile.TemporaryDirectory(prefix="mlops-score-") as scratch, engine() as connection:
        data = DuckDB(connection)
        order, made = Path(scratch) / "order.parquet", Path(scratch) / "rows.parquet"
        _number(events.files(tables), key, order)
        found = {name: data.read(table.files(tables)) for name, table in ingested.tables.items()}
        numbered = data.read([order])
        _refuse_bad_keys(data, numbered, key)
        data.write(_in_order(task, found, numbered, key), made)
        batches = tuple(_cut(made, folder, batch_rows))
    rows = sum(batch.rows for batch in batches)
    if rows != events.rows:
        raise TaskError(
            f"{task.settings.events} has {events.rows} rows but features were made of {rows}; "
            "the tables are not what their manifest says: run ingest again"
        )
    return Plan(
        task=task.settings.name,
        data_version=ingested.data_version,
        tables_digest=ingested.digest,
        schema_sha256=task.schema_digest,
        settings_sha256=task.settings_digest,
        key=key,
        features=task.feature_names,
        rows=rows,
        batches=batches,
    )


def _key(task: Task) -> tuple[str, ...]:
    key = task.events.key
    if not key:
        raise TaskError(
            f"schema.yaml gives {task.settings.events} no key, so scores could not be told apart; "
            "name the columns of its key"
        )
    taken = [name for name in key if name in RESULTS]
    if taken:
        raise TaskError(
            f"the key of {task.settings.events} has {', '.join(taken)}, which the scores need for "
            "themselves; rename the column"
        )
    return key


def _number(files: Sequence[Path], key: Sequence[str], target: Path) -> None:
    """Write the key of every row with its number: an engine need not keep the order of files."""
    first = 0
    schema = pq.read_schema(files[0])
    fields = [schema.field(name) for name in key]
    numbered = pa.schema([pa.field(ROW, pa.int64()), *fields])
    with pq.ParquetWriter(target, numbered) as writer:
        for path in files:
            with pq.ParquetFile(path) as source:
                for rows in source.iter_batches(READ_ROWS, columns=list(key)):
                    numbers = pa.array(range(first, first + rows.num_rows), pa.int64())
                    cells = [rows[name].cast(numbered.field(name).type) for name in key]
                    writer.write_batch(pa.record_batch([numbers, *cells], schema=numbered))
                    first += rows.num_rows


def _refuse_bad_keys(data: DuckDB, numbered: "Rows", key: Sequence[str]) -> None:
    """One output row for each input row needs keys that are whole and there once."""
    empty = numbered.filter(columns.anyone([numbered[name].isnull() for name in key]))
    _refuse(data, empty.order_by(ROW), "rows with an empty key", key)
    groups = numbered.group_by(list(key)).aggregate(
        copies=numbered.count(), **{ROW: numbered[ROW].min()}
    )
    copied = columns.number(groups, "copies") > ibis.literal(1)
    twice = groups.filter(copied).order_by(ROW)
    _refuse(data, twice, "keys that several rows have", key)


def _refuse(data: DuckDB, wrong: "Rows", what: str, key: Sequence[str]) -> None:
    shown: list[Mapping[str, object]] = list(data.records(wrong.limit(EXAMPLES)))
    if not shown:
        return
    count = data.table(wrong.aggregate(wrong.count().name("rows")))["rows"][0].as_py()
    places = [
        f"  row {int(str(record[ROW])) + 1}: " + ", ".join(f"{name}={record[name]}" for name in key)
        for record in shown
    ]
    raise TaskError(
        f"{count} {what}; each row needs a key of its own to get a score:\n" + "\n".join(places)
    )


def _in_order(
    task: Task, tables: Mapping[str, "Rows"], numbered: "Rows", key: Sequence[str]
) -> "Rows":
    """Return the features of every row beside its number and key, in the order of the numbers."""
    keyed = features.keyed(task, tables)
    joined = numbered.select(ROW, *key).rename({f"n_{name}": name for name in key})
    match = [joined[f"n_{name}"] == keyed[f"{KEY}{name}"] for name in key]
    rows = joined.inner_join(keyed, match).order_by(ROW)
    return rows.select(ROW, *(f"{KEY}{name}" for name in key), *task.feature_names)


def _cut(made: Path, folder: Path, batch_rows: int) -> Iterator[Batch]:
    """Write files of exactly so many rows; a table without rows is one file without rows."""
    first = 0
    with pq.ParquetFile(made) as source:
        for rows in _chunks(source, batch_rows):
            numbers = rows[ROW].to_pylist()
            if numbers != list(range(first, first + rows.num_rows)):
                raise TaskError(
                    f"rows {first + 1} to {first + rows.num_rows} did not come out once each: a "
                    "look-up matched several rows or the tables are not what their manifest says; "
                    "run ingest and score_validate again"
                )
            path = folder / f"{first:012d}.parquet"
            pq.write_table(rows, path, compression="zstd")
            yield Batch(
                file=path.name,
                first=first,
                rows=rows.num_rows,
                sha256=manifest.file_digest(path),
            )
            first += rows.num_rows


def _chunks(source: pq.ParquetFile, size: int) -> Iterator[pa.Table]:
    """Yield tables of `size` rows, whatever the row groups of the file are."""
    waiting: list[pa.RecordBatch] = []
    held = 0
    for read in source.iter_batches(min(size, READ_ROWS)):
        waiting.append(read)
        held += read.num_rows
        while held >= size:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, size).combine_chunks()
            waiting, held = table.slice(size).to_batches(), held - size
    if held or source.metadata.num_rows == 0:
        yield pa.Table.from_batches(waiting, source.schema_arrow).combine_chunks()
