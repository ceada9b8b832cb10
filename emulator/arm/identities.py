"""The `identity` of a resource: system-assigned ones are made, user-assigned ones looked up."""

from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.login.principals import MANAGED_IDENTITY, wants_system_identity

USER_ASSIGNED = "Microsoft.ManagedIdentity/userAssignedIdentities"


def complete(ctx: Context, resource: Resource, previous: Resource | None = None) -> None:
    """Fill in the ids of a resource's identities; end a system identity no longer wanted.

    Raises:
        ArmError: a user-assigned identity does not exist.
    """
    principals = ctx.services.principals
    identity = resource.get("identity")
    if wants_system_identity(resource) and identity is not None:
        own = principals.of_resource(resource["id"])
        own = own or principals.add(resource["id"], MANAGED_IDENTITY, resource["id"])
        identity |= {"principalId": own.object_id, "tenantId": ctx.services.tokens.tenant_id}
    else:
        for name in ("principalId", "tenantId"):
            (identity or {}).pop(name, None)
        if previous is not None and wants_system_identity(previous):
            principals.remove(resource["id"])
    if identity is None or not identity.get("userAssignedIdentities"):
        return
    completed = {}
    for id_ in identity["userAssignedIdentities"]:
        found = ctx.store.get(id_)
        if found is None or found["type"].lower() != USER_ASSIGNED.lower():
            raise ArmError(
                400,
                "FailedIdentityOperation",
                f"The identity {id_!r} of {resource['id']} does not exist; create it first.",
                "identity.userAssignedIdentities",
            )
        shown = found["properties"]
        completed[id_] = {name: shown[name] for name in ("principalId", "clientId")}
    identity["userAssignedIdentities"] = completed
