"""The network that the service manages for a factory, and the endpoints in it."""

import uuid
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import bad, carry, flag, one_of, required
from emulator.providers.datafactory import references
from emulator.providers.network import approvals
from emulator.providers.network.link_groups import GROUPS

KIND = "managedVirtualNetworks"
DEFAULT = "default"
_NETWORK = f"{references.FACTORY}/{KIND}"


@behaviour
class ManagedNetwork(Behaviour):
    """The one network of a factory."""

    type: ClassVar[str] = _NETWORK
    immutable: ClassVar[tuple[str, ...]] = ("properties.preventDataExfiltration",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        if resource["name"].lower() != DEFAULT:
            sentence = f"The managed network is named '{resource['name']}'; wanted: '{DEFAULT}'."
            raise bad("name", sentence, "InvalidManagedVirtualNetworkName")
        flag(resource["properties"], "preventDataExfiltration", initial=False)
        carry(resource, previous, {"vNetId": str(uuid.uuid4())})
        resource["properties"]["alias"] = references.factory_of(ctx, resource)["name"].lower()

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        references.refuse_if_referenced(ctx, resource)


def make_default(ctx: Context, factory: Resource) -> None:
    """Make the network of a factory unless it is there, as the service does on first need."""
    id_ = f"{factory['id']}/{KIND}/{DEFAULT}"
    if ctx.store.get(id_) is None:
        properties = {
            "alias": factory["name"].lower(),
            "preventDataExfiltration": False,
            "provisioningState": "Succeeded",
            "vNetId": str(uuid.uuid4()),
        }
        ctx.store.put({"id": id_, "properties": properties})


@behaviour
class ManagedEndpoint(Behaviour):
    """An endpoint of the managed network; the owner of its target has to approve it."""

    type: ClassVar[str] = f"{_NETWORK}/managedPrivateEndpoints"
    immutable: ClassVar[tuple[str, ...]] = (
        "properties.groupId",
        "properties.privateLinkResourceId",
    )

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        references.check_name(resource)
        path = "properties.privateLinkResourceId"
        id_ = required(resource, path, "the id of the resource to reach")
        target = ctx.store.get(str(id_))
        if target is None:
            sentence = f"'{path}' is {id_!r}, which was not found; create the resource first."
            raise bad(path, sentence, "InvalidResourceReference")
        groups = GROUPS.get(target["type"].lower())
        if groups is None:
            sentence = f"'{path}' is a {target['type']}, to which no private endpoint leads."
            raise bad(path, sentence, "PrivateLinkServiceTypeNotSupported")
        properties = resource["properties"]
        group = required(resource, "properties.groupId", ", ".join(groups))
        where = "properties.groupId"
        properties["groupId"] = one_of(group, groups, where, "PrivateEndpointGroupIdInvalid")
        properties.setdefault("fqdns", groups[properties["groupId"]](target))
        properties["isReserved"] = False
        # Kept at the target, where its owner decides; a GET looks there.
        properties.pop("connectionState", None)

    @override
    def created(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        if previous is None:
            properties = resource["properties"]
            approvals.ask(
                ctx.store,
                properties["privateLinkResourceId"],
                _connection(resource),
                (_endpoint(ctx, resource), properties["groupId"]),
            )

    @override
    def deleted(self, ctx: Context, resource: Resource) -> None:
        target = resource["properties"]["privateLinkResourceId"]
        approvals.withdraw(ctx.store, target, _connection(resource))

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        target = resource["properties"]["privateLinkResourceId"]
        state = approvals.state_of(ctx.store, target, _connection(resource))
        return {**resource, "properties": {**resource["properties"], "connectionState": state}}


def _connection(resource: Resource) -> str:
    return f"{parse(resource['id']).names[0]}.{resource['name']}"


def _endpoint(ctx: Context, resource: Resource) -> str:
    """Return the id of the endpoint itself, in a subscription of the service."""
    factory = references.factory_of(ctx, resource)
    subscription = uuid.uuid5(uuid.NAMESPACE_URL, f"datafactory/{factory['location']}")
    group = f"vnet-{factory['location']}-{factory['name'].lower()}-rg"
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}/providers/"
        f"Microsoft.Network/privateEndpoints/{factory['name']}.{resource['name']}"
    )
