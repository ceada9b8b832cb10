"""Virtual networks."""

import ipaddress
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.store import Resource
from emulator.providers.checks import IpNetwork, bad, ip_range, located, named, required
from emulator.providers.network import inline, subnets, watchers

TYPE = subnets.NETWORK


@behaviour
class VirtualNetwork(Behaviour):
    """A network; its `subnets` are the child resources, however they were written."""

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z0-9]([\w.-]{0,62}\w)?",
            "InvalidResourceName",
            "Resource name '{name}' is invalid: at most 64 letters, digits, underscores, periods "
            "and hyphens, a letter or digit first, a letter, digit or underscore last.",
        )
        located(resource)
        path = "properties.addressSpace.addressPrefixes"
        prefixes = required(resource, path, "a list of address prefixes", "InvalidRequestFormat")
        if not isinstance(prefixes, list) or not prefixes:
            sentence = f"'{path}' is {prefixes!r}; wanted: a list of address prefixes."
            raise bad(path, sentence, "InvalidRequestFormat")
        ranges: list[IpNetwork] = []
        for text in prefixes:
            one = ip_range(text, path)
            if any(overlap(one, other) for other in ranges):
                sentence = f"The address prefix {text} of '{path}' overlaps with another one."
                raise bad(path, sentence, "InvalidAddressPrefix")
            ranges.append(one)
        _check_resolvers(resource)
        resource["properties"].pop("virtualNetworkPeerings", None)
        inline.settle(
            ctx,
            resource,
            "subnets",
            lambda child, before, kept: subnets.complete(ctx, resource, child, before, kept),
            lambda child: subnets.check_unused(ctx.store, child),
        )

    @override
    def created(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        watchers.watch(ctx, resource)

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        for subnet in ctx.store.children(resource["id"], "subnets"):
            subnets.check_unused(ctx.store, subnet)

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        below = ctx.store.children(resource["id"], "subnets")
        shown = {
            **resource["properties"],
            "subnets": [subnets.shown(ctx.store, subnet) for subnet in below],
            "virtualNetworkPeerings": ctx.store.children(resource["id"], "virtualNetworkPeerings"),
        }
        return {**resource, "properties": shown}


def overlap(one: IpNetwork, other: IpNetwork) -> bool:
    """Say whether two ranges share an address; those of different IP versions do not."""
    return one.version == other.version and one.overlaps(other)


def _check_resolvers(resource: Resource) -> None:
    path = "properties.dhcpOptions.dnsServers"
    options = resource["properties"].get("dhcpOptions") or {}
    for server in options.get("dnsServers") or []:
        try:
            ipaddress.ip_address(str(server))
        except ValueError as error:
            raise bad(path, f"'{path}' has {server!r}; wanted: an IP address.") from error
