"""Vaults that were deleted and can come back until they are purged."""

import datetime as dt
import json
from typing import Any

from emulator.arm.ids import parse
from emulator.arm.store import Resource, Store

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS keyvault_deleted (
        name TEXT PRIMARY KEY, body TEXT NOT NULL, deleted TEXT NOT NULL, purge TEXT NOT NULL
        ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS keyvault_deleted_items (
        id TEXT PRIMARY KEY, vault TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID""",
)


def _ready(store: Store) -> None:
    for statement in _SCHEMA:
        store.execute(statement)


def bury(store: Store, vault: Resource) -> None:
    """Keep a vault that was deleted for as many days as it says."""
    _ready(store)
    moment = dt.datetime.now(dt.UTC)
    days = vault["properties"]["softDeleteRetentionInDays"]
    times = (moment.isoformat(), (moment + dt.timedelta(days=days)).isoformat())
    row = (vault["name"].lower(), json.dumps(vault), *times)
    store.execute("INSERT OR REPLACE INTO keyvault_deleted VALUES (?, ?, ?, ?)", row)


def bury_item(store: Store, item: Resource) -> None:
    """Keep a key or secret of a vault that was deleted."""
    _ready(store)
    row = (item["id"].lower(), parse(item["id"]).names[0].lower(), json.dumps(item))
    store.execute("INSERT OR REPLACE INTO keyvault_deleted_items VALUES (?, ?, ?)", row)


def find(store: Store, name: str) -> dict[str, Any] | None:
    """Return a deleted vault with its dates, None when there is none or its time is over."""
    return next((one for one in everyone(store) if one["name"].lower() == name.lower()), None)


def everyone(store: Store) -> list[dict[str, Any]]:
    """Return all deleted vaults as the API shows them, with the vault under `_vault`."""
    _ready(store)
    moment = dt.datetime.now(dt.UTC).isoformat()
    for (name,) in store.query("SELECT name FROM keyvault_deleted WHERE purge <= ?", (moment,)):
        purge(store, name)
    rows = store.query("SELECT body, deleted, purge FROM keyvault_deleted ORDER BY name")
    return [_shown(json.loads(body), deleted, purge_at) for body, deleted, purge_at in rows]


def purge(store: Store, name: str) -> None:
    """Forget a deleted vault for good."""
    _ready(store)
    for sql in (
        "DELETE FROM keyvault_deleted WHERE name = ?",
        "DELETE FROM keyvault_deleted_items WHERE vault = ?",
    ):
        store.execute(sql, (name.lower(),))


def raise_items(store: Store, vault: Resource) -> None:
    """Put back what a recovered vault kept."""
    _ready(store)
    sql = "SELECT body FROM keyvault_deleted_items WHERE vault = ?"
    for (body,) in store.query(sql, (vault["name"].lower(),)):
        item = json.loads(body)
        kind, name = item["id"].rsplit("/", 2)[1:]
        store.put({**item, "id": f"{vault['id']}/{kind}/{name}"})


def _shown(vault: Resource, deleted: str, purge_at: str) -> dict[str, Any]:
    subscription = parse(vault["id"]).subscription
    provider = f"/subscriptions/{subscription}/providers/Microsoft.KeyVault"
    location, properties = vault["location"], vault["properties"]
    return {
        "id": f"{provider}/locations/{location}/deletedVaults/{vault['name']}",
        "name": vault["name"],
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": {
            "vaultId": vault["id"],
            "location": location,
            "tags": vault.get("tags", {}),
            "deletionDate": deleted,
            "scheduledPurgeDate": purge_at,
            "purgeProtectionEnabled": properties.get("enablePurgeProtection"),
        },
        "_vault": vault,
    }
