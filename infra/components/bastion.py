"""Azure Bastion: people reach machines without public addresses, after signing in with Entra."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import network

from infra.components.public_address import PublicAddressArgs, public_address
from infra.naming import Kind, Names

_SCALE_UNITS = 2  # the fewest that the SKU has; each carries some twenty sessions


@dataclass(frozen=True, kw_only=True)
class BastionArgs:
    """What a `Bastion` takes from the rest of the stamp."""

    names: Names
    location: str
    resource_group_name: Input[str]
    zones: Sequence[str]
    subnet_id: Input[str]


class Bastion(ComponentResource):
    """A bastion host for tunnels; files, links for strangers and other networks stay off.

    Standard is the smallest SKU that tunnels, and a tunnel is what `az network bastion ssh` and a
    browser on one's own machine need.
    https://learn.microsoft.com/azure/bastion/configuration-settings#skus
    """

    bastion_id: Output[str]
    bastion_name: Output[str]
    address_id: Output[str]

    def __init__(self, name: str, args: BastionArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:network:Bastion", name, None, opts)
        address = public_address(
            name,
            PublicAddressArgs(
                names=args.names,
                purpose="bastion",
                location=args.location,
                resource_group_name=args.resource_group_name,
                zones=args.zones,
            ),
            ResourceOptions(parent=self),
        )
        bastion = network.BastionHost(
            name,
            bastion_host_name=args.names.of(Kind.BASTION),
            location=args.location,
            resource_group_name=args.resource_group_name,
            sku={"name": network.BastionHostSkuName.STANDARD},
            scale_units=_SCALE_UNITS,
            enable_tunneling=True,
            enable_ip_connect=False,
            enable_file_copy=False,
            enable_shareable_link=False,
            disable_copy_paste=False,
            ip_configurations=[
                {
                    "name": "default",
                    "subnet": {"id": args.subnet_id},
                    "public_ip_address": {"id": address.id},
                    "private_ip_allocation_method": network.IPAllocationMethod.DYNAMIC,
                }
            ],
            zones=list(args.zones) or None,
            opts=ResourceOptions(parent=self),
        )
        self.bastion_id = bastion.id
        self.bastion_name = bastion.name
        self.address_id = address.id
        self.register_outputs({"bastion_id": self.bastion_id})
