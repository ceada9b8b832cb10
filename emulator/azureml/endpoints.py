"""Endpoints as ARM keeps them: names, addresses, traffic; batch ones are invoked elsewhere."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml.text import NAMESPACE, bad, named, one_of

_RULE = "3 to 32 letters, digits or -, a letter first, no - at the end"
_NAME = r"[A-Za-z](?=.{2,31}$)[A-Za-z0-9-]*[A-Za-z0-9]"
_AUTH = ("Key", "AMLToken", "AADToken")
_ALL = 100
_MOST_MIRRORED = 50


class _Endpoint(Behaviour):
    """An address under which models are to be served; its name and its way of signing in stay."""

    kind: ClassVar[str] = ""
    auth: ClassVar[tuple[str, ...]] = _AUTH

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(resource["name"], _NAME, "Endpoint", _RULE)
        if not resource.get("location"):
            msg = "location is missing; give the region of the workspace."
            raise bad(msg, "location", "LocationRequired")
        properties = resource.setdefault("properties", {})
        properties["authMode"] = one_of(
            properties.get("authMode"), self.auth, "properties.authMode"
        )
        if previous is None:
            self._need_own_name(ctx, resource)
        else:
            _check_kept(resource, previous)
        region = str(resource["location"]).lower().replace(" ", "")
        host = f"{resource['name']}.{region}.inference.ml.azure.com"
        properties |= {
            "provisioningState": "Succeeded",
            "scoringUri": f"https://{host}/{self.kind}",
            "swaggerUri": f"https://{host}/swagger.json",
        }
        properties["properties"] = properties.get("properties") or {}

    def _need_own_name(self, ctx: Context, resource: Resource) -> None:
        region = str(resource["location"]).lower().replace(" ", "")
        for other in ctx.store.find(self.type, resource["name"]):
            if str(other.get("location")).lower().replace(" ", "") == region:
                msg = (
                    f"Endpoint name {resource['name']!r} is taken in {region}: names are unique in"
                    " a region, for they are host names; choose another one."
                )
                raise ArmError(409, "EndpointNameNotAvailable", msg, "name")


def _check_kept(resource: Resource, previous: Resource) -> None:
    new, old = resource["properties"], previous["properties"]
    for name in ("authMode", "publicNetworkAccess"):
        before, after = old.get(name), new.get(name) or old.get(name)
        if before is not None and str(before).lower() != str(after).lower():
            msg = f"properties.{name} of endpoint {resource['name']!r} cannot be changed."
            raise ArmError(409, "PropertyChangeNotAllowed", msg, f"properties.{name}")
    if _identity(resource) != _identity(previous):
        msg = f"The identity of endpoint {resource['name']!r} cannot be changed; make a new one."
        raise ArmError(409, "PropertyChangeNotAllowed", msg, "identity")


def _identity(resource: Resource) -> tuple[set[str], set[str]]:
    identity = resource.get("identity") or {}
    kinds = {part.strip().lower() for part in str(identity.get("type") or "None").split(",")}
    return kinds, {str(id_).lower() for id_ in identity.get("userAssignedIdentities") or {}}


@behaviour
class OnlineEndpoint(_Endpoint):
    """An online endpoint; its traffic goes to deployments that exist, at most 100 in all."""

    type: ClassVar[str] = f"{NAMESPACE}/workspaces/onlineEndpoints"
    kind: ClassVar[str] = "score"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        super().prepare(ctx, resource, previous)
        properties = resource["properties"]
        properties["publicNetworkAccess"] = one_of(
            properties.get("publicNetworkAccess") or "Enabled",
            ("Enabled", "Disabled"),
            "properties.publicNetworkAccess",
        )
        _check_compute(ctx, resource)
        there = {d["name"] for d in ctx.store.children(resource["id"], "deployments")}
        # A body without shares takes them all away: nothing is kept from before.
        for key in ("traffic", "mirrorTraffic"):
            _check_shares(properties, key, there)
        total = sum(properties["traffic"].values())
        if total not in (0, _ALL):
            msg = f"properties.traffic sums up to {total}; give 0 or {_ALL} in all."
            raise bad(msg, "properties.traffic")
        mirrored = properties["mirrorTraffic"]
        if len(mirrored) > 1 or sum(mirrored.values()) > _MOST_MIRRORED:
            msg = (
                f"properties.mirrorTraffic is {mirrored}; one deployment gets at most"
                f" {_MOST_MIRRORED}."
            )
            raise bad(msg, "properties.mirrorTraffic")


def _check_shares(properties: dict[str, Any], key: str, there: set[str]) -> None:
    shares = properties[key] = properties.get(key) or {}
    unknown = sorted(set(shares) - there)
    if unknown:
        msg = f"properties.{key} names {', '.join(unknown)}, which the endpoint does not have."
        raise bad(msg, f"properties.{key}")
    for name, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, int) or not 0 <= share <= _ALL:
            msg = f"properties.{key}.{name} is {share!r}; give a whole number, 0 to {_ALL}."
            raise bad(msg, f"properties.{key}")


def _check_compute(ctx: Context, resource: Resource) -> None:
    wanted = resource["properties"].get("compute")
    if not wanted:
        return
    found = ctx.store.get(str(wanted)) or {"properties": {}}
    if found["properties"].get("computeType") != "Kubernetes":
        msg = f"properties.compute {wanted} was not found; give the id of a Kubernetes compute."
        raise bad(msg, "properties.compute", "ComputeNotFound")


@behaviour
class BatchEndpoint(_Endpoint):
    """A batch endpoint; callers sign in with Entra only."""

    type: ClassVar[str] = f"{NAMESPACE}/workspaces/batchEndpoints"
    kind: ClassVar[str] = "jobs"
    auth: ClassVar[tuple[str, ...]] = ("AADToken",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        super().prepare(ctx, resource, previous)
        properties = resource["properties"]
        properties["defaults"] = {"deploymentName": None, **(properties.get("defaults") or {})}
        name = properties["defaults"]["deploymentName"]
        there = {d["name"] for d in ctx.store.children(resource["id"], "deployments")}
        if name and name not in there:
            msg = f"properties.defaults.deploymentName {name!r} is no deployment of the endpoint."
            raise bad(msg, "properties.defaults.deploymentName")


@behaviour
class OnlineDeployment(Behaviour):
    """A deployment is refused: stored without being run, it would look as if it served."""

    type: ClassVar[str] = f"{NAMESPACE}/workspaces/onlineEndpoints/deployments"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        msg = f"The local Azure does not serve models, so {resource['name']!r} is not stored."
        raise ArmError(501, "NotImplemented", msg)
