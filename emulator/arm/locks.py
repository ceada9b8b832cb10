"""Management locks: what stands at a scope or above it stops deletions, or every change."""

from emulator.arm.errors import ArmError
from emulator.arm.ids import ArmId
from emulator.arm.store import Store

TYPE = "Microsoft.Authorization/locks"


def check(store: Store, arm_id: ArmId, *, deleting: bool) -> None:
    """Refuse a change that a lock forbids.

    Raises:
        ArmError: 409 ScopeLocked, naming the locks.
    """
    if arm_id.type.lower() == TYPE.lower():
        return
    found = [
        lock["name"]
        for lock in store.find(TYPE)
        if _covers(lock["id"], arm_id, deleting=deleting)
        and (deleting or lock["properties"].get("level") == "ReadOnly")
    ]
    if found:
        doing = "delete" if deleting else "write"
        raise ArmError(
            409,
            "ScopeLocked",
            f"The scope '{arm_id.text}' cannot perform {doing} operation because following "
            f"scope(s) are locked: {', '.join(found)}. Please remove the lock and try again.",
        )


def _covers(lock_id: str, arm_id: ArmId, *, deleting: bool) -> bool:
    scope = lock_id.lower().rpartition("/providers/")[0]
    above = arm_id.key == scope or arm_id.key.startswith(f"{scope}/")
    # Deleting a group or a resource also deletes what is below it.
    return above or (deleting and scope.startswith(f"{arm_id.key}/"))
