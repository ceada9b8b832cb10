"""Opening the retraining of a task in a workspace: state, jobs and releases together."""

from collections.abc import Callable

from ml.release.azure.blob_store import CONTAINER, BlobDocument
from ml.release.opening import Releases, utc_now
from ml.retraining import policy
from ml.retraining.controller import Controller
from ml.retraining.jobs import JobTrainer
from ml.retraining.launching import Launcher
from ml.retraining.policy import Approval
from ml.retraining.releasing import Releaser
from ml.target import Target
from ml.workspace import Workspace


def document(rooms: Releases) -> BlobDocument:
    """Return where the state of a task's retraining is kept."""
    name = f"retraining-{rooms.task}"
    return BlobDocument(rooms.container(CONTAINER), name, f"the retraining of {rooms.task}")


def controller(
    target: Target, task: str, start: Callable[[str], object], say: Callable[[str], None]
) -> Controller:
    """Return the controller of a task's retraining; `start` starts the release of a version."""
    workspace = Workspace(target.place)
    return Controller(
        document(Releases(workspace, task, target.endpoint(task))),
        JobTrainer(Launcher(target, workspace, task), Releaser(target, task, start, say)),
        policy.load(task),
        utc_now,
        Approval(target.approval),
    )
