"""The manifest beside the tables: what was read, its digests, and what did not fit."""

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ml.errors import TaskError

NAME = "manifest.json"
BLOCK = 1 << 20


class Source(BaseModel):
    """One raw file."""

    model_config = ConfigDict(frozen=True)
    file: str
    bytes: int
    sha256: str


class Reject(BaseModel):
    """A line of a raw file that could not be read as the schema says."""

    model_config = ConfigDict(frozen=True)
    line: int
    column: str
    found: str
    why: str


class Ingested(BaseModel):
    """One table as it was read; `rejected` counts every bad line, `examples` shows the first."""

    model_config = ConfigDict(frozen=True)
    file: str
    sha256: str
    rows: int
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    rejected: dict[str, int] = {}
    examples: tuple[Reject, ...] = ()


class Manifest(BaseModel):
    """What an ingest step made; `data_version` depends on the bytes of the raw files only."""

    model_config = ConfigDict(frozen=True)
    task: str
    data_version: str
    schema_sha256: str
    sources: tuple[Source, ...]
    tables: dict[str, Ingested]

    def write(self, folder: Path) -> None:
        """Write the manifest into the folder of the tables."""
        text = json.dumps(self.model_dump(mode="json"), indent=2, sort_keys=True)
        (folder / NAME).write_text(text + "\n", encoding="utf-8")

    @property
    def digest(self) -> str:
        """One digest over all tables, so that a report can name exactly what it looked at."""
        parts = [f"{name} {table.sha256}" for name, table in sorted(self.tables.items())]
        return hashlib.sha256("\n".join([self.schema_sha256, *parts]).encode()).hexdigest()


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


def sources_of(folder: Path) -> tuple[Source, ...]:
    """List the files below a folder with their digests, in a fixed order."""
    if not folder.is_dir():
        raise TaskError(f"{folder} is no folder; give the folder that holds the raw csv files")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple(
        Source(
            file=path.relative_to(folder).as_posix(),
            bytes=path.stat().st_size,
            sha256=file_digest(path),
        )
        for path in files
        if "__pycache__" not in path.parts and not path.name.startswith(".")
    )


def data_version(sources: tuple[Source, ...]) -> str:
    """Return the version of a folder: the same files give the same version anywhere."""
    listing = "\n".join(f"{source.sha256} {source.file}" for source in sources)
    return hashlib.sha256(listing.encode()).hexdigest()[:16]
