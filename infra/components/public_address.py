"""A public address for what Azure itself looks after: a gateway, a firewall, a bastion host."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import Input, ResourceOptions
from pulumi_azure_native import network

from infra.naming import Kind, Names


@dataclass(frozen=True, kw_only=True)
class PublicAddressArgs:
    """What a `public_address` takes from the rest of the stamp."""

    names: Names
    purpose: str
    location: str
    resource_group_name: Input[str]
    zones: Sequence[str]
    """The zones that it outlives; none in a region without zones."""


def public_address(
    name: str, args: PublicAddressArgs, opts: ResourceOptions
) -> network.PublicIPAddress:
    """Make a static address; none of them is ever a machine's."""
    return network.PublicIPAddress(
        name,
        public_ip_address_name=args.names.of(Kind.PUBLIC_ADDRESS, args.purpose),
        location=args.location,
        resource_group_name=args.resource_group_name,
        sku={
            "name": network.PublicIPAddressSkuName.STANDARD,
            "tier": network.PublicIPAddressSkuTier.REGIONAL,
        },
        public_ip_allocation_method=network.IPAllocationMethod.STATIC,
        public_ip_address_version=network.IPVersion.I_PV4,
        zones=list(args.zones) or None,
        opts=opts,
    )
