"""A local Azure without a server: requests go straight to the management plane."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import emulator.providers  # noqa: F401 - registers the behaviours
from emulator import blob
from emulator.arm import plane
from emulator.arm.behaviours import ArmRequest, Context, Services
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource, Store
from emulator.login.callers import Caller
from emulator.login.principals import Principals
from emulator.login.tokens import Tokens

SUBSCRIPTION = "00000000-0000-0000-0000-0000000a21c0"
TENANT = "00000000-0000-0000-0000-00000000ad00"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"


@dataclass
class Azure:
    """Writes, reads and deletes resources of one group."""

    ctx: Context

    @property
    def store(self) -> Store:
        return self.ctx.store

    def containers(self, account: str) -> list[str]:
        """The containers that the blob service has."""
        return [one.name for one in self.ctx.services.blobs.containers(account)]

    def request(self, method: str, id_: str, body: dict | None = None, **query: str) -> ArmRequest:
        return ArmRequest(method, id_, query, body, {}, self.ctx)

    def id(self, path: str) -> str:
        """The id of a resource of the group; a path with a leading slash is an id already."""
        return path if path.startswith("/") else f"{GROUP}/providers/{path}"

    def put(self, path: str, body: dict[str, Any] | None = None, method: str = "PUT") -> Resource:
        id_ = self.id(path)
        return plane.write(self.request(method, id_, body or {}), parse(id_))[0]

    def get(self, path: str) -> Resource:
        return plane.read(self.ctx, parse(self.id(path)))

    def delete(self, path: str) -> bool:
        return plane.delete(self.ctx, parse(self.id(path)))

    def post(self, path: str, action: str, body: dict | None = None) -> bytes:
        id_ = self.id(path)
        return bytes(plane.act(self.request("POST", id_, body), parse(id_), action).body)

    def refuses(self, path: str, body: dict[str, Any], method: str = "PUT") -> ArmError:
        """The refusal of a write; fails when it is accepted, and when it changed anything."""
        before = self.store.get(self.id(path))
        with pytest.raises(ArmError) as refusal:
            self.put(path, body, method)
        assert self.store.get(self.id(path)) == before
        return refusal.value

    # What other resources need.

    def account(self, name: str = "stmlops", **properties: object) -> Resource:
        return self.put(f"Microsoft.Storage/storageAccounts/{name}", account_body(**properties))

    def vault(self, name: str = "kv-mlops", **properties: object) -> Resource:
        return self.put(f"Microsoft.KeyVault/vaults/{name}", vault_body(**properties))

    def network(self, prefix: str = "10.0.0.0/16", name: str = "vnet") -> Resource:
        body = located(addressSpace={"addressPrefixes": [prefix]})
        return self.put(f"Microsoft.Network/virtualNetworks/{name}", body)

    def subnet(self, prefix: str = "10.0.1.0/24", name: str = "endpoints") -> Resource:
        self.network()
        path = f"Microsoft.Network/virtualNetworks/vnet/subnets/{name}"
        return self.put(path, {"properties": {"addressPrefix": prefix}})

    def endpoint(self, target: str, group: str, name: str = "pe", **properties: object) -> Resource:
        path = f"Microsoft.Network/privateEndpoints/{name}"
        return self.put(path, self.endpoint_body(target, group, **properties))

    def endpoint_body(self, target: str, group: str, **properties: object) -> dict[str, Any]:
        connection = {"privateLinkServiceId": target, "groupIds": [group]}
        return located(
            subnet={"id": self.id("Microsoft.Network/virtualNetworks/vnet/subnets/endpoints")},
            privateLinkServiceConnections=[{"name": group, "properties": connection}],
            **properties,
        )


def located(location: str = "westeurope", **properties: object) -> dict[str, Any]:
    return {"location": location, "properties": properties}


def account_body(**properties: object) -> dict[str, Any]:
    return {**located(**properties), "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


def vault_body(**properties: object) -> dict[str, Any]:
    needed = {
        "tenantId": TENANT,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
    }
    kept = {name: value for name, value in (needed | properties).items() if value is not None}
    return located(**kept)


def build(home: Path) -> Azure:
    """A local Azure with one resource group."""
    store = Store(home / "state.db")
    services = Services(
        home=home,
        store=store,
        tokens=Tokens(uuid.uuid4().bytes * 2, TENANT),
        principals=Principals(store),
        subscription_id=SUBSCRIPTION,
    )
    blob.attach(services)
    azure = Azure(Context(store, Caller("private", None), services))
    azure.put(GROUP, {"location": "westeurope"})
    return azure
