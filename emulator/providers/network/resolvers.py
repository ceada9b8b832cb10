"""DNS resolvers: what answers questions about private zones from outside their networks."""

import uuid
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import bad, carry, located, refer, required
from emulator.providers.network import addresses
from emulator.providers.network.occupants import INBOUND, OUTBOUND, occupants
from emulator.providers.network.subnets import NETWORK, ranges_of

TYPE = "Microsoft.Network/dnsResolvers"
_DELEGATION = "Microsoft.Network/dnsResolvers"
_WIDEST, _SMALLEST = 24, 28
_CODE = "BadRequest"


@behaviour
class Resolver(Behaviour):
    """A resolver in a network; a network has one."""

    type: ClassVar[str] = TYPE
    immutable: ClassVar[tuple[str, ...]] = ("properties.virtualNetwork.id",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        location = located(resource)
        path = "properties.virtualNetwork.id"
        required(resource, path, "the id of a virtual network", _CODE)
        network = refer(ctx, resource, path, NETWORK)
        if network is not None and network.get("location") != location:
            sentence = f"The network '{network['name']}' is in '{network.get('location')}'."
            raise bad(path, sentence, _CODE)
        for other in ctx.store.find(TYPE):
            theirs = other["properties"]["virtualNetwork"]["id"].lower()
            same = network is not None and theirs == network["id"].lower()
            if same and other["id"].lower() != resource["id"].lower():
                sentence = f"The network has the resolver '{other['id']}' already."
                raise ArmError(409, "Conflict", sentence, path)
        carry(resource, previous, {"resourceGuid": str(uuid.uuid4())})
        resource["properties"]["dnsResolverState"] = "Connected"

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        for kind in ("inboundEndpoints", "outboundEndpoints"):
            ends = ctx.store.children(resource["id"], kind)
            if ends:
                sentence = f"'{resource['name']}' has the endpoint '{ends[0]['id']}'."
                raise ArmError(409, "CannotDeleteResource", f"{sentence} Delete that first.")


class _End(Behaviour):
    """One side of a resolver, alone in a delegated subnet."""

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        location = located(resource)
        resolver = parse(resource["id"]).parent
        home = ctx.store.get(resolver.text) if resolver else None
        if home is None or home.get("location") != location:
            sentence = f"'{resource['name']}' is in '{location}'; wanted: its resolver's region."
            raise bad("location", sentence, _CODE)
        self.settle(ctx, resource, previous, home)
        carry(resource, previous, {"resourceGuid": str(uuid.uuid4())})

    def settle(
        self, ctx: Context, resource: Resource, previous: Resource | None, home: Resource
    ) -> None:
        """Find the place of the endpoint."""


@behaviour
class Inbound(_End):
    """Where questions come in: an address of the network."""

    type: ClassVar[str] = INBOUND

    @override
    def settle(
        self, ctx: Context, resource: Resource, previous: Resource | None, home: Resource
    ) -> None:
        path = "properties.ipConfigurations"
        parts = required(resource, path, "a list of one configuration", _CODE)
        if not isinstance(parts, list) or len(parts) != 1:
            raise bad(path, f"'{path}' is {parts!r}; wanted: one configuration.", _CODE)
        subnet = _subnet(ctx, resource, parts[0], home)
        before = ((previous or {}).get("properties") or {}).get("ipConfigurations") or [{}]
        was = before[0].get("privateIpAddress")
        if previous is not None and _id(parts[0]) != _id(before[0]):
            sentence = f"The subnet of '{resource['name']}' cannot change."
            raise ArmError(409, "PropertyChangeNotAllowed", sentence, path)
        addresses.settle(ctx, resource, subnet, parts[0], was)


@behaviour
class Outbound(_End):
    """Where the resolver asks other servers from."""

    type: ClassVar[str] = OUTBOUND
    immutable: ClassVar[tuple[str, ...]] = ("properties.subnet.id",)

    @override
    def settle(
        self, ctx: Context, resource: Resource, previous: Resource | None, home: Resource
    ) -> None:
        _subnet(ctx, resource, resource["properties"], home)


def _id(part: dict[str, Any]) -> str:
    return str((part.get("subnet") or {}).get("id", "")).lower()


def _subnet(ctx: Context, resource: Resource, part: dict[str, Any], home: Resource) -> Resource:
    path = "properties.ipConfigurations[0]"
    subnet = addresses.place(ctx, resource, part, path)
    network = parse(subnet["id"]).parent
    if network is None or network.key != home["properties"]["virtualNetwork"]["id"].lower():
        sentence = f"Subnet '{subnet['name']}' is not in the network of the resolver."
        raise bad(path, sentence, _CODE)
    delegated = {
        str((one.get("properties") or {}).get("serviceName")).lower()
        for one in subnet["properties"].get("delegations") or []
    }
    if delegated - {_DELEGATION.lower()}:
        sentence = f"Subnet '{subnet['name']}' is delegated to {', '.join(sorted(delegated))}."
        raise bad(path, sentence, "SubnetDelegationInvalid")
    if not delegated:
        sentence = f"Subnet '{subnet['name']}' is not delegated; wanted: to {_DELEGATION}."
        raise bad(path, sentence, "SubnetNotDelegated")
    for one in ranges_of(subnet):
        if one.version == 4 and not _WIDEST <= one.prefixlen <= _SMALLEST:
            sentence = f"Subnet '{subnet['name']}' has the range {one}; wanted: /24 to /28."
            raise bad(path, sentence, _CODE)
    others = [
        one
        for one in occupants(ctx.store, subnet["id"])
        if one["id"].lower() != resource["id"].lower()
    ]
    if others:
        sentence = f"Subnet '{subnet['name']}' holds {others[0]['id']}; wanted: one of its own."
        raise ArmError(409, "SubnetInUse", sentence, path)
    return subnet
