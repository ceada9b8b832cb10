"""Purview accounts."""

import hashlib
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource, now
from emulator.login.principals import wants_system_identity
from emulator.providers.checks import carry, choice, default, located, named
from emulator.providers.network.connections import connections_of

TYPE = "Microsoft.Purview/accounts"
_ACCESS = ("NotSpecified", "Enabled", "Disabled")
_STATES = ("Enabled", "Disabled")
# The service keeps what scanners bring in a subscription of its own.
_SERVICE = "/subscriptions/00000000-0000-0000-0000-00000000face/resourceGroups/ingestion"


@behaviour
class Account(Behaviour):
    """The catalogue; since December 2023 an account brings no storage of the customer's own."""

    type: ClassVar[str] = TYPE
    immutable: ClassVar[tuple[str, ...]] = ("location", "properties.managedResourceGroupName")
    globally_unique: ClassVar[bool] = True

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"(?=.{3,63}$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*",
            "InvalidAccountName",
            "The account name '{name}' is not valid: wanted are 3 to 63 letters, digits and "
            "single inner hyphens.",
        )
        located(resource)
        if not wants_system_identity(resource):
            sentence = "An account scans as its own identity; wanted: identity.type SystemAssigned."
            raise ArmError(400, "InvalidIdentity", sentence, "identity.type")
        properties = resource["properties"]
        properties.pop("privateEndpointConnections", None)
        for name in ("publicNetworkAccess", "managedResourcesPublicNetworkAccess"):
            choice(properties, name, _ACCESS, "Enabled")
        choice(properties, "managedEventHubState", ("NotSpecified", *_STATES), "Disabled")
        choice(properties, "tenantEndpointState", ("NotSpecified", *_STATES), "NotSpecified")
        default(resource, "sku", {"name": "Standard", "capacity": 1})
        carry(resource, previous, {"createdAt": now()})
        name = resource["name"].lower()
        kept = default(properties, "ingestionStorage", {})
        choice(kept, "publicNetworkAccess", _ACCESS, "Enabled")
        host = f"{_ingestion_of(resource)}.blob.core.windows.net"
        kept |= {"id": _ingestion_id(resource), "primaryEndpoint": f"https://{host}"}
        properties |= {
            "friendlyName": resource["name"],
            "endpoints": {
                "catalog": f"https://{name}.purview.azure.com/catalog",
                "scan": f"https://{name}.purview.azure.com/scan",
            },
        }

    @override
    def created(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        if previous is None:
            ctx.store.put(
                {
                    "id": _ingestion_id(resource),
                    "name": _ingestion_of(resource),
                    "type": "Microsoft.Storage/storageAccounts",
                    "location": resource["location"],
                    "kind": "StorageV2",
                    "properties": {"publicNetworkAccess": "Disabled"},
                }
            )

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        connections = connections_of(ctx.store, resource["id"])
        shown = {**resource["properties"], "privateEndpointConnections": connections}
        return {**resource, "properties": shown}

    @override
    def deleted(self, ctx: Context, resource: Resource) -> None:
        ctx.store.delete(_ingestion_id(resource))


def _ingestion_of(resource: Resource) -> str:
    return f"scan{hashlib.sha256(resource['id'].lower().encode()).hexdigest()[:16]}"


def _ingestion_id(resource: Resource) -> str:
    account = _ingestion_of(resource)
    return f"{_SERVICE}/providers/Microsoft.Storage/storageAccounts/{account}"
