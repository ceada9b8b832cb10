"""Who may call the planes of a workspace, and from where."""

from emulator.access.network import reaches
from emulator.access.rbac import allows
from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource, Store
from emulator.azureml.text import NAMESPACE
from emulator.login.callers import Caller, Principal

GROUP = "amlworkspace"
READ = f"{NAMESPACE}/workspaces/experiments/runs/read"
WRITE = f"{NAMESPACE}/workspaces/experiments/runs/write"


def need_reach(ctx: Context, workspace: Resource) -> None:
    """Refuse a caller at a place from which the workspace cannot be reached."""
    need_place(ctx.store, ctx.caller, workspace)


def need_place(store: Store, caller: Caller, workspace: Resource) -> None:
    """Refuse a caller at a place from which the workspace cannot be reached."""
    refusal = reaches(store, caller.place, workspace, GROUP)
    if refusal is not None:
        raise ArmError(403, refusal.code, refusal.message)


def need_role(store: Store, caller: Caller, workspace: Resource, action: str) -> Principal:
    """Refuse a caller who is nobody, or has no role on the workspace that allows `action`."""
    if caller.principal is None:
        raise ArmError(401, "Unauthorized", "The request has no valid bearer token.")
    if not allows(store, caller.principal, action, workspace["id"]):
        msg = (
            f"The client '{caller.principal.name}' with object id '{caller.principal.object_id}'"
            f" does not have authorization to perform action '{action}' over scope"
            f" '{workspace['id']}'."
        )
        raise ArmError(403, "AuthorizationFailed", msg)
    return caller.principal
