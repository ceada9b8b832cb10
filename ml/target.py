"""Where a stack works: its workspace, clusters, key and endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ml.place import Place


@dataclass(frozen=True)
class Target:
    """A workspace, the clusters that train and judge in it, and the key that signs verdicts.

    `endpoints` names the online endpoint of each task, `approval` says whether somebody other than
    the requester must agree to a release; where no stack says so, somebody must. `autoscale` is
    what deployments scale within, unread, as a rollback must not depend on it; where no stack says
    so, they keep their instances. `stack` is empty where the workspace was named otherwise.
    """

    place: Place
    compute: str
    gate_compute: str = "gate"
    verdict_key: str | None = None
    endpoints: Mapping[str, str] = field(default_factory=dict)
    approval: str = "required"
    autoscale: object = None
    stack: str = ""

    def endpoint(self, task: str, given: str | None = None) -> str:
        """Return the endpoint that is given, or else the task's own."""
        return given or self.endpoints.get(task, task)
