"""What a job that has ended wrote, read back as texts."""

import tempfile
from pathlib import Path

from ml.errors import PlatformError
from ml.refusals import explained
from ml.workspace import Workspace


def texts(workspace: Workspace, job: str, output: str, *files: str) -> dict[str, str]:
    """Return files of a job's output by their names.

    Raises:
        PlatformError: the output or one of the files is not there.
    """
    with tempfile.TemporaryDirectory(prefix="mlops-output-") as folder:
        with explained(workspace.place, f"job {job}"):
            workspace.client.jobs.download(job, output_name=output, download_path=folder)
        found: dict[str, str] = {}
        for name in files:
            path = next(Path(folder).rglob(name), None)
            if path is None:
                raise PlatformError(f"job {job} wrote no {name} into {output}; look at its log")
            found[name] = path.read_text(encoding="utf-8")
    return found
