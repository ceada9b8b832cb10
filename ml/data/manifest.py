"""The manifest beside the tables: windows, what was read, its digests, and what did not fit."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ml.errors import TaskError

NAME = "manifest.json"
BLOCK = 1 << 20


class Recorded(BaseModel):
    """What stands in a manifest does not change."""

    model_config = ConfigDict(frozen=True)


class Source(Recorded):
    """One raw file, by its path below the raw folder."""

    file: str
    bytes: int
    sha256: str


class Reject(Recorded):
    """A line of a raw file that could not be read as the schema says."""

    line: int
    column: str
    found: str
    why: str


class Part(Recorded):
    """One raw file as a piece of a table; its bytes depend on the raw file and the schema only.

    `rejected` counts every bad line by column, `examples` shows the first, and `mistyped` says what
    a typed file holds in columns that cannot be of the schema's type.
    """

    window: str
    stem: str
    source: str
    file: str
    sha256: str
    rows: int
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    mistyped: dict[str, str] = {}
    rejected: dict[str, int] = {}
    examples: tuple[Reject, ...] = ()

    @property
    def unread(self) -> frozenset[str]:
        """The schema's columns of which this part holds nothing."""
        return frozenset({*self.missing, *self.mistyped})


class Ingested(Recorded):
    """One table: its parts, in the order of windows and files."""

    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        """The rows of all parts."""
        return sum(part.rows for part in self.parts)

    @property
    def windows(self) -> dict[str, tuple[Part, ...]]:
        """The parts of each window."""
        names = dict.fromkeys(part.window for part in self.parts)
        return {name: tuple(p for p in self.parts if p.window == name) for name in names}

    def files(self, folder: Path) -> list[Path]:
        """Return where the parts are."""
        return [folder / part.file for part in self.parts]


class Window(Recorded):
    """One window: a folder below the raw folder, or that folder itself, whose name is empty."""

    version: str
    sources: tuple[Source, ...]


class Parent(Recorded):
    """An earlier manifest whose parts were carried over instead of being read again."""

    data_version: str
    tables_digest: str


class Manifest(Recorded):
    """What an ingest step made.

    `data_version` depends on the bytes of all raw files that count, `raw_version` on those that
    were given to this run; they differ where earlier windows were carried over from `parents`
    (latest first) or a later snapshot of a table replaced an earlier one.
    """

    task: str
    data_version: str
    raw_version: str
    schema_sha256: str
    windows: dict[str, Window]
    parents: tuple[Parent, ...] = ()
    tables: dict[str, Ingested]

    def write(self, folder: Path) -> None:
        """Write the manifest into the folder of the tables."""
        text = json.dumps(self.model_dump(mode="json"), indent=2, sort_keys=True)
        (folder / NAME).write_text(text + "\n", encoding="utf-8")

    @property
    def digest(self) -> str:
        """One digest over all tables, so that a report can name exactly what it looked at."""
        lines = [
            f"{name} {part.window} {part.sha256}"
            for name, table in sorted(self.tables.items())
            for part in table.parts
        ]
        return hashlib.sha256("\n".join([self.schema_sha256, *lines]).encode()).hexdigest()


def read(folder: Path) -> Manifest:
    """Read the manifest of a folder that the ingest step wrote."""
    path = folder / NAME
    if not path.is_file():
        raise TaskError(f"{folder} has no {NAME}; give the folder that the ingest step wrote")
    try:
        return Manifest.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise TaskError(f"{path} is no manifest of this version: {error}") from error


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def source(path: Path, folder: Path) -> Source:
    """Describe one file below a folder."""
    return Source(
        file=path.relative_to(folder).as_posix(),
        bytes=path.stat().st_size,
        sha256=file_digest(path),
    )


def sources_of(folder: Path) -> tuple[Source, ...]:
    """List the files below a folder with their digests, in a fixed order."""
    if not folder.is_dir():
        raise TaskError(f"{folder} is no folder; give the folder that holds the raw files")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple(
        source(path, folder)
        for path in files
        if "__pycache__" not in path.parts and not path.name.startswith(".")
    )


def data_version(sources: Iterable[Source]) -> str:
    """Return the version of raw files: the same files give the same version anywhere."""
    ordered = sorted(sources, key=lambda source: source.file)
    listing = "\n".join(f"{source.sha256} {source.file}" for source in ordered)
    return hashlib.sha256(listing.encode()).hexdigest()[:16]
