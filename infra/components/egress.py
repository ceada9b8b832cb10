"""The ways out of a stamp's network: a NAT gateway, and where asked a firewall before it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import network

from infra.addresses import WALLED, Purpose
from infra.components.firewall import Firewall, FirewallArgs
from infra.components.firewall_rules import Leaving
from infra.components.public_address import PublicAddressArgs, public_address
from infra.naming import Kind, Names

_EVERYWHERE = "0.0.0.0/0"
_NAT_IDLE_MINUTES = 4
# Training goes past the firewall to the service itself, and needs an address for that.
_BEHIND_FIREWALL_ONLY = frozenset(WALLED) - {Purpose.TRAINING}


@dataclass(frozen=True, kw_only=True)
class EgressArgs:
    """What an `Egress` takes from the rest of the stamp."""

    names: Names
    location: str
    resource_group_name: Input[str]
    zones: Sequence[str]
    leaving: Leaving
    firewall_subnet_id: Input[str] | None
    """Where the firewall stands; without it, everything goes out by the NAT gateway."""


class Egress(ComponentResource):
    """What each subnet that reaches the internet goes through."""

    firewall: Firewall | None
    addresses: dict[str, Output[str]]
    """Ids of the public addresses, by what they are of."""

    def __init__(self, name: str, args: EgressArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:network:Egress", name, None, opts)
        self._args = args
        self._name = name
        self.firewall = None
        self.addresses = {}
        self._routes: dict[Purpose, Output[str]] = {}
        here = set(args.leaving.subnets)
        if args.firewall_subnet_id is None:
            self._nat: Output[str] | None = self._nat_gateway()
        else:
            self._nat = self._nat_gateway() if here - _BEHIND_FIREWALL_ONLY else None
            self.firewall = Firewall(
                f"{name}-firewall",
                FirewallArgs(
                    names=args.names,
                    location=args.location,
                    resource_group_name=args.resource_group_name,
                    zones=args.zones,
                    subnet_id=args.firewall_subnet_id,
                    leaving=args.leaving,
                ),
                ResourceOptions(parent=self),
            )
            self.addresses["firewall"] = self.firewall.address_id
            for purpose in sorted(here.intersection(WALLED)):
                self._routes[purpose] = self._route_table(purpose, self.firewall.private_address)
        self.register_outputs({})

    def nat_gateway(self, purpose: Purpose) -> Output[str] | None:
        """Return the NAT gateway of a subnet."""
        behind_firewall = self.firewall is not None and purpose in _BEHIND_FIREWALL_ONLY
        return None if behind_firewall else self._nat

    def route_table(self, purpose: Purpose) -> Output[str] | None:
        """Return the routes of a subnet; none where no firewall bounds it."""
        return self._routes.get(purpose)

    def _nat_gateway(self) -> Output[str]:
        args = self._args
        address = public_address(
            f"{self._name}-nat",
            PublicAddressArgs(
                names=args.names,
                purpose="nat",
                location=args.location,
                resource_group_name=args.resource_group_name,
                zones=args.zones,
            ),
            ResourceOptions(parent=self),
        )
        self.addresses["nat"] = address.id
        gateway = network.NatGateway(
            f"{self._name}-nat",
            nat_gateway_name=args.names.of(Kind.NAT_GATEWAY),
            location=args.location,
            resource_group_name=args.resource_group_name,
            sku={"name": network.NatGatewaySkuName.STANDARD},
            public_ip_addresses=[{"id": address.id}],
            idle_timeout_in_minutes=_NAT_IDLE_MINUTES,
            opts=ResourceOptions(parent=self),
        )
        return gateway.id

    def _route_table(self, purpose: Purpose, firewall_address: Output[str]) -> Output[str]:
        args = self._args
        routes: list[network.RouteArgsDict] = [
            {
                "name": "everything",
                "address_prefix": _EVERYWHERE,
                "next_hop_type": network.RouteNextHopType.VIRTUAL_APPLIANCE,
                "next_hop_ip_address": firewall_address,
            }
        ]
        if purpose is Purpose.TRAINING:
            # The service's own traffic, UDP and odd ports among it, goes past the firewall: the
            # security rules and Azure's own tags bound it. The NAT gateway is its address.
            # https://learn.microsoft.com/azure/machine-learning/how-to-access-azureml-behind-firewall
            tags = ("AzureMachineLearning", f"BatchNodeManagement.{args.leaving.region}")
            routes.extend(
                network.RouteArgsDict(
                    name=tag.partition(".")[0],
                    address_prefix=tag,
                    next_hop_type=network.RouteNextHopType.INTERNET,
                )
                for tag in tags
            )
        table = network.RouteTable(
            f"{self._name}-{purpose}",
            route_table_name=args.names.of(Kind.ROUTE_TABLE, purpose),
            location=args.location,
            resource_group_name=args.resource_group_name,
            # A route that a gateway announces must not lead around the firewall.
            disable_bgp_route_propagation=True,
            routes=routes,
            opts=ResourceOptions(parent=self),
        )
        return table.id
