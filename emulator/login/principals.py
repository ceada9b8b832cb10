"""The directory: the deploying principal, and every managed identity that ARM made."""

import secrets
import uuid

from emulator.arm.store import Resource, Store
from emulator.login.callers import Principal

DEPLOYER = "deployer"
SERVICE_PRINCIPAL = "ServicePrincipal"
MANAGED_IDENTITY = "ManagedIdentity"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"

_SCHEMA = """CREATE TABLE IF NOT EXISTS login_principals (
    object_id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, client_id TEXT UNIQUE,
    secret TEXT NOT NULL, resource TEXT) WITHOUT ROWID"""
_COLUMNS = "SELECT object_id, kind, name, client_id FROM login_principals"


class Principals:
    """Who can sign in here, kept in the store's file."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.execute(_SCHEMA)

    def seed(self, subscription_id: str) -> None:
        """Make the deploying principal, Owner of the subscription, unless it is there."""
        with self._store.transaction():
            principal = self.by_name(DEPLOYER) or self.add(DEPLOYER, SERVICE_PRINCIPAL)
            scope = f"/subscriptions/{subscription_id}"
            name = uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}/{DEPLOYER}/{OWNER}")
            id_ = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
            if self._store.get(id_) is None:
                definition = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}"
                properties = {
                    "roleDefinitionId": definition,
                    "principalId": principal.object_id,
                    "principalType": SERVICE_PRINCIPAL,
                    "scope": scope,
                }
                self._store.put({"id": id_, "properties": properties})

    def add(self, name: str, kind: str, resource: str | None = None) -> Principal:
        """Add a principal with ids of its own; `resource` is the id of what it belongs to."""
        principal = Principal(str(uuid.uuid4()), kind, name, str(uuid.uuid4()))
        values = (principal.object_id, kind, name, principal.client_id, secrets.token_urlsafe(32))
        self._store.execute(
            "INSERT INTO login_principals VALUES (?, ?, ?, ?, ?, ?)",
            (*values, resource.lower() if resource else None),
        )
        return principal

    def remove(self, resource: str) -> None:
        """Remove the identity of a resource that was deleted."""
        self._store.execute("DELETE FROM login_principals WHERE resource = ?", (resource.lower(),))

    def all(self) -> list[Principal]:
        """Return everyone, by name."""
        return [Principal(*row) for row in self._store.query(f"{_COLUMNS} ORDER BY name")]

    def by_object_id(self, object_id: str) -> Principal | None:
        """Return the principal that a token names."""
        return self._one("object_id = ?", object_id)

    def by_client_id(self, client_id: str) -> Principal | None:
        """Return the principal that signs in with this client id."""
        return self._one("client_id = ?", client_id)

    def by_name(self, name: str) -> Principal | None:
        """Return the principal of this name."""
        return self._one("name = ?", name)

    def of_resource(self, resource: str) -> Principal | None:
        """Return the identity of a resource."""
        return self._one("resource = ?", resource.lower())

    def resource_of(self, principal: Principal) -> str | None:
        """Return the id (in lower case) of the resource whose identity this is."""
        sql = "SELECT resource FROM login_principals WHERE object_id = ?"
        rows = self._store.query(sql, (principal.object_id,))
        return rows[0][0] if rows else None

    def resolve(self, word: str) -> Principal | None:
        """Return whom a word means: a name, an object id, a client id or a resource's id."""
        by_ids = self.by_object_id(word) or self.by_client_id(word)
        return by_ids or self.by_name(word) or self.of_resource(word)

    def secret(self, principal: Principal) -> str:
        """Return the client secret of a principal; it opens this local Azure only."""
        rows = self._store.query(
            "SELECT secret FROM login_principals WHERE object_id = ?", (principal.object_id,)
        )
        return str(rows[0][0])

    def _one(self, where: str, value: str) -> Principal | None:
        rows = self._store.query(f"{_COLUMNS} WHERE {where}", (value,))
        return Principal(*rows[0]) if rows else None


def wants_system_identity(resource: Resource) -> bool:
    """Say whether a resource's body asks for an identity of its own."""
    kind = str((resource.get("identity") or {}).get("type", ""))
    return "systemassigned" in kind.replace(" ", "").lower()
