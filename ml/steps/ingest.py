"""Ingest: raw files become typed Parquet tables with a manifest of what was read."""

import hashlib
import shutil
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ml import task as tasks
from ml.data import manifest, raw_files
from ml.data.engine import engine
from ml.errors import TaskError
from ml.steps import command

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

Key = tuple[str, str, str]  # table, window, stem of the file
Known = dict[Key, tuple[manifest.Source, manifest.Part]]


def ingest(
    task: tasks.Task, raw: Path, tables: Path, previous: Path | None = None
) -> manifest.Manifest:
    """Write one Parquet file for each raw file; bad lines are left out and stopped by validate.

    What an earlier run made of the same bytes is carried over from `previous`; its windows stay
    even where `raw` holds only the new ones. A file of the same name with other bytes replaces.
    """
    before = _previous(task, previous) if previous else None
    known = _known(before) if before else {}
    files = {(file.table, file.window, file.stem): file for file in raw_files.find(task, raw)}
    raw_files.require(task, raw, {name for name, *_ in {*files, *known}})
    given = {path: manifest.source(path, raw) for path in {file.path for file in files.values()}}
    parts: Known = {}
    with engine() as connection:
        for key in _counting(task, {*files, *known}):
            file = files.get(key)
            source = given[file.path] if file else None
            if file and source and not (key in known and known[key][0].sha256 == source.sha256):
                parts[key] = (source, _read(connection, task, file, source, tables))
            elif previous:
                parts[key] = known[key]
                _carry(parts[key][1], previous, tables)
    _say(parts, files, previous)
    sources = {source.file: source for source, _ in parts.values()}
    result = manifest.Manifest(
        task=task.settings.name,
        data_version=manifest.data_version(sources.values()),
        raw_version=manifest.data_version(given.values()),
        schema_sha256=task.schema_digest,
        windows=_windows(parts),
        parents=_parents(before),
        tables={
            name: manifest.Ingested(
                parts=tuple(part for (table, *_), (_, part) in parts.items() if table == name)
            )
            for name in task.schema_.tables
        },
    )
    result.write(tables)
    return result


def _previous(task: tasks.Task, folder: Path) -> manifest.Manifest:
    before = manifest.read(folder)
    if before.task != task.settings.name:
        raise TaskError(
            f"the tables in {folder} are of task {before.task}, not {task.settings.name}"
        )
    if before.schema_sha256 != task.schema_digest:
        raise TaskError(
            f"the tables in {folder} were read with another schema.yaml; ingest all raw files "
            "anew, without --previous"
        )
    return before


def _known(before: manifest.Manifest) -> Known:
    sources = {
        source.file: source for window in before.windows.values() for source in window.sources
    }
    return {
        (name, part.window, part.stem): (sources[part.source], part)
        for name, table in before.tables.items()
        for part in table.parts
    }


def _read(
    connection: "Backend",
    task: tasks.Task,
    file: raw_files.RawFile,
    source: manifest.Source,
    tables: Path,
) -> manifest.Part:
    """Read one raw file."""
    import pyarrow.parquet as pq  # noqa: PLC0415  a quarter of a second that --help does not need

    from ml.data import csv_files, parquet_files  # noqa: PLC0415  as above

    table = task.schema_.tables[file.table]
    where = f"{file.window.replace('/', '_')}-" if file.window else ""
    target = tables / file.table / f"{where}{file.stem}-{source.sha256[:12]}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    if file.is_parquet:
        outcome = parquet_files.read(connection, table, file.path, target)
    else:
        with tempfile.TemporaryDirectory(prefix="mlops-unpack-") as scratch:
            plain = raw_files.unpacked(file.path, Path(scratch))
            outcome = csv_files.read(connection, table, plain, target, task.schema_.missing)
    part = manifest.Part(
        window=file.window,
        stem=file.stem,
        source=source.file,
        file=target.relative_to(tables).as_posix(),
        sha256=manifest.file_digest(target),
        rows=pq.read_metadata(target).num_rows,
        missing=outcome.missing,
        extra=outcome.extra,
        mistyped=outcome.mistyped,
        rejected=outcome.rejected,
        examples=outcome.examples,
    )
    if bad := sum(part.rejected.values()):
        command.log.info("%s: %d rejected", source.file, bad)
    return part


def _counting(task: tasks.Task, keys: set[Key]) -> list[Key]:
    """Order the files; of a table that is a snapshot only the latest window counts."""
    latest: dict[str, str] = {}
    for name, window, _ in keys:
        latest[name] = max(window, latest.get(name, ""))
    order = list(task.schema_.tables)
    return [
        (name, window, stem)
        for name, window, stem in sorted(keys, key=lambda key: (order.index(key[0]), *key[1:]))
        if task.schema_.tables[name].windows == "append" or window == latest[name]
    ]


def _carry(part: manifest.Part, previous: Path, tables: Path) -> None:
    """Take over the bytes of a part, whose raw file is not read again."""
    target = tables / part.file
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(previous / part.file, target)
    if manifest.file_digest(target) != part.sha256:
        raise TaskError(
            f"{previous / part.file} is not what its manifest says; ingest all raw files anew, "
            "without --previous"
        )


def _say(parts: Known, files: Mapping[Key, raw_files.RawFile], previous: Path | None) -> None:
    """Say what came from where, a line a table."""
    rows: dict[str, int] = {}
    for (name, *_), (_, part) in parts.items():
        rows[name] = rows.get(name, 0) + part.rows
    for name, count in rows.items():
        command.log.info("%s: %d rows", name, count)
    if previous:
        command.log.info("%d raw file(s) given, the others carried over", len(files))


def _windows(parts: Known) -> dict[str, manifest.Window]:
    sources: dict[str, dict[str, manifest.Source]] = {}
    for (_, window, _), (source, _) in parts.items():
        sources.setdefault(window, {})[source.file] = source
    return {
        name: manifest.Window(
            version=manifest.data_version(files.values()),
            sources=tuple(files[file] for file in sorted(files)),
        )
        for name, files in sorted(sources.items())
    }


def _parents(before: manifest.Manifest | None) -> tuple[manifest.Parent, ...]:
    if before is None:
        return ()
    parent = manifest.Parent(data_version=before.data_version, tables_digest=before.digest)
    return (parent, *before.parents)


@contextmanager
def as_folder(raw: Path) -> Generator[Path]:
    """Yield the folder of raw files; a file that arrived alone is a window named by its content.

    Its own name says nothing of when it is from, and one named like an earlier window would take
    that one's place.
    """
    if not raw.is_file():
        yield raw
        return
    with tempfile.TemporaryDirectory(prefix="mlops-arrived-") as scratch:
        with raw.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        window = Path(scratch) / f"arrived-{digest[:12]}"
        window.mkdir()
        shutil.copyfile(raw, window / raw.name)
        yield Path(scratch)


def main(arguments: Sequence[str]) -> None:
    """Read the command line and ingest."""
    parser = command.parser("ingest", "Read raw csv or Parquet files into typed Parquet tables.")
    parser.add_argument(
        "--raw",
        type=Path,
        required=True,
        help="folder of the raw files or of windows of them, or one file, which is a window",
    )
    parser.add_argument("--tables", type=Path, required=True, help="folder to write the tables to")
    parser.add_argument(
        "--previous", type=Path, help="tables of an earlier run: only files new to it are read"
    )
    given = parser.parse_args(arguments)
    tables = command.made(given.tables)
    with as_folder(given.raw) as raw:
        result = ingest(tasks.load(given.task), raw, tables, given.previous)
    names = ", ".join(f"{name or 'all'} {found.version}" for name, found in result.windows.items())
    command.log.info("data version %s (%s)", result.data_version, names)


if __name__ == "__main__":
    command.run(main)
