"""Ingest: raw csv files become typed Parquet tables with a manifest of what was read."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from ml import task as tasks
from ml.data import csv_files, manifest
from ml.data.engine import engine
from ml.steps import command


def ingest(task: tasks.Task, raw: Path, tables: Path) -> manifest.Manifest:
    """Write one Parquet file a table; bad lines are left out here and stopped by validate."""
    sources = manifest.sources_of(raw)
    read: dict[str, manifest.Ingested] = {}
    with engine() as connection, tempfile.TemporaryDirectory(prefix="mlops-unpack-") as unpacked:
        for name, table in task.schema_.tables.items():
            source = csv_files.find(raw, table.file, Path(unpacked))
            target = tables / f"{name}.parquet"
            read[name] = csv_files.read_table(
                connection, table, source, target, task.schema_.missing
            )
            bad = sum(read[name].rejected.values())
            command.log.info(
                "%s: %d rows%s", name, read[name].rows, f", {bad} rejected" * bool(bad)
            )
    result = manifest.Manifest(
        task=task.settings.name,
        data_version=manifest.data_version(sources),
        schema_sha256=task.schema_digest,
        sources=sources,
        tables=read,
    )
    result.write(tables)
    return result


def main(arguments: Sequence[str]) -> None:
    """Read the command line and ingest."""
    parser = command.parser("ingest", "Read raw csv files into typed Parquet tables.")
    parser.add_argument("--raw", type=Path, required=True, help="folder of the raw csv files")
    parser.add_argument("--tables", type=Path, required=True, help="folder to write the tables to")
    given = parser.parse_args(arguments)
    result = ingest(tasks.load(given.task), given.raw, command.made(given.tables))
    command.log.info("data version %s", result.data_version)


if __name__ == "__main__":
    command.run(main)
