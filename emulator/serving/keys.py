"""The keys of online endpoints: made when they are first asked for, and made anew on demand."""

import hmac
import secrets
from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource, Store
from emulator.azureml.text import one_of

_SCHEMA = """CREATE TABLE IF NOT EXISTS serving_keys (
    endpoint TEXT PRIMARY KEY, first TEXT NOT NULL, second TEXT NOT NULL)"""
_LENGTH = 48


def of(store: Store, endpoint_id: str) -> tuple[str, str]:
    """Both keys of an endpoint."""
    id_ = endpoint_id.lower()
    store.execute(_SCHEMA)
    store.execute("INSERT OR IGNORE INTO serving_keys VALUES (?, ?, ?)", (id_, _key(), _key()))
    rows = store.query("SELECT first, second FROM serving_keys WHERE endpoint = ?", (id_,))
    return rows[0][0], rows[0][1]


def opens(store: Store, endpoint_id: str, given: str) -> bool:
    """Whether a caller has one of the keys."""
    return any(hmac.compare_digest(key.encode(), given.encode()) for key in of(store, endpoint_id))


def forget(store: Store, endpoint_id: str) -> None:
    """Drop the keys of an endpoint that is gone."""
    store.execute(_SCHEMA)
    store.execute("DELETE FROM serving_keys WHERE endpoint = ?", (endpoint_id.lower(),))


def listed(ctx: Context, endpoint: Resource, _body: dict[str, Any]) -> dict[str, Any]:
    """The action listKeys."""
    _need_keys(endpoint)
    first, second = of(ctx.store, endpoint["id"])
    return {"primaryKey": first, "secondaryKey": second}


def regenerated(ctx: Context, endpoint: Resource, body: dict[str, Any]) -> dict[str, Any]:
    """The action regenerateKeys."""
    _need_keys(endpoint)
    kind = one_of(body.get("keyType"), ("Primary", "Secondary"), "keyType")
    of(ctx.store, endpoint["id"])
    column = "first" if kind == "Primary" else "second"
    value = str(body.get("keyValue") or _key())
    ctx.store.execute(
        f"UPDATE serving_keys SET {column} = ? WHERE endpoint = ?",  # noqa: S608 - our two words
        (value, endpoint["id"].lower()),
    )
    return {}


def _need_keys(endpoint: Resource) -> None:
    mode = endpoint["properties"]["authMode"]
    if mode != "Key":
        msg = (
            f"Endpoint {endpoint['name']!r} has authMode {mode}, so it has no keys; sign in with"
            " Microsoft Entra instead."
        )
        raise ArmError(400, "BadArgument", msg, "authMode")


def _key() -> str:
    return secrets.token_urlsafe(_LENGTH)
