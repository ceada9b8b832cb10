"""An online endpoint of Azure ML: its traffic, its mirror, its split and its deployments."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError

from ml.errors import PlatformError
from ml.release import traffic as rules
from ml.release.assignment import Split
from ml.release.azure import scaling
from ml.release.azure.replies import told_apart
from ml.release.evidence import Observed, Readiness
from ml.release.limits import Limits
from ml.release.ports import ChangedError, UnavailableError
from ml.release.traffic import EndpointKind, Traffic
from ml.serving.deploying import REPLACES, state_of

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import OnlineDeployment, OnlineEndpoint

# Traffic and split are one write: the split stands in the endpoint's tags, where callers read it.
SALT, SHARE = "release_split_salt", "release_split_share"
_ENDED = frozenset({"succeeded", "failed", "canceled"})
# A deployment that is updated or scaled goes on serving with what it has.
_SERVES = frozenset({"succeeded", "updating", "scaling"})
# The client shows these among an endpoint's properties, and would write them there.
_NOT_OURS = frozenset({"createdBy", "createdAt", "lastModifiedAt"})
_PAUSE, _PATIENCE = 1.0, 600


@dataclass(frozen=True)
class AzureEndpoint:
    """One online endpoint, asked and changed through the Azure ML client."""

    client: "MLClient"
    name: str
    sleep: Callable[[float], None]
    arm: scaling.Changes

    def read(self) -> Observed:
        """Return the endpoint as it is."""
        with told_apart(f"endpoint {self.name}"):
            found = self._get()
            deployments = list(self.client.online_deployments.list(self.name))
        return Observed(
            kind=_kind(found),
            traffic=traffic_of(found),
            busy=_state(found) not in _ENDED,
            deployments={str(each.name): _readiness(each) for each in deployments},
        )

    def apply(self, wanted: Traffic, seen: Traffic) -> None:
        """Set traffic, mirror and split in one write, and wait for its end."""
        with told_apart(f"endpoint {self.name}"):
            found = self._get()
            there = [str(each.name) for each in self.client.online_deployments.list(self.name)]
        has = traffic_of(found)
        if has == wanted:
            return
        if has != seen or _state(found) not in _ENDED:
            raise ChangedError(f"endpoint {self.name} has {has} and is {_state(found)}")
        rules.check(wanted, _kind(found), there)
        with told_apart(f"the traffic of endpoint {self.name}"):
            self.client.online_endpoints.begin_create_or_update(_with(found, wanted))
        self._settle()

    def retire(self, deployment: str) -> None:
        """Delete a deployment; never one that gets requests."""
        with told_apart(f"deployment {deployment}"):
            found = self._get()
            if deployment in traffic_of(found).deployments:
                raise ChangedError(f"{deployment} gets requests: {traffic_of(found)}")
            try:
                self.client.online_deployments.begin_delete(deployment, self.name).result()
            except ResourceNotFoundError:
                return

    def scale(self, deployment: str, limits: Limits) -> None:
        """Let a deployment scale by its load, and tidy up after those that are gone.

        Azure keeps the setting of a deployment that was deleted.
        """
        with told_apart(f"endpoint {self.name}"):
            found = self._get()
            there = [str(each.name) for each in self.client.online_deployments.list(self.name)]
        scaling.put(
            self.arm, scaling.Target(str(found.id), deployment), str(found.location), limits
        )
        scaling.tidy(self.arm, str(found.id), there)

    def replaced(self) -> dict[str, str]:
        """Return by deployment which one it took over from, as its tag says."""
        with told_apart(f"endpoint {self.name}"):
            found = list(self.client.online_deployments.list(self.name))
        return {str(each.name): str(each.tags[REPLACES]) for each in found if REPLACES in each.tags}

    def _get(self) -> "OnlineEndpoint":
        try:
            return self.client.online_endpoints.get(self.name)
        except ResourceNotFoundError as error:
            raise PlatformError(
                f"there is no endpoint {self.name} in this workspace; `make up` makes those that "
                "the stack's settings name under serving"
            ) from error

    def _settle(self) -> None:
        # The client's own poller looks every half minute, which is long for a rollback.
        for _ in range(int(_PATIENCE / _PAUSE)):
            with told_apart(f"endpoint {self.name}"):
                if _state(self._get()) in _ENDED:
                    return
            self.sleep(_PAUSE)
        raise UnavailableError(f"the change to endpoint {self.name} goes on and on")


def traffic_of(endpoint: "OnlineEndpoint") -> Traffic:
    """Return what an endpoint says of its traffic."""
    tags = endpoint.tags or {}
    split = Split(salt=tags[SALT], share=int(tags[SHARE])) if {SALT, SHARE} <= set(tags) else None
    return Traffic(
        live=_whole(endpoint.traffic), mirror=_whole(endpoint.mirror_traffic), split=split
    )


def _with(endpoint: "OnlineEndpoint", wanted: Traffic) -> "OnlineEndpoint":
    endpoint.traffic, endpoint.mirror_traffic = dict(wanted.live), dict(wanted.mirror)
    tags = {k: v for k, v in (endpoint.tags or {}).items() if k not in {SALT, SHARE}}
    if wanted.split is not None:
        tags |= {SALT: wanted.split.salt, SHARE: str(wanted.split.share)}
    endpoint.tags = tags
    endpoint.properties = {
        name: value for name, value in (endpoint.properties or {}).items() if name not in _NOT_OURS
    }
    return endpoint


def _kind(endpoint: "OnlineEndpoint") -> EndpointKind:
    on_cluster = getattr(endpoint, "compute", None)
    return EndpointKind.KUBERNETES if on_cluster else EndpointKind.MANAGED


def _whole(shares: dict[str, int] | None) -> dict[str, int]:
    return {str(name): int(share) for name, share in (shares or {}).items()}


def _state(resource: "OnlineEndpoint | OnlineDeployment") -> str:
    return state_of(resource).lower()


def _readiness(deployment: "OnlineDeployment") -> Readiness:
    state = _state(deployment)
    if state in _SERVES:
        return Readiness.READY
    return Readiness.CREATING if state == "creating" else Readiness.FAILED
