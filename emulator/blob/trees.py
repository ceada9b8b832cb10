"""Folders in and out of a container."""

import shutil
from collections.abc import Callable
from pathlib import Path

from emulator.blob.model import BlobInfo

Put = Callable[[str, Path], object]


class UnsafeNameError(ValueError):
    """A blob's name leads out of the folder that it would be put into."""


def place(
    found: list[BlobInfo], base: str, target: Path, path_of: Callable[[BlobInfo], Path]
) -> int:
    """Copy blobs to files below `target`, named as after `base`; return how many.

    Raises:
        UnsafeNameError: a name is absolute or has a part `..`.
        IsADirectoryError: there is a blob `a` beside a blob `a/b`.
    """
    target.mkdir(parents=True, exist_ok=True)
    count = 0
    for info in found:
        relative = info.name[len(base) :]
        if not relative or relative.endswith("/"):
            continue
        if relative.startswith("/") or ".." in relative.split("/"):
            message = f"the blob {info.name!r} has a name that leads out of its folder"
            raise UnsafeNameError(message)
        copy(path_of(info), target / relative)
        count += 1
    return count


def copy(content: Path, target: Path) -> None:
    """Copy a content file; a link would let its reader change the blob."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(content, target)


def put_all(source: Path, base: str, put: Put) -> int:
    """Put all files below a folder under `base`; return how many."""
    count = 0
    for file in sorted(source.rglob("*")):
        if file.is_file():
            put(base + file.relative_to(source).as_posix(), file)
            count += 1
    return count


def folder_name(prefix: str) -> str:
    """Return the beginning of all names in a folder; empty for the whole container."""
    return f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
