"""Settings of an environment's network and of the ways into it."""

from ipaddress import IPv4Network

from infra.settings.choices import Egress
from infra.settings.part import Part
from infra.values import (
    Address,
    HostName,
    Network,
    RegionName,
    ResourceId,
    SshPublicKey,
    VmSize,
)


class StampNetwork(Part):
    """Addresses of one region where the plan of infra/addresses.py does not suit."""

    address_space: Network | None = None
    """The region's virtual network."""
    private_endpoints: Network | None = None
    """The subnet of the private endpoints."""
    access: Network | None = None
    """The subnet from which people and CI runners reach the platform."""
    runners: Network | None = None
    """The subnet of self-hosted CI runners."""
    bastion: Network | None = None
    """The subnet of Azure Bastion, /26 or wider."""
    firewall: Network | None = None
    """The subnet of the firewall, /26 or wider."""
    gateway: Network | None = None
    """The subnet of the VPN gateway, /27 or wider."""
    dns_inbound: Network | None = None
    """The subnet of the resolver that VPN clients ask."""
    jump_host: Network | None = None
    """The subnet of the jump host."""
    aks_api_server: Network | None = None
    """The subnet of the cluster's API server."""
    container_instances: Network | None = None
    """The subnet of container instances."""
    aks_load_balancer: Network | None = None
    """The subnet of the cluster's internal load balancers."""
    api_gateway: Network | None = None
    """The subnet from which the gateway before the endpoints calls them, /27 or wider."""
    training: Network | None = None
    """The subnet of training nodes, with isolation own_vnet."""
    aks_nodes: Network | None = None
    """The subnet of the cluster's nodes."""


class NetworkSettings(Part):
    """The environment's network."""

    address_space: Network = IPv4Network("10.10.0.0/16")
    """Address space of the environment; each region takes a /20, in the order of `regions`."""
    stamps: dict[RegionName, StampNetwork] = {}
    """Addresses of a region, by its name, where the plan does not suit."""
    reserved: tuple[Network, ...] = ()
    """Ranges in use elsewhere (on premises, other networks) that must not be taken."""
    egress: Egress = Egress.NAT
    """How AKS, runners and own training nodes reach the internet: nat, or firewall."""
    allowed_hosts: tuple[HostName, ...] = ()
    """Hosts that the firewall lets out besides Azure's own, such as pypi.org."""
    hub: ResourceId | None = None
    """A hub's virtual network to peer with; its owner makes the other half."""
    hub_gateway: bool = False
    """Reach other networks through the hub's VPN or ExpressRoute gateway."""
    dns_servers: tuple[Address, ...] = ()
    """Resolvers to ask instead of Azure's, such as a hub's where zones_group is set."""
    zones_group: ResourceId | None = None
    """A resource group with private DNS zones to use instead of zones of our own."""
    flow_logs: bool = False
    """Keep a record of the connections of each network (Network Watcher, by volume)."""


class BastionSettings(Part):
    """Azure Bastion with a small jump host: a way in from a browser or `az network bastion`."""

    enabled: bool = False
    """Make it."""
    vm_size: VmSize = "Standard_B2s_v2"
    """Size of the jump host."""
    ssh_public_key: SshPublicKey | None = None
    """Key of the jump host's break-glass account; daily sign-in is by Entra."""
    allowed_from: tuple[Network, ...] = ()
    """Public ranges from which people come, such as an office's; nobody else reaches the host."""


class VpnSettings(Part):
    """A point-to-site VPN with sign-in by Entra and a resolver for the private names."""

    enabled: bool = False
    """Make it."""
    clients: Network = IPv4Network("172.31.240.0/24")
    """Addresses that VPN clients get, outside every network."""


class EntrySettings(Part):
    """How people and CI reach the private endpoints, besides a hub."""

    bastion: BastionSettings = BastionSettings()
    """Azure Bastion with a jump host."""
    vpn: VpnSettings = VpnSettings()
    """A point-to-site VPN."""
    runners: bool = False
    """A subnet with a way out, for self-hosted CI runners."""
