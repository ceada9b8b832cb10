"""Files of content: written aside, flushed, and renamed when they are whole."""

import base64
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Part:
    """A stretch of a file."""

    path: Path
    start: int
    size: int


@dataclass(frozen=True)
class Content:
    """A finished content file; the MD5 as the Content-MD5 header spells it, where it is known."""

    name: str
    size: int
    md5: str = ""


class Draft:
    """A content file that grows until it is finished or abandoned."""

    def __init__(self, folder: Path) -> None:
        self._target = folder / uuid.uuid4().hex
        self._partial = self._target.with_suffix(".partial")
        self._file = self._partial.open("wb")
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Add bytes at the end."""
        self._file.write(chunk)
        self._md5.update(chunk)
        self.size += len(chunk)

    @property
    def md5(self) -> str:
        return base64.b64encode(self._md5.digest()).decode()

    def finish(self) -> Content:
        """Put the file on disk under its name."""
        _settle(self._file)
        self._file.close()
        _publish(self._partial, self._target)
        return Content(self._target.name, self.size, self.md5)

    def content(self) -> bytes:
        """Return all that was written so far."""
        self._file.flush()
        return self._partial.read_bytes()

    def abandon(self) -> None:
        """Throw the file away if it is not finished."""
        self._file.close()
        self._partial.unlink(missing_ok=True)


class Contents:
    """The folder of all content files; a file is never changed, but for the end of append blobs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Return the file of a content."""
        return self._folder / name

    def draft(self) -> Draft:
        """Begin a new content file."""
        return Draft(self._folder)

    def write(self, parts: Iterable[bytes | Path | Part]) -> Content:
        """Make a content file of parts, in order."""
        target = self._folder / uuid.uuid4().hex
        partial = target.with_suffix(".partial")
        try:
            with partial.open("wb") as file:
                for part in parts:
                    if isinstance(part, bytes):
                        file.write(part)
                    elif isinstance(part, Part):
                        for chunk in read_range(part.path, part.start, part.start + part.size - 1):
                            file.write(chunk)
                    else:
                        with part.open("rb") as source:
                            shutil.copyfileobj(source, file, _CHUNK)
                _settle(file)
                size = file.tell()
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        _publish(partial, target)
        return Content(target.name, size)

    def extend(self, name: str, size: int, chunk: bytes) -> None:
        """Put bytes behind the first `size` ones; what an unfinished attempt left there goes."""
        path = self._folder / name
        path.chmod(0o644)
        with path.open("r+b") as file:
            file.truncate(size)
            file.seek(size)
            file.write(chunk)
            _settle(file)

    def discard(self, name: str) -> None:
        """Remove a content file."""
        (self._folder / name).unlink(missing_ok=True)

    def sweep(self, used: Mapping[str, int]) -> None:
        """Remove what no row names and cut what is longer than its row says."""
        for file in self._folder.iterdir():
            if file.name not in used:
                file.unlink()
            elif file.stat().st_size > used[file.name]:
                self.extend(file.name, used[file.name], b"")


def _settle(file: IO[bytes]) -> None:
    """Bring a file to the disk: else a power cut could leave a row that names an empty file."""
    file.flush()
    os.fsync(file.fileno())


def read_range(path: Path, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes from `start` up to and including `end` in chunks.

    The file is opened at once: nobody who removes it later takes anything away.

    Raises:
        FileNotFoundError: it is not there.
    """
    return _chunks(path.open("rb"), start, end - start + 1)


def _chunks(file: IO[bytes], start: int, left: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while left > 0 and (chunk := file.read(min(left, _CHUNK))):
            left -= len(chunk)
            yield chunk


def _publish(partial: Path, target: Path) -> None:
    partial.chmod(0o444)
    partial.rename(target)


def md5(content: bytes) -> str:
    """Return the MD5 of content as the Content-MD5 header spells it."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
