"""Endpoints as ARM keeps them: their names and addresses, and what batch ones have besides."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml.text import NAMESPACE, bad, named, one_of

_RULE = "3 to 32 letters, digits or -, a letter first, no - at the end"
_NAME = r"[A-Za-z](?=.{2,31}$)[A-Za-z0-9-]*[A-Za-z0-9]"
_AUTH = ("Key", "AMLToken", "AADToken")


class Endpoint(Behaviour):
    """An address that models answer at; its name and its way of signing in stay."""

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
class BatchEndpoint(Endpoint):
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
