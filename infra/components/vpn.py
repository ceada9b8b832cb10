"""A point-to-site VPN: people's own machines reach the private endpoints by their names."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import dnsresolver, network

from infra.components.public_address import PublicAddressArgs, public_address
from infra.naming import Kind, Names

# The application that Microsoft registered for its VPN client in Azure's public cloud.
# https://learn.microsoft.com/azure/vpn-gateway/point-to-site-entra-gateway
_CLIENT_APPLICATION = "c632b3df-fb67-4d84-bdcf-b95ad541b5c8"
_FIRST_FREE = 4  # Azure keeps the first four addresses of a subnet


@dataclass(frozen=True, kw_only=True)
class VpnArgs:
    """What a `Vpn` takes from the rest of the stamp."""

    names: Names
    location: str
    resource_group_name: Input[str]
    zones: Sequence[str]
    tenant_id: str
    network_id: Input[str]
    gateway_subnet_id: Input[str]
    dns_subnet_id: Input[str]
    dns_subnet: IPv4Network
    clients: IPv4Network


class Vpn(ComponentResource):
    """A gateway that takes Entra's sign-in alone, and a resolver that its clients ask.

    Azure's own resolver answers inside the network only. So the clients need an address in it that
    knows the private zones: the resolver's inbound endpoint.
    """

    gateway_id: Output[str]
    gateway_name: Output[str]
    address_id: Output[str]
    dns_server: str

    def __init__(self, name: str, args: VpnArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:network:Vpn", name, None, opts)
        self.dns_server = str(args.dns_subnet[_FIRST_FREE])
        self._resolver(name, args)
        address = public_address(
            name,
            PublicAddressArgs(
                names=args.names,
                purpose="vpn",
                location=args.location,
                resource_group_name=args.resource_group_name,
                zones=args.zones,
            ),
            ResourceOptions(parent=self),
        )
        tenant = args.tenant_id
        gateway = network.VirtualNetworkGateway(
            name,
            virtual_network_gateway_name=args.names.of(Kind.VPN_GATEWAY),
            location=args.location,
            resource_group_name=args.resource_group_name,
            gateway_type=network.VirtualNetworkGatewayType.VPN,
            vpn_type=network.VpnType.ROUTE_BASED,
            # Sizes without zones are being retired, also where a region has none.
            # https://learn.microsoft.com/azure/vpn-gateway/gateway-sku-consolidation
            sku={
                "name": network.VirtualNetworkGatewaySkuName.VPN_GW1_AZ,
                "tier": network.VirtualNetworkGatewaySkuTier.VPN_GW1_AZ,
            },
            active_active=False,
            enable_bgp=False,
            ip_configurations=[
                {
                    "name": "default",
                    "subnet": {"id": args.gateway_subnet_id},
                    "public_ip_address": {"id": address.id},
                    "private_ip_allocation_method": network.IPAllocationMethod.DYNAMIC,
                }
            ],
            vpn_client_configuration={
                "vpn_client_address_pool": {"address_prefixes": [str(args.clients)]},
                # The one protocol that carries Entra's sign-in.
                "vpn_client_protocols": [network.VpnClientProtocol.OPEN_VPN],
                "vpn_authentication_types": [network.VpnAuthenticationType.AAD],
                "aad_tenant": f"https://login.microsoftonline.com/{tenant}/",
                "aad_audience": _CLIENT_APPLICATION,
                "aad_issuer": f"https://sts.windows.net/{tenant}/",
            },
            opts=ResourceOptions(parent=self),
        )
        self.gateway_id = gateway.id
        self.gateway_name = gateway.name
        self.address_id = address.id
        self.register_outputs({"gateway_id": self.gateway_id})

    def _resolver(self, name: str, args: VpnArgs) -> None:
        resolver = dnsresolver.DnsResolver(
            name,
            dns_resolver_name=args.names.of(Kind.DNS_RESOLVER),
            location=args.location,
            resource_group_name=args.resource_group_name,
            virtual_network={"id": args.network_id},
            opts=ResourceOptions(parent=self),
        )
        dnsresolver.InboundEndpoint(
            name,
            inbound_endpoint_name="vpn-clients",
            dns_resolver_name=resolver.name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            ip_configurations=[
                {
                    "subnet": {"id": args.dns_subnet_id},
                    # Fixed: the clients' profiles name it.
                    "private_ip_allocation_method": dnsresolver.IpAllocationMethod.STATIC,
                    "private_ip_address": self.dns_server,
                }
            ],
            opts=ResourceOptions(parent=self),
        )
