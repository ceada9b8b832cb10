"""The network of a stamp: its subnets, its zones, its hub, and a record of its connections."""

from infra.addresses import KUBERNETES_PODS, stamp_addresses
from infra.components.hub import HubPeering, HubPeeringArgs
from infra.components.network import Network, NetworkArgs
from infra.components.private_link import ZoneLinks, ZoneLinksArgs
from infra.components.security_rules import Place
from infra.regions import REGIONS
from infra.site import Site

_ZONES = ("1", "2", "3")


def zones_of(region: str) -> tuple[str, ...]:
    """Return the zones that what Azure looks after spans in a region."""
    return _ZONES if REGIONS[region].zones else ()


def lay_network(site: Site) -> Network:
    """Build the network of a stamp, and let it resolve the private names."""
    settings = site.settings
    addresses = stamp_addresses(settings, site.region)
    network = Network(
        site.named("network"),
        NetworkArgs(
            names=site.names,
            location=site.region,
            resource_group_name=site.group_name,
            addresses=addresses,
            place=Place(
                region=site.region,
                space=addresses.space,
                subnets=addresses.subnets,
                bastion_clients=settings.entry.bastion.allowed_from,
                vpn_clients=settings.entry.vpn.clients if settings.entry.vpn.enabled else None,
                pods=KUBERNETES_PODS if settings.kubernetes.enabled else None,
                high_business_impact=settings.workspace.high_business_impact,
            ),
            zones=zones_of(site.region),
            dns_servers=[str(address) for address in settings.network.dns_servers],
            allowed_hosts=settings.network.allowed_hosts,
            private_monitoring=settings.monitoring.private,
        ),
        site.child,
    )
    # A hub's owner links the hub's zones: a second link of ours would fight with theirs.
    if settings.network.zones_group is None:
        ZoneLinks(
            site.named("zone-links"),
            ZoneLinksArgs(
                names=site.names,
                resource_group_name=site.zones.group_name,
                zone_names=site.zones.names,
                network_id=network.network_id,
            ),
            site.child,
        )
    if settings.network.hub is not None:
        HubPeering(
            site.named("hub"),
            HubPeeringArgs(
                resource_group_name=site.group_name,
                network_name=network.network_name,
                hub_id=settings.network.hub,
                use_gateway=settings.network.hub_gateway,
            ),
            site.child,
        )
    return network
