"""What a job that has ended left: its outputs, the version it registered, or why it failed."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from ml.errors import PlatformError
from ml.refusals import explained
from ml.workspace import RegisteredModel, Run, Workspace

ERROR = "error: "
FAILED = frozenset({"Failed", "NotResponding"})


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


def registered(workspace: Workspace, name: str, job: str) -> RegisteredModel | None:
    """Return the version that a job registered, or the one that had the same bytes before."""
    known = workspace.models(name, limit=100)
    mine = [model for model in known if model.tags.get("job") == job]
    if mine:
        return mine[0]
    steps = [step for step in workspace.steps(job) if step.title == "register"]
    said = "".join(f"{line}\n" for step in steps for line in workspace.log(step.name))
    return next((model for model in known if f"{name}:{model.version}\n" in said), None)


def why(workspace: Workspace, job: Run) -> str:
    """Return what the first of a job's failed steps said last; empty where the job completed."""
    if job.status == "Completed":
        return ""
    for step in workspace.steps(job.name):
        if step.status in FAILED and (found := said(step.title, workspace.log(step.name))):
            return found
    return f"job {job.name} ended as {job.status}"


def said(title: str, lines: Sequence[str]) -> str:
    """Return the sentence that a failed step ended with."""
    found = [line for line in lines if line.startswith(ERROR)]
    return f"{title}: {found[-1].removeprefix(ERROR)}" if found else ""
