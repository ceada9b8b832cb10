"""Deleted workspaces keep their name for fourteen days, unless they are purged."""

import time

from emulator.arm.errors import ArmError
from emulator.arm.store import Store

_DAYS = 14
_TABLE = (
    "CREATE TABLE IF NOT EXISTS ml_deleted_workspaces (id TEXT PRIMARY KEY, name TEXT NOT NULL,"
    " location TEXT NOT NULL, deleted REAL NOT NULL) WITHOUT ROWID"
)


def remember(store: Store, workspace: dict) -> None:
    """Keep the name of a workspace that was deleted, unless it was deleted for good."""
    store.execute(_TABLE, ())
    id_ = workspace["id"].lower()
    if store.query("SELECT id FROM ml_deleted_workspaces WHERE id = ? AND deleted = 0", (id_,)):
        forget(store, id_)
        return
    store.execute(
        "INSERT OR REPLACE INTO ml_deleted_workspaces VALUES (?, ?, ?, ?)",
        (id_, workspace["name"], str(workspace.get("location")), time.time()),
    )


def mark(store: Store, workspace_id: str) -> None:
    """Say that the deletion which comes now is for good."""
    store.execute(_TABLE, ())
    store.execute(
        "INSERT OR REPLACE INTO ml_deleted_workspaces VALUES (?, ?, '', 0)",
        (workspace_id.lower(), workspace_id.rsplit("/", 1)[-1]),
    )


def forget(store: Store, workspace_id: str) -> bool:
    """Purge a deleted workspace; False when there is none."""
    store.execute(_TABLE, ())
    found = store.query(
        "SELECT id FROM ml_deleted_workspaces WHERE id = ?", (workspace_id.lower(),)
    )
    store.execute("DELETE FROM ml_deleted_workspaces WHERE id = ?", (workspace_id.lower(),))
    return bool(found)


def refuse_reuse(store: Store, workspace: dict) -> None:
    """Refuse a workspace whose name still belongs to a deleted one."""
    store.execute(_TABLE, ())
    rows = store.query(
        "SELECT deleted FROM ml_deleted_workspaces WHERE id = ? AND deleted > ?",
        (workspace["id"].lower(), time.time() - _DAYS * 86400),
    )
    if rows:
        msg = (
            "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete"
            f" ({workspace['name']!r}: DELETE it once more with forceToPurge=true, or take another"
            " name)"
        )
        raise ArmError(409, "Conflict", msg, "name")
