"""The two keys of each storage account, beside the resources so that no GET shows them."""

import base64
import secrets
from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.store import Resource, Store, now
from emulator.providers.checks import one_of

NAMES = ("key1", "key2")
_SCHEMA = """CREATE TABLE IF NOT EXISTS storage_keys (
    account TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, created TEXT NOT NULL,
    PRIMARY KEY (account, name)) WITHOUT ROWID"""


def make(store: Store, account_id: str) -> None:
    """Give an account its keys."""
    store.execute(_SCHEMA)
    for name in NAMES:
        _set(store, account_id, name)


def forget(store: Store, account_id: str) -> None:
    """Remove the keys of an account that was deleted."""
    store.execute(_SCHEMA)
    store.execute("DELETE FROM storage_keys WHERE account = ?", (account_id.lower(),))


def of_account(store: Store, account_id: str) -> dict[str, str]:
    """Return the keys by name, in base64; empty for an account that does not exist."""
    return {entry["keyName"]: entry["value"] for entry in _listed(store, account_id)}


def listed(ctx: Context, resource: Resource, body: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - an action
    """Answer the action listKeys."""
    return {"keys": _listed(ctx.store, resource["id"])}


def regenerate(ctx: Context, resource: Resource, body: dict[str, Any]) -> dict[str, Any]:
    """Answer the action regenerateKey."""
    name = one_of(body.get("keyName"), NAMES, "keyName")
    _set(ctx.store, resource["id"], name)
    return {"keys": _listed(ctx.store, resource["id"])}


def _set(store: Store, account_id: str, name: str) -> None:
    value = base64.b64encode(secrets.token_bytes(64)).decode()
    row = (account_id.lower(), name, value, now())
    store.execute("INSERT OR REPLACE INTO storage_keys VALUES (?, ?, ?, ?)", row)


def _listed(store: Store, account_id: str) -> list[dict[str, str]]:
    store.execute(_SCHEMA)
    rows = store.query(
        "SELECT name, value, created FROM storage_keys WHERE account = ? ORDER BY name",
        (account_id.lower(),),
    )
    return [
        {"keyName": name, "value": value, "permissions": "FULL", "creationTime": created}
        for name, value, created in rows
    ]
