"""Endpoints and schedules as ARM keeps them; nothing is served or triggered by them here."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml.text import NAMESPACE, bad, named, one_of

_RULE = "3 to 32 letters, digits or -, a letter first, no - at the end"
_NAME = r"[A-Za-z](?=.{2,31}$)[A-Za-z0-9-]*[A-Za-z0-9]"
_AUTH = ("Key", "AMLToken", "AADToken")
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
        if previous is not None and previous["properties"]["authMode"] != properties["authMode"]:
            msg = f"properties.authMode of endpoint {resource['name']!r} cannot be changed."
            raise ArmError(409, "PropertyChangeNotAllowed", msg, "properties.authMode")
        region = str(resource["location"]).lower().replace(" ", "")
        host = f"{resource['name']}.{region}.inference.ml.azure.com"
        properties |= {
            "provisioningState": "Succeeded",
            "scoringUri": f"https://{host}/{self.kind}",
        }
        properties["properties"] = properties.get("properties") or {}


@behaviour
class OnlineEndpoint(_Endpoint):
    """An online endpoint; its traffic goes to deployments that exist, at most 100 in all."""

    type: ClassVar[str] = f"{NAMESPACE}/workspaces/onlineEndpoints"
    kind: ClassVar[str] = "score"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        super().prepare(ctx, resource, previous)
        properties = resource["properties"]
        properties["swaggerUri"] = properties["scoringUri"].replace("/score", "/swagger.json")
        properties["publicNetworkAccess"] = one_of(
            properties.get("publicNetworkAccess") or "Enabled",
            ("Enabled", "Disabled"),
            "properties.publicNetworkAccess",
        )
        there = {d["name"] for d in ctx.store.children(resource["id"], "deployments")}
        for key, most in (("traffic", 100), ("mirrorTraffic", _MOST_MIRRORED)):
            shares = properties.setdefault(key, {}) or {}
            properties[key] = shares
            unknown = sorted(set(shares) - there)
            if unknown:
                names = ", ".join(unknown)
                msg = f"properties.{key} names {names}, which the endpoint does not have."
                raise bad(msg, f"properties.{key}")
            total = sum(shares.values())
            if total > most:
                msg = f"properties.{key} sums up to {total}; at most {most} is allowed."
                raise bad(msg, f"properties.{key}")


@behaviour
class BatchEndpoint(_Endpoint):
    """A batch endpoint; callers sign in with Entra only."""

    type: ClassVar[str] = f"{NAMESPACE}/workspaces/batchEndpoints"
    kind: ClassVar[str] = "jobs"
    auth: ClassVar[tuple[str, ...]] = ("AADToken",)


class _Deployment(Behaviour):
    """A deployment is refused: stored without being run, it would look as if it served."""

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        msg = f"The local Azure does not run deployments, so {resource['name']!r} is not stored."
        raise ArmError(501, "NotImplemented", msg)


@behaviour
class OnlineDeployment(_Deployment):
    """See the base."""

    type: ClassVar[str] = f"{NAMESPACE}/workspaces/onlineEndpoints/deployments"


@behaviour
class BatchDeployment(_Deployment):
    """See the base."""

    type: ClassVar[str] = f"{NAMESPACE}/workspaces/batchEndpoints/deployments"


@behaviour
class Schedule(Behaviour):
    """A schedule: kept with its trigger and action; nothing here starts it."""

    type: ClassVar[str] = f"{NAMESPACE}/workspaces/schedules"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(resource["name"], r"[A-Za-z0-9][\w-]{0,254}", "Schedule", "letters, digits, - or _")
        properties = resource.setdefault("properties", {})
        trigger, action = properties.get("trigger") or {}, properties.get("action") or {}
        one_of(trigger.get("triggerType"), ("Cron", "Recurrence"), "properties.trigger.triggerType")
        kinds = ("CreateJob", "InvokeBatchEndpoint", "CreateMonitor", "ImportData")
        kind = one_of(action.get("actionType"), kinds, "properties.action.actionType")
        if kind == "CreateJob" and not action.get("jobDefinition"):
            msg = "properties.action.jobDefinition is missing; an action CreateJob needs it."
            raise bad(msg, "properties.action.jobDefinition")
        properties.setdefault("isEnabled", True)
        properties["provisioningState"] = "Succeeded"
        for key in ("tags", "properties"):
            properties[key] = properties.get(key) or {}
