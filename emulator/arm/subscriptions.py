"""What every subscription has: itself, its tenant, its list of all resources, its providers."""

from starlette.responses import JSONResponse, Response

from emulator.access import rbac
from emulator.arm.behaviours import ArmRequest
from emulator.arm.ids import GROUP_TYPE, parse
from emulator.arm.store import Resource
from emulator.net.names import REGIONS

NAME = "local"


def answer(arm: ArmRequest) -> Response | None:
    """Answer a request about a subscription or tenant; None for everything else."""
    low = arm.path.strip("/").lower().split("/")
    if arm.method == "POST":
        return _register(arm, low)
    if arm.method != "GET":
        return None
    if low == ["tenants"]:
        tenant = arm.ctx.services.tokens.tenant_id
        return JSONResponse({"value": [{"id": f"/tenants/{tenant}", "tenantId": tenant}]})
    if low == ["subscriptions"]:
        return JSONResponse({"value": [_subscription(arm, _known(arm))]})
    return _about_one(arm, low[2:]) if low[0] == "subscriptions" else None


def _about_one(arm: ArmRequest, rest: list[str]) -> Response | None:
    match rest:
        case []:
            return JSONResponse(_subscription(arm, _known(arm)))
        case ["resources"] | ["resourcegroups", _, "resources"]:
            return _resources(arm)
        case ["locations"]:
            return JSONResponse({"value": [{"name": name} for name in REGIONS]})
        case ["providers"]:
            return JSONResponse({"value": [_provider(arm, space) for space in _namespaces(arm)]})
        case ["providers", _]:
            return JSONResponse(_provider(arm, _segment(arm, 3)))
    return None


def _register(arm: ArmRequest, low: list[str]) -> Response | None:
    is_registration = low[0] == "subscriptions" and low[2:3] == ["providers"] and len(low) == 5
    if not is_registration or low[4] not in {"register", "unregister"}:
        return None
    return JSONResponse(_provider(arm, _segment(arm, 3)))


def _segment(arm: ArmRequest, index: int) -> str:
    return arm.path.strip("/").split("/")[index]


def _known(arm: ArmRequest) -> str:
    return arm.ctx.services.subscription_id


def _subscription(arm: ArmRequest, id_: str) -> dict[str, object]:
    return {
        "id": f"/subscriptions/{id_}",
        "subscriptionId": id_,
        "tenantId": arm.ctx.services.tokens.tenant_id,
        "displayName": NAME,
        "state": "Enabled",
    }


def _resources(arm: ArmRequest) -> Response:
    scope, _, _ = arm.path.rpartition("/")
    principal = arm.ctx.caller.principal
    shown: list[Resource] = []
    for resource in arm.ctx.store.under(scope):
        arm_id = parse(resource["id"])
        top_level = len(arm_id.names) == 1 and "/providers/" not in arm_id.scope.lower()
        if arm_id.type == GROUP_TYPE or not top_level or not arm_id.resource_group:
            continue
        if principal and rbac.allows(arm.ctx.store, principal, f"{arm_id.type}/read", arm_id.text):
            kept = ("id", "name", "type", "location", "tags", "sku", "kind", "identity")
            shown.append({name: resource[name] for name in kept if name in resource})
    return JSONResponse({"value": shown})


def _namespaces(arm: ArmRequest) -> list[str]:
    found = {resource["type"].partition("/")[0] for resource in arm.ctx.store.under("")}
    return sorted(found)


def _provider(arm: ArmRequest, namespace: str) -> dict[str, object]:
    # Every provider counts as registered: registering has no effect that the local Azure imitates.
    return {
        "id": f"/subscriptions/{_known(arm)}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": "Registered",
        "resourceTypes": [],
    }
