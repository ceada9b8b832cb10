"""Opening the releases of an endpoint in a workspace: endpoint, evidence and state together."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from ml import workspace as workspaces
from ml.collected import Columns
from ml.drift import policy as monitors
from ml.errors import PlatformError
from ml.refusals import explained
from ml.release.azure.answers import Answers
from ml.release.azure.arm import Arm
from ml.release.azure.blob_store import CONTAINER, BlobStateStore
from ml.release.azure.endpoint import AzureEndpoint
from ml.release.azure.metrics import Metrics
from ml.release.azure.source import AzureSource
from ml.release.controller import Controller
from ml.workspace import Workspace

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

DATA = "workspaceblobstore"  # where the data collector writes unless it is told otherwise


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def _same(moment: datetime) -> datetime:
    return moment


@dataclass(frozen=True)
class Releases:
    """The releases of one online endpoint.

    `now` is the controller's moment and `clock` tells Azure's of it; see `AzureSource`.
    """

    workspace: Workspace
    task: str
    name: str
    now: Callable[[], datetime] = utc_now
    clock: Callable[[datetime], datetime] = _same
    sleep: Callable[[float], None] = time.sleep

    @cached_property
    def arm(self) -> Arm:
        """Azure Resource Manager, for which the Azure ML client has no call."""
        return Arm(workspaces.credential())

    @cached_property
    def endpoint(self) -> AzureEndpoint:
        """The endpoint itself."""
        return AzureEndpoint(self.workspace.client, self.name, self.sleep, self.arm)

    @cached_property
    def store(self) -> BlobStateStore:
        """Where the state of its release is kept."""
        return BlobStateStore(self.container(CONTAINER), self.name)

    @cached_property
    def columns(self) -> Columns:
        """What the task calls the columns of what was served."""
        policy = monitors.load(self.task)
        return Columns(score=policy.score, label=policy.label, time=policy.time)

    @cached_property
    def controller(self) -> Controller:
        """What decides and acts."""
        with explained(self.workspace.place, f"endpoint {self.name}"):
            found = self.workspace.client.online_endpoints.get(self.name)
        source = AzureSource(
            Metrics(self.arm, str(found.id)),
            Answers(self.container(None), self.name, self.columns),
            self.now,
            self.clock,
        )
        return Controller(self.endpoint, source, self.store, self.now, self.sleep)

    def container(self, name: str | None) -> "ContainerClient":
        """Return a container of the workspace's own storage; without a name, that of its data."""
        from azure.ai.ml.entities import AzureBlobDatastore  # noqa: PLC0415  takes seconds
        from azure.storage.blob import ContainerClient  # noqa: PLC0415  --help does not need it

        with explained(self.workspace.place):
            found = self.workspace.client.datastores.get(DATA)
        if not isinstance(found, AzureBlobDatastore):
            raise PlatformError(
                f"datastore {DATA} of {self.workspace.place} is {type(found).__name__}, not blobs; "
                "let it be the workspace's own"
            )
        return ContainerClient(
            f"https://{found.account_name}.blob.{found.endpoint}",
            name or str(found.container_name),
            credential=workspaces.credential(),
        )
