"""The virtual network of a stamp, with a subnet for each purpose."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_azure_native import network

from infra.addresses import Purpose, StampAddresses
from infra.components.security_rules import rules_for
from infra.naming import Kind, Names


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """What a `Network` takes from the rest of the stamp."""

    names: Names
    location: str
    resource_group_name: Input[str]
    addresses: StampAddresses


class Network(ComponentResource):
    """A network whose subnets each have rules of their own and no default way out.

    Compute lives in the workspace's managed network, not here: this one holds the private
    endpoints and the subnet from which people and CI reach them.
    """

    network_id: Output[str]
    subnet_ids: dict[Purpose, Output[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:network:Network", name, None, opts)
        virtual_network = network.VirtualNetwork(
            name,
            virtual_network_name=args.names.of(Kind.VIRTUAL_NETWORK),
            location=args.location,
            resource_group_name=args.resource_group_name,
            address_space={"address_prefixes": [str(args.addresses.space)]},
            opts=ResourceOptions(parent=self),
        )
        self.network_id = virtual_network.id
        self.subnet_ids = {}
        # Azure changes one subnet of a network at a time and refuses a second one meanwhile.
        previous: list[Resource] = []
        for purpose, prefix in args.addresses.subnets.items():
            group = network.NetworkSecurityGroup(
                f"{name}-{purpose}",
                network_security_group_name=args.names.of(Kind.NETWORK_SECURITY_GROUP, purpose),
                location=args.location,
                resource_group_name=args.resource_group_name,
                security_rules=rules_for(purpose),
                opts=ResourceOptions(parent=self),
            )
            subnet = network.Subnet(
                f"{name}-{purpose}",
                subnet_name=args.names.of(Kind.SUBNET, purpose),
                virtual_network_name=virtual_network.name,
                resource_group_name=args.resource_group_name,
                address_prefix=str(prefix),
                default_outbound_access=False,
                network_security_group={"id": group.id},
                private_endpoint_network_policies=(
                    network.VirtualNetworkPrivateEndpointNetworkPolicies.ENABLED
                ),
                private_link_service_network_policies=(
                    network.VirtualNetworkPrivateLinkServiceNetworkPolicies.ENABLED
                ),
                opts=ResourceOptions(parent=self, depends_on=previous),
            )
            previous = [subnet]
            self.subnet_ids[purpose] = subnet.id
        self.register_outputs({"network_id": self.network_id})
