"""Finding a task's raw files: a given folder, or the files inside an installed package."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from ml.data import raw_files
from ml.errors import TaskError
from ml.task import Data, Task


def folder(data: Data, given: Path | None) -> Path:
    """Return the folder of the raw files; the package is looked up, never imported."""
    if given is not None:
        if not given.is_dir():
            raise TaskError(f"--data {given} is no folder; give the folder of the raw files")
        return given
    try:
        found = metadata.distribution(data.package)
    except metadata.PackageNotFoundError as error:
        raise TaskError(
            f"package {data.package} is not installed; install it, or give --data FOLDER"
        ) from error
    path = Path(str(found.locate_file(data.folder)))
    if not path.is_dir():
        raise TaskError(
            f"package {data.package} {found.version} has no folder {data.folder}; "
            "give --data FOLDER"
        )
    return path


def is_whole(task: Task, given: Path) -> bool:
    """Whether the folder alone has a file for every table."""
    return {file.table for file in raw_files.find(task, given)} == set(task.schema_.tables)


@contextmanager
def named(task: Task, given: Path, *, whole: bool = True) -> Generator[Path]:
    """Yield a folder with the files that the task's tables name and no others: what is sent.

    Raises:
        TaskError: a table has no file, or where not all need one, none has.
    """
    found = raw_files.find(task, given)
    if whole or not found:
        raw_files.require(task, given, {file.table for file in found})
    with tempfile.TemporaryDirectory(prefix="mlops-raw-") as scratch:
        for path in sorted({file.path for file in found}):
            target = Path(scratch) / path.relative_to(given)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, target)
            except OSError:  # another disk, or one without links
                shutil.copyfile(path, target)
        yield Path(scratch)
