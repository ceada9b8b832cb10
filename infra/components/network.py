"""The virtual network of a stamp, with a subnet for each purpose."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_azure_native import network

from infra.addresses import LEAVING, RESERVED_NAMES, Purpose, StampAddresses
from infra.components.egress import Egress, EgressArgs
from infra.components.firewall_rules import Leaving
from infra.components.security_rules import Place, rules_for
from infra.naming import Kind, Names

# What may be put into a subnet that belongs to one service alone.
_DELEGATIONS: dict[Purpose, str] = {
    Purpose.DNS_INBOUND: "Microsoft.Network/dnsResolvers",
    Purpose.AKS_API_SERVER: "Microsoft.ContainerService/managedClusters",
    Purpose.CONTAINER_INSTANCES: "Microsoft.ContainerInstance/containerGroups",
    Purpose.API_GATEWAY: "Microsoft.Web/serverFarms",
}
# The storage accounts that Azure Machine Learning keeps for its nodes, and no others.
# https://learn.microsoft.com/azure/machine-learning/how-to-prevent-data-loss-exfiltration
_SERVICE_ALIAS = "/services/Azure/MachineLearning"


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """What a `Network` takes from the rest of the stamp."""

    names: Names
    location: str
    resource_group_name: Input[str]
    addresses: StampAddresses
    place: Place
    zones: Sequence[str]
    dns_servers: Sequence[str]
    """Resolvers to ask instead of Azure's."""
    allowed_hosts: Sequence[str]
    """Hosts that the firewall lets out besides Azure's own."""
    private_monitoring: bool


class Network(ComponentResource):
    """A network whose subnets each have rules of their own and no default way out.

    It holds the private endpoints and the subnet from which people and CI reach them; by setting
    also the ways in, training nodes and a cluster. Those that reach the internet do it through
    `Egress`, so they come after the others: their routes lead through what stands in those.
    """

    network_id: Output[str]
    network_name: Output[str]
    subnet_ids: dict[Purpose, Output[str]]
    security_group_ids: dict[Purpose, Output[str]]
    egress: Egress | None

    def __init__(self, name: str, args: NetworkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:network:Network", name, None, opts)
        self._name, self._args = name, args
        virtual_network = network.VirtualNetwork(
            name,
            virtual_network_name=args.names.of(Kind.VIRTUAL_NETWORK),
            location=args.location,
            resource_group_name=args.resource_group_name,
            address_space={"address_prefixes": [str(args.addresses.space)]},
            dhcp_options={"dns_servers": list(args.dns_servers)} if args.dns_servers else None,
            opts=ResourceOptions(parent=self),
        )
        self.network_id = virtual_network.id
        self.network_name = virtual_network.name
        self.subnet_ids = {}
        self.security_group_ids = {}
        self.egress = None
        # Azure changes one subnet of a network at a time and refuses a second one meanwhile.
        self._previous: list[Resource] = []
        purposes = list(args.addresses.subnets)
        for purpose in [one for one in purposes if one not in LEAVING]:
            self._add(purpose)
        leaving = [one for one in purposes if one in LEAVING]
        if leaving:
            self.egress = self._make_egress()
        for purpose in leaving:
            self._add(purpose)
        self.register_outputs({"network_id": self.network_id})

    def _make_egress(self) -> Egress:
        args = self._args
        subnets = args.addresses.subnets
        return Egress(
            f"{self._name}-egress",
            EgressArgs(
                names=args.names,
                location=args.location,
                resource_group_name=args.resource_group_name,
                zones=args.zones,
                leaving=Leaving(
                    region=args.location,
                    subnets={one: subnets[one] for one in subnets if one in LEAVING},
                    allowed_hosts=args.allowed_hosts,
                    high_business_impact=args.place.high_business_impact,
                    private_monitoring=args.private_monitoring,
                ),
                firewall_subnet_id=self.subnet_ids.get(Purpose.FIREWALL),
            ),
            ResourceOptions(parent=self),
        )

    def _add(self, purpose: Purpose) -> None:
        args = self._args
        group = self._security_group(purpose)
        nat = self.egress.nat_gateway(purpose) if self.egress else None
        routes = self.egress.route_table(purpose) if self.egress else None
        policy = self._endpoint_policy() if purpose is Purpose.TRAINING else None
        service = _DELEGATIONS.get(purpose)
        subnet = network.Subnet(
            f"{self._name}-{purpose}",
            subnet_name=RESERVED_NAMES.get(purpose) or args.names.of(Kind.SUBNET, purpose),
            virtual_network_name=self.network_name,
            resource_group_name=args.resource_group_name,
            address_prefix=str(args.addresses.subnets[purpose]),
            default_outbound_access=False,
            delegations=[{"name": "service", "service_name": service}] if service else None,
            nat_gateway={"id": nat} if nat else None,
            network_security_group={"id": group.id} if group else None,
            route_table={"id": routes} if routes else None,
            service_endpoints=[{"service": "Microsoft.Storage"}] if policy else None,
            service_endpoint_policies=[{"id": policy.id}] if policy else None,
            private_endpoint_network_policies=(
                network.VirtualNetworkPrivateEndpointNetworkPolicies.ENABLED
            ),
            private_link_service_network_policies=(
                network.VirtualNetworkPrivateLinkServiceNetworkPolicies.ENABLED
            ),
            opts=ResourceOptions(parent=self, depends_on=self._previous),
        )
        self._previous = [subnet]
        self.subnet_ids[purpose] = subnet.id

    def _security_group(self, purpose: Purpose) -> network.NetworkSecurityGroup | None:
        args = self._args
        rules = rules_for(purpose, args.place)
        if rules is None:
            return None
        group = network.NetworkSecurityGroup(
            f"{self._name}-{purpose}",
            network_security_group_name=args.names.of(Kind.NETWORK_SECURITY_GROUP, purpose),
            location=args.location,
            resource_group_name=args.resource_group_name,
            security_rules=rules,
            opts=ResourceOptions(parent=self),
        )
        self.security_group_ids[purpose] = group.id
        return group

    def _endpoint_policy(self) -> network.ServiceEndpointPolicy:
        """What keeps data from leaving to storage accounts that are not ours.

        Our own accounts are not in it: nodes reach them by private endpoints, which no policy of a
        service endpoint bounds.
        """
        args = self._args
        return network.ServiceEndpointPolicy(
            f"{self._name}-{Purpose.TRAINING}",
            service_endpoint_policy_name=args.names.of(
                Kind.SERVICE_ENDPOINT_POLICY, Purpose.TRAINING
            ),
            location=args.location,
            resource_group_name=args.resource_group_name,
            service_endpoint_policy_definitions=[
                {
                    "name": "machine-learning",
                    "service": "Global",
                    "service_resources": [_SERVICE_ALIAS],
                }
            ],
            opts=ResourceOptions(parent=self),
        )
