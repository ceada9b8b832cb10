"""Who may come in: a token for the management host, and a role for what is asked."""

from collections.abc import Mapping

from emulator.access import rbac
from emulator.access.conditions import Facts
from emulator.arm.behaviours import ArmRequest
from emulator.arm.errors import ArmError
from emulator.arm.paths import Asks, Target
from emulator.login.callers import Principal
from emulator.login.principals import MANAGED_IDENTITY, SERVICE_PRINCIPAL
from emulator.server.hosts import Call

AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")


def signed_in(call: Call) -> Principal:
    """Return who calls.

    Raises:
        ArmError: 401: there is no token, or it is not for the management host.
    """
    principal = call.caller.principal
    if principal is not None and call.claims is not None:
        if call.claims.audience.rstrip("/") in AUDIENCES:
            return principal
        raise ArmError(
            401,
            "InvalidAuthenticationTokenAudience",
            f"The access token has been obtained for wrong audience or resource "
            f"'{call.claims.audience}'. It should exactly match '{AUDIENCES[0]}/'.",
        )
    reason = call.refused_token or "The 'Authorization' header is missing."
    raise ArmError(401, "AuthenticationFailed", f"Authentication failed. {reason}")


def require_subscription(arm: ArmRequest) -> None:
    """Refuse a path in a subscription that is not the local Azure's own.

    Raises:
        ArmError: 404.
    """
    parts = arm.path.strip("/").split("/")
    if len(parts) < 2 or parts[0].lower() != "subscriptions":
        return
    if parts[1].lower() != arm.ctx.services.subscription_id.lower():
        message = f"The subscription '{parts[1]}' could not be found."
        raise ArmError(404, "SubscriptionNotFound", message)


def action_of(method: str, target: Target) -> str:
    """Return the operation that a role must hold, such as `.../virtualNetworks/read`."""
    if target.asks is Asks.ACTION:
        return f"{target.type}/{target.action}/action"
    verb = {"GET": "read", "HEAD": "read", "DELETE": "delete"}.get(method, "write")
    return f"{target.type}/{verb}"


def authorize(arm: ArmRequest, target: Target, principal: Principal) -> None:
    """Require a role that allows what is asked.

    Raises:
        ArmError: 403, naming the action and the scope.
    """
    scope = target.id.text if target.id else target.scope
    action = action_of(arm.method, target)
    facts = _facts(arm, target, action)
    if not rbac.allows(arm.ctx.store, principal, action, scope or "/", facts=facts):
        raise ArmError(
            403,
            "AuthorizationFailed",
            f"The client '{principal.name}' with object id '{principal.object_id}' does not have "
            f"authorization to perform action '{action}' over scope '{scope}' or the scope is "
            "invalid. If access was recently granted, please refresh your credentials.",
        )


def _facts(arm: ArmRequest, target: Target, action: str) -> Facts:
    """Return what a condition may ask for: the attributes of the role assignment in question."""
    if target.type.lower() != rbac.ASSIGNMENTS.lower() or target.id is None:
        return Facts(action)
    request = (arm.body or {}).get("properties") or {}
    stored = arm.ctx.store.get(target.id.text) or {}
    return Facts(
        action, _attributes(arm, request), _attributes(arm, stored.get("properties") or {})
    )


def _attributes(arm: ArmRequest, properties: Mapping[str, object]) -> dict[str, str]:
    role, principal_id = properties.get("roleDefinitionId"), properties.get("principalId")
    known = arm.ctx.services.principals.by_object_id(str(principal_id)) if principal_id else None
    kind = SERVICE_PRINCIPAL if known and known.kind == MANAGED_IDENTITY else known and known.kind
    found = {
        "roledefinitionid": str(role).rpartition("/")[2] if role else None,
        "principalid": principal_id,
        "principaltype": properties.get("principalType") or kind,
    }
    return {name: str(value) for name, value in found.items() if value}
