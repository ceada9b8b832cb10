"""Raw files: found by name in the raw folder and in its windows, which are folders below it."""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ml.data.manifest import Reject
from ml.errors import TaskError
from ml.task import Task

CSV = (".csv", ".csv.gz", ".csv.zip")
PARQUET = (".parquet", ".pq")
ENDINGS = (*CSV, *PARQUET)
EXAMPLES = 5  # rejected lines that are shown for each column


@dataclass(frozen=True)
class RawFile:
    """A file that holds rows of a table."""

    table: str
    window: str
    stem: str
    path: Path

    @property
    def is_parquet(self) -> bool:
        """Whether the file has types of its own."""
        return self.path.name.endswith(PARQUET)


@dataclass(frozen=True)
class Outcome:
    """What reading one raw file showed: see `Part`."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]
    rejected: dict[str, int]
    examples: tuple[Reject, ...]
    mistyped: dict[str, str]


def find(task: Task, folder: Path) -> tuple[RawFile, ...]:
    """Return the files of all tables; other files in the folder are of no concern."""
    if not folder.is_dir():
        raise TaskError(f"{folder} is no folder; give the folder that holds the raw files")
    present = sorted(
        (path for path in folder.rglob("*") if path.is_file() and path.name.endswith(ENDINGS)),
        key=lambda path: (path.parent.as_posix(), path.name),
    )
    found = tuple(
        RawFile(name, _window(path, folder), stem, path)
        for name, table in task.schema_.tables.items()
        for path in present
        for stem in table.files
        if path.name in {f"{stem}{ending}" for ending in ENDINGS}
    )
    taken: dict[tuple[str, str, str], RawFile] = {}
    for file in found:
        other = taken.setdefault((file.table, file.window, file.stem), file)
        if other != file:
            raise TaskError(
                f"{file.path.parent} holds {file.stem} twice, as {other.path.name} and as "
                f"{file.path.name}; keep one of them"
            )
    return found


def require(task: Task, folder: Path, known: Iterable[str]) -> None:
    """Refuse a folder that leaves tables without any file, and say what was there."""
    there = set(known)
    missing = [
        f"table {name}: wanted one of "
        + ", ".join(f"{stem}{ending}" for stem in table.files for ending in ENDINGS)
        for name, table in task.schema_.tables.items()
        if name not in there
    ]
    if missing:
        present = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
        raise TaskError(
            f"{folder} holds no file for {'; '.join(missing)}; found "
            f"{', '.join(present[:20]) or 'nothing'}"
        )


def unpacked(path: Path, scratch: Path) -> Path:
    """Return the file, taken out of its zip archive where it is in one."""
    if not path.name.endswith(".csv.zip"):
        return path
    name = path.name.removesuffix(".zip")
    try:
        with zipfile.ZipFile(path) as archive:
            return Path(archive.extract(name, scratch))
    except (KeyError, zipfile.BadZipFile) as error:
        raise TaskError(f"{path.name} is no zip archive that holds {name}: {error}") from error


def _window(path: Path, folder: Path) -> str:
    parent = path.parent.relative_to(folder).as_posix()
    return "" if parent == "." else parent
