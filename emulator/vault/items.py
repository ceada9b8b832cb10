"""Keys and secrets of a vault in the store: versions, and what was deleted and can come back."""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from emulator.arm.store import Resource, Store
from emulator.vault.errors import VaultError, missing
from emulator.vault.material import Material

Json = dict[str, Any]
_SCHEMA = """CREATE TABLE IF NOT EXISTS keyvault_deleted_objects (
    id TEXT PRIMARY KEY, vault TEXT NOT NULL, body TEXT NOT NULL, deleted INTEGER NOT NULL,
    purge INTEGER NOT NULL) WITHOUT ROWID"""
_DAY = 24 * 3600


@dataclass(frozen=True)
class Items:
    """The keys or the secrets of one vault; `word` is key or secret."""

    store: Store
    vault: Resource
    word: str

    def __post_init__(self) -> None:
        self.store.execute(_SCHEMA)

    def id_of(self, name: str) -> str:
        """Return the id that roles can be given on."""
        return f"{self.vault['id']}/{self.word}s/{name}"

    def base(self, name: str) -> str:
        """Return the address without a version."""
        return f"{self.vault['properties']['vaultUri']}{self.word}s/{name.lower()}"

    def find(self, name: str, version: str = "") -> Json:
        """Return the properties of a version, the latest by default."""
        latest = self.store.get(self.id_of(name))
        if latest is None:
            raise missing(self.word, name)
        if not version or latest["properties"][self._uri].endswith(f"/{version}"):
            return latest["properties"]
        found = self.store.get(f"{latest['id']}/versions/{version}")
        if found is None:
            raise missing(self.word, f"{name}/{version}")
        return found["properties"]

    def add(self, name: str, properties: Json) -> Json:
        """Make a new version, which is the latest from now on."""
        if self._deleted(name) is not None:
            raise VaultError(
                409,
                "Conflict",
                f"{self.word.capitalize()} {name} is currently in a deleted but recoverable state, "
                "and its name cannot be reused; in this state, the "
                f"{self.word} can only be recovered or purged.",
                "ObjectIsDeletedButRecoverable",
            )
        moment = int(time.time())
        attributes = {"enabled": True, **(properties.get("attributes") or {})}
        attributes |= {"created": moment, "updated": moment}
        uri = f"{self.base(name)}/{uuid.uuid4().hex}"
        made = {**properties, "attributes": attributes, self._uri: uri}
        made[f"{self.word}Uri"] = self.base(name)
        self.store.put({"id": self.id_of(name), "properties": made})
        self.store.put(
            {"id": f"{self.id_of(name)}/versions/{self.version(made)}", "properties": made}
        )
        return made

    def change(self, name: str, version: str, changes: Json) -> Json:
        """Change attributes, uses or tags of a version; None leaves what is there."""
        old = self.find(name, version)
        given = {key: value for key, value in changes.items() if value is not None}
        attributes = {**old["attributes"], **given.pop("attributes", {})}
        attributes["updated"] = int(time.time())
        made = {**old, **given, "attributes": attributes}
        if self.find(name)[self._uri] == old[self._uri]:
            self.store.put({"id": self.id_of(name), "properties": made})
        self.store.put(
            {"id": f"{self.id_of(name)}/versions/{self.version(made)}", "properties": made}
        )
        return made

    def names(self) -> list[str]:
        """Return the names of all that are there."""
        found = self.store.children(self.vault["id"], f"{self.word}s")
        return sorted(str(one["id"]).rpartition("/")[2] for one in found)

    def versions(self, name: str) -> list[Json]:
        """Return all versions, in the order in which they were made."""
        latest = self.find(name)
        found = {
            one["properties"][self._uri]: one["properties"]
            for one in self.store.children(self.id_of(name), "versions")
        }
        found[latest[self._uri]] = latest
        return sorted(found.values(), key=lambda one: one["attributes"]["created"])

    def delete(self, name: str) -> Json:
        """Delete all versions; they can be recovered as long as the vault says."""
        latest = self.find(name)
        moment = int(time.time())
        days = self.vault["properties"].get("softDeleteRetentionInDays", 90)
        body = json.dumps({"name": name, "versions": self.versions(name), "latest": latest})
        row = (
            self.id_of(name).lower(),
            self.vault["id"].lower(),
            body,
            moment,
            moment + days * _DAY,
        )
        self.store.execute(
            "INSERT OR REPLACE INTO keyvault_deleted_objects VALUES (?,?,?,?,?)", row
        )
        self.store.delete(self.id_of(name))
        return self.deleted(name)

    def deleted(self, name: str) -> Json:
        """Return a deleted one with its dates."""
        found = self._deleted(name)
        if found is None:
            raise missing(self.word, name)
        return found

    def recover(self, name: str) -> Json:
        """Bring a deleted one back with all its versions."""
        gone = self.deleted(name)
        for one in gone["versions"]:
            self.store.put(
                {"id": f"{self.id_of(name)}/versions/{self.version(one)}", "properties": one}
            )
        self.store.put({"id": self.id_of(name), "properties": gone["latest"]})
        self._forget(name)
        return gone["latest"]

    def purge(self, name: str, material: Material) -> None:
        """Forget a deleted one for good."""
        self.deleted(name)
        if self.vault["properties"].get("enablePurgeProtection"):
            raise VaultError(
                403,
                "Forbidden",
                f'Operation "purge" is not allowed because purge protection is enabled for this '
                f"vault. Key Vault service will automatically purge it after the retention period "
                f"has passed. Vault: {self.vault['name']};location={self.vault['location']}",
                "ForbiddenByPolicy",
            )
        self._forget(name)
        material.forget(self.base(name))

    def version(self, properties: Json) -> str:
        """Return the version of some properties."""
        return str(properties[self._uri]).rpartition("/")[2]

    @property
    def _uri(self) -> str:
        return f"{self.word}UriWithVersion"

    def _deleted(self, name: str) -> Json | None:
        sql = "SELECT body, deleted, purge FROM keyvault_deleted_objects WHERE id = ?"
        for body, moment, until in self.store.query(sql, (self.id_of(name).lower(),)):
            return {**json.loads(body), "deletedDate": moment, "scheduledPurgeDate": until}
        return None

    def _forget(self, name: str) -> None:
        sql = "DELETE FROM keyvault_deleted_objects WHERE id = ?"
        self.store.execute(sql, (self.id_of(name).lower(),))
