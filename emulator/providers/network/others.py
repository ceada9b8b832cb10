"""Gateways, addresses, routes, interfaces and peerings, with light checks."""

import re
import uuid
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import (
    bad,
    between,
    carry,
    choice,
    default,
    flag,
    ip_range,
    located,
    of_type,
    one_of,
    refer,
    required,
)
from emulator.providers.network import addresses
from emulator.providers.network.addresses import PUBLIC
from emulator.providers.network.occupants import INTERFACE, NAT, holders
from emulator.providers.network.subnets import NETWORK
from emulator.providers.network.usage import refuse_if_used

_MACHINE = "Microsoft.Compute/virtualMachines"
_SECURITY_GROUP = "Microsoft.Network/networkSecurityGroups"
# A service tag, of a region or of all.
_TAG = re.compile(r"[A-Za-z]\w*(\.\w+)?")
_HOPS = ("VirtualNetworkGateway", "VnetLocal", "Internet", "VirtualAppliance", "None")


@behaviour
class PublicAddress(Behaviour):
    """A public address; its number is of a range for documentation."""

    type: ClassVar[str] = PUBLIC

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        located(resource)
        sku = default(resource, "sku", {"name": "Standard"})
        sku["name"] = one_of(sku.get("name"), ("Standard", "Basic"), "sku.name")
        default(sku, "tier", "Regional")
        properties = resource["properties"]
        methods = ("Static", "Dynamic")
        standard = sku["name"] == "Standard"
        method = choice(
            properties, "publicIPAllocationMethod", methods, methods[0 if standard else 1]
        )
        if standard and method != "Static":
            path = "properties.publicIPAllocationMethod"
            sentence = f"'{path}' is {method}; an address of the Standard sku must be Static."
            raise bad(path, sentence, "StandardSkuPublicIPAddressesMustBeStatic")
        choice(properties, "publicIPAddressVersion", ("IPv4", "IPv6"), "IPv4")
        default(properties, "idleTimeoutInMinutes", 4)
        number = uuid.uuid5(uuid.NAMESPACE_URL, resource["id"].lower()).int % 254 + 1
        carry(resource, previous, {"ipAddress": f"203.0.113.{number}"})

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        for holder in holders(ctx.store, resource["id"]):
            raise bad(
                "id",
                f"Public IP address {resource['id']} can not be deleted since it is still "
                f"allocated to resource {holder['id']}.",
                "PublicIPAddressCannotBeDeleted",
            )


@behaviour
class NatGateway(Behaviour):
    """The way out of subnets."""

    type: ClassVar[str] = NAT

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        located(resource)
        sku = default(resource, "sku", {"name": "Standard"})
        sku["name"] = one_of(sku.get("name"), ("Standard", "StandardV2"), "sku.name")
        properties = resource["properties"]
        minutes = default(properties, "idleTimeoutInMinutes", 4)
        between(minutes, 4, 120, "properties.idleTimeoutInMinutes")
        for one in properties.get("publicIpAddresses") or []:
            if of_type(ctx.store, one.get("id"), PUBLIC) is None:
                sentence = f"Resource {one.get('id')} referenced by {resource['id']} was not found."
                raise bad("properties.publicIpAddresses", sentence, "InvalidResourceReference")

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        refuse_if_used(ctx.store, resource, "natGateway", "InUseNatGatewayCannotBeDeleted")


@behaviour
class RouteTable(Behaviour):
    """Routes that subnets use."""

    type: ClassVar[str] = "Microsoft.Network/routeTables"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        located(resource)
        flag(resource["properties"], "disableBgpRoutePropagation", initial=False)
        for route in default(resource["properties"], "routes", []):
            path = f"properties.routes.{route.get('name')}"
            inner = route.get("properties") or {}
            prefix = str(inner.get("addressPrefix") or "")
            if not _TAG.fullmatch(prefix):
                ip_range(prefix, f"{path}.addressPrefix")
            hop = one_of(inner.get("nextHopType"), _HOPS, f"{path}.nextHopType")
            if hop == "VirtualAppliance" and not inner.get("nextHopIpAddress"):
                sentence = f"'{path}.nextHopIpAddress' is missing; VirtualAppliance needs it."
                raise bad(f"{path}.nextHopIpAddress", sentence, "InvalidRouteNextHopIpAddress")

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        refuse_if_used(ctx.store, resource, "routeTable", "InUseRouteTableCannotBeDeleted")


@behaviour
class Interface(Behaviour):
    """A network interface; those of private endpoints live and die with them."""

    type: ClassVar[str] = INTERFACE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        located(resource)
        properties = resource["properties"]
        for name in ("enableIPForwarding", "enableAcceleratedNetworking"):
            flag(properties, name, initial=False)
        refer(ctx, resource, "properties.networkSecurityGroup.id", _SECURITY_GROUP)
        for index, one in enumerate(addresses.parts_of(resource)):
            part, where = one["properties"], f"properties.ipConfigurations[{index}]"
            subnet = addresses.place(ctx, resource, part, where)
            if (part.get("publicIPAddress") or {}).get("id"):
                addresses.require_public(ctx, resource, part, where)
            before = addresses.before_of(previous, one["name"]).get("privateIPAddress")
            addresses.settle(ctx, resource, subnet, part, before)
            default(part, "primary", index == 0)
            default(part, "privateIPAddressVersion", "IPv4")
        addresses.complete(resource, "ipConfigurations")
        number = uuid.uuid5(uuid.NAMESPACE_URL, resource["id"].lower()).hex[:6].upper()
        tail = "-".join(number[i : i + 2] for i in (0, 2, 4))
        made = {"macAddress": f"00-0D-3A-{tail}", "resourceGuid": str(uuid.uuid4())}
        carry(resource, previous, made)
        properties.pop("virtualMachine", None)

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        machine = self._machine(ctx, resource)
        if machine is None:
            return resource
        shown = {**resource["properties"], "virtualMachine": {"id": machine}}
        return {**resource, "properties": shown}

    def _machine(self, ctx: Context, resource: Resource) -> str | None:
        for machine in ctx.store.find(_MACHINE):
            profile = machine["properties"].get("networkProfile") or {}
            for one in profile.get("networkInterfaces") or []:
                if str(one.get("id", "")).lower() == resource["id"].lower():
                    return machine["id"]
        return None

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        machine = self._machine(ctx, resource)
        if machine:
            sentence = f"Network interface {resource['id']} is used by existing VM {machine}."
            raise bad("id", sentence, "NicInUse")
        owner = (resource["properties"].get("privateEndpoint") or {}).get("id")
        if owner and ctx.store.get(owner):
            raise bad(
                "id",
                f"Network interface {resource['id']} is in use with {owner} and cannot be deleted.",
                "NicInUseWithPrivateEndpoint",
            )


@behaviour
class Peering(Behaviour):
    """One side of a peering; connected when the other network has its own."""

    type: ClassVar[str] = f"{NETWORK}/virtualNetworkPeerings"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        path = "properties.remoteVirtualNetwork.id"
        required(resource, path, "the id of the other network")
        remote = refer(ctx, resource, path, NETWORK)
        own = parse(resource["id"]).parent
        if remote is None or own is None or remote["id"].lower() == own.key:
            sentence = f"'{path}' names the network itself; wanted: another network."
            raise bad(path, sentence, "VnetCannotPeerWithItself")
        properties = resource["properties"]
        flag(properties, "allowVirtualNetworkAccess", initial=True)
        flag(properties, "allowForwardedTraffic", initial=False)
        other_side = any(
            str((one["properties"].get("remoteVirtualNetwork") or {}).get("id", "")).lower()
            == own.key
            for one in ctx.store.children(remote["id"], "virtualNetworkPeerings")
        )
        properties["peeringState"] = "Connected" if other_side else "Initiated"

    @override
    def created(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        own = parse(resource["id"]).parent
        remote = resource["properties"]["remoteVirtualNetwork"]["id"]
        for side in ctx.store.children(remote, "virtualNetworkPeerings"):
            theirs = side["properties"]["remoteVirtualNetwork"]["id"].lower()
            if own and theirs == own.key and side["properties"]["peeringState"] != "Connected":
                side["properties"]["peeringState"] = "Connected"
                ctx.store.put(side)
