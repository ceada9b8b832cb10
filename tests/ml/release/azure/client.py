"""Azure ML's client, as far as releases use it, over endpoints in memory that can fail."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from azure.ai.ml.entities import (
    IdentityConfiguration,
    KubernetesOnlineEndpoint,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
)
from azure.core.exceptions import (
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)

GROUP = "/subscriptions/s/resourceGroups/g"
ID = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/flights"


class RefusedError(HttpResponseError):
    """An answer with a status."""

    def __init__(self, status: int, message: str = "no") -> None:
        super().__init__(message)
        self.status_code = status


@dataclass
class Done:
    """An operation that has ended."""

    value: object = None

    def result(self) -> object:
        return self.value


def lost() -> Exception:
    return ServiceResponseError("connection reset by peer")


def unreachable() -> Exception:
    return ServiceRequestError("connection refused")


@dataclass
class Settings:
    """What Azure Resource Manager holds, by path."""

    there: dict[str, dict[str, object]] = field(default_factory=dict)

    def get(self, path, version, query=None):
        return {"value": [{"id": at, **body} for at, body in self.there.items()]}

    def put(self, path: str, version: str, body: dict[str, object]) -> None:
        self.there[path] = body

    def delete(self, path: str, version: str) -> None:
        self.there.pop(path, None)


@dataclass
class Cloud:
    """What Azure has, and how its next calls fail: before they take effect, or after."""

    endpoint: ManagedOnlineEndpoint | KubernetesOnlineEndpoint
    deployments: dict[str, ManagedOnlineDeployment] = field(default_factory=dict)
    before: list[Exception] = field(default_factory=list)
    after: list[Exception] = field(default_factory=list)
    busy_for: int = 0
    sent: list[dict[str, object]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    on_deploy: Callable[[ManagedOnlineDeployment], None] | None = None

    @property
    def online_endpoints(self):
        return _Endpoints(self)

    @property
    def online_deployments(self):
        return _Deployments(self)

    def change(self, name: str, act: Callable[[], None]) -> Done:
        self.calls.append(name)
        if self.before:
            raise self.before.pop(0)
        act()
        if self.after:
            raise self.after.pop(0)
        return Done()


@dataclass
class _Endpoints:
    cloud: Cloud

    def get(self, name):
        if name != self.cloud.endpoint.name:
            raise ResourceNotFoundError(f"{name} not found")
        found = copy.deepcopy(self.cloud.endpoint)
        if self.cloud.busy_for:
            self.cloud.busy_for -= 1
            found._provisioning_state = "Updating"
        return found

    def begin_create_or_update(self, endpoint):
        def act() -> None:
            rest = endpoint._to_rest_online_endpoint("westeurope")
            self.cloud.sent.append(rest.as_dict())
            self.cloud.endpoint = copy.deepcopy(endpoint)

        return self.cloud.change("update", act)


@dataclass
class _Deployments:
    cloud: Cloud

    def list(self, endpoint):
        return list(self.cloud.deployments.values())

    def get(self, name, endpoint):
        if name not in self.cloud.deployments:
            raise ResourceNotFoundError(f"{name} not found")
        return self.cloud.deployments[name]

    def begin_delete(self, name, endpoint):
        if name not in self.cloud.deployments:
            raise ResourceNotFoundError(f"{name} not found")
        return self.cloud.change("delete", lambda: self.cloud.deployments.pop(name) and None)

    def begin_create_or_update(self, deployment):
        def act() -> None:
            self.cloud.deployments[deployment.name] = deployment
            deployment._provisioning_state = "Succeeded"
            if self.cloud.on_deploy:
                self.cloud.on_deploy(deployment)

        return self.cloud.change("deploy", act)


def deployment(name: str, state: str = "Succeeded", **tags: str) -> ManagedOnlineDeployment:
    return ManagedOnlineDeployment(
        name=name, endpoint_name="flights", tags=tags, provisioning_state=state
    )


def cloud(traffic=None, mirror=None, *, kubernetes: bool = False, **given) -> Cloud:
    """Return an endpoint of two deployments, all traffic to blue."""
    common = {
        "name": "flights",
        "auth_mode": "aad_token",
        "tags": {"environment": "dev"},
        "properties": {"createdBy": "me", "kept": "yes"},
        "description": "Serves flights",
        "provisioning_state": "Succeeded",
        "id": ID,
        "location": "westeurope",
        "traffic": traffic or {"blue": 100},
    }
    if kubernetes:
        endpoint = KubernetesOnlineEndpoint(compute="/subscriptions/s/computes/aks", **common)
    else:
        identity = IdentityConfiguration(type="user_assigned", user_assigned_identities=[])
        endpoint = ManagedOnlineEndpoint(
            mirror_traffic=mirror, public_network_access="Disabled", **common
        )
        endpoint.identity = identity
    there = {"blue": deployment("blue"), "green": deployment("green", replaces="blue")}
    return Cloud(endpoint, given.pop("deployments", there), **given)
