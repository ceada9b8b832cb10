"""Where collected files are read from: a container of blobs, or folders that hold parts of it."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ml import collected

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient


class Source(Protocol):
    """Files by their names in the workspace's container."""

    def files(self, below: str) -> Iterator[tuple[str, str]]:
        """Yield the name of each file below a folder, and a tag that another content changes."""
        ...

    def content(self, name: str) -> bytes:
        """Return a file; one that was removed meanwhile is empty."""
        ...


@dataclass(frozen=True)
class BlobSource:
    """The workspace's container itself."""

    container: "ContainerClient"

    def files(self, below: str) -> Iterator[tuple[str, str]]:
        """See `Source`."""
        from ml.release.azure.replies import told_apart  # noqa: PLC0415  clients that steps lack

        with told_apart(f"data below {below}"):
            for blob in self.container.list_blobs(name_starts_with=below):
                yield str(blob.name), str(blob.etag)

    def content(self, name: str) -> bytes:
        """See `Source`."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415  as above

        from ml.release.azure.replies import told_apart  # noqa: PLC0415  as above

        with told_apart(f"data in {name}"):
            try:
                return self.container.download_blob(name).readall()
            except ResourceNotFoundError:
                return b""


@dataclass(frozen=True)
class FolderSource:
    """Folders that are mounted in a job, each by the path in the container that it holds."""

    mounted: Mapping[str, Path]

    def files(self, below: str) -> Iterator[tuple[str, str]]:
        """See `Source`."""
        found: dict[str, Path] = {}
        for prefix, folder in self.mounted.items():
            for path in folder.rglob("*"):
                name = f"{prefix}{path.relative_to(folder).as_posix()}"
                if name.startswith(below) and path.is_file():
                    found[name] = path
        for name in sorted(found):
            yield name, _tag(name, found[name])

    def content(self, name: str) -> bytes:
        """See `Source`."""
        for prefix, folder in self.mounted.items():
            path = folder / name.removeprefix(prefix)
            if name.startswith(prefix) and path.is_file():
                return path.read_bytes()
        return b""


def _tag(name: str, path: Path) -> str:
    """Tell contents apart: a mount may not know when a file was changed.

    The collector only ever adds lines, so its files are told apart by their size without being
    read; labels are written anew.
    """
    if name.startswith(f"{collected.PREFIX}/"):
        return str(path.stat().st_size)
    return hashlib.sha256(path.read_bytes()).hexdigest()
