"""Who may call a vault: by the network first, then by role or access policy."""

from dataclasses import dataclass

from emulator.access import network, rbac
from emulator.arm.store import Resource
from emulator.server.hosts import Call
from emulator.vault.errors import VaultError

AUDIENCES = frozenset({"https://vault.azure.net", "cfa8b339-82a2-46c9-a3c9-0fc0be7e4aa4"})
_PREFIX = "Microsoft.KeyVault/vaults"


@dataclass(frozen=True)
class Act:
    """What a call does: the data action of roles, and the permission of access policies."""

    kind: str
    action: str
    permission: str

    @property
    def data_action(self) -> str:
        """The whole name of the action."""
        return f"{_PREFIX}/{self.kind}/{self.action}"


def check(call: Call, vault: Resource, act: Act, scope: str) -> None:
    """Let the caller through or raise what Key Vault would answer."""
    refusal = network.reaches(call.store, call.caller.place, vault, "vault")
    if refusal is not None:
        raise VaultError(403, "Forbidden", refusal.message, refusal.code)
    principal = call.caller.principal
    if call.claims is None or principal is None:
        reason = call.refused_token or "Request is missing a Bearer or PoP token."
        raise VaultError(401, "Unauthorized", f"AKV10000: {reason}")
    if call.claims.audience.rstrip("/") not in AUDIENCES:
        raise VaultError(
            401,
            "Unauthorized",
            f"AKV10022: Invalid audience. Expected https://vault.azure.net, found: "
            f"{call.claims.audience}.",
        )
    properties = vault["properties"]
    if properties.get("enableRbacAuthorization"):
        if rbac.allows(call.store, principal, act.data_action, scope, data=True):
            return
        sentence = (
            "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny "
            "assignments or role definitions were changed recently, please observe propagation "
            f"time.\r\nCaller: appid={principal.client_id};oid={principal.object_id}\r\nAction: "
            f"'{act.data_action}'\r\nResource: '{scope}'\r\nAssignment: (not found)\r\n"
            f"Vault: {vault['name']};location={vault['location']}"
        )
        raise VaultError(403, "Forbidden", sentence, "ForbiddenByRbac")
    for policy in properties.get("accessPolicies") or []:
        if str(policy.get("objectId")).lower() == principal.object_id.lower():
            given = (policy.get("permissions") or {}).get(act.kind) or []
            if {str(one).lower() for one in given} & {act.permission, "all"}:
                return
    sentence = (
        f"The user, group or application 'appid={principal.client_id};oid={principal.object_id}' "
        f"does not have {act.kind} {act.permission} permission on key vault "
        f"'{vault['name']};location={vault['location']}'."
    )
    raise VaultError(403, "Forbidden", sentence, "AccessDenied")
