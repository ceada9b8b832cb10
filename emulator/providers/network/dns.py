"""Private DNS: zones, the networks that see them, and their records."""

import ipaddress
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import bad, default, flag, named, refer, required, worldwide
from emulator.providers.network.subnets import NETWORK

ZONE = "Microsoft.Network/privateDnsZones"
_LINKS = "virtualNetworkLinks"
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"


@behaviour
class PrivateZone(Behaviour):
    """A zone that only linked networks see."""

    type: ClassVar[str] = ZONE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            rf"(?i:{_LABEL}(\.{_LABEL}){{1,33}})",
            "BadRequest",
            "The zone name '{name}' is not valid: wanted are 2 to 34 labels of letters, digits, "
            "underscores and hyphens, separated by periods.",
        )
        worldwide(resource)
        resource["properties"] |= {
            "maxNumberOfRecordSets": 25000,
            "maxNumberOfVirtualNetworkLinks": 1000,
            "maxNumberOfVirtualNetworkLinksWithRegistration": 100,
        }

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        links = ctx.store.children(resource["id"], _LINKS)
        if links:
            raise ArmError(
                409,
                "CannotDeleteResource",
                f"Cannot delete resource '{resource['id']}' while nested resources exist. Some "
                f"existing nested resource IDs include: '{links[0]['id']}'. Please delete all "
                "nested resources before deleting this resource.",
            )

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        links = ctx.store.children(resource["id"], _LINKS)
        records = ctx.store.children(resource["id"], "A")
        counts = {
            "numberOfRecordSets": len(records) + 1,  # every zone has its SOA
            "numberOfVirtualNetworkLinks": len(links),
            "numberOfVirtualNetworkLinksWithRegistration": sum(
                bool(link["properties"]["registrationEnabled"]) for link in links
            ),
        }
        return {**resource, "properties": {**resource["properties"], **counts}}


@behaviour
class VirtualNetworkLink(Behaviour):
    """Lets a network see a zone; a network sees one zone of a name only."""

    type: ClassVar[str] = f"{ZONE}/{_LINKS}"
    immutable: ClassVar[tuple[str, ...]] = ("properties.virtualNetwork.id",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        worldwide(resource)
        path = "properties.virtualNetwork.id"
        wanted = str(required(resource, path, "the id of a virtual network", "BadRequest"))
        refer(ctx, resource, path, NETWORK)
        zone = parse(resource["id"]).names[0]
        for link in ctx.store.find(self.type):
            if link["id"].lower() == resource["id"].lower():
                continue
            same_network = link["properties"]["virtualNetwork"]["id"].lower() == wanted.lower()
            if same_network and parse(link["id"]).names[0].lower() == zone.lower():
                raise ArmError(
                    409,
                    "Conflict",
                    f"A virtual network cannot be linked to multiple zones with overlapping "
                    f"namespaces. You tried to link virtual network '{wanted}' with '{zone}'; it "
                    f"is linked by '{link['id']}'.",
                )
        flag(resource["properties"], "registrationEnabled", initial=False)
        resource["properties"]["virtualNetworkLinkState"] = "Completed"


@behaviour
class AddressRecord(Behaviour):
    """The IPv4 addresses of a name."""

    type: ClassVar[str] = f"{ZONE}/A"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        properties = resource["properties"]
        ttl = default(properties, "ttl", 3600)
        if isinstance(ttl, bool) or not isinstance(ttl, int) or ttl < 1:
            sentence = f"'properties.ttl' is {ttl!r}; wanted: seconds, at least 1."
            raise bad("properties.ttl", sentence, "BadRequest")
        path = "properties.aRecords"
        records = required(resource, path, "a list of addresses", "BadRequest")
        for record in records:
            try:
                ipaddress.IPv4Address(str(record.get("ipv4Address")))
            except ValueError as error:
                found = record.get("ipv4Address")
                sentence = f"'{path}' has {found!r}; wanted: an IPv4 address."
                raise bad(path, sentence, "BadRequest") from error
        zone = parse(resource["id"]).names[0]
        name = resource["name"]
        properties |= {
            "fqdn": f"{zone}." if name == "@" else f"{name}.{zone}.",
            "isAutoRegistered": False,
        }
