"""Finding a task's raw files: a given folder, or the files inside an installed package."""

from importlib import metadata
from pathlib import Path

from ml.errors import TaskError
from ml.task import Data


def folder(data: Data, given: Path | None) -> Path:
    """Return the folder of the raw files; the package is looked up, never imported."""
    if given is not None:
        if not given.is_dir():
            raise TaskError(f"--data {given} is no folder; give the folder of the csv files")
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
