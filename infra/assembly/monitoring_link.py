"""How a stamp's logs and traces stay off the public network."""

from dataclasses import dataclass, replace

from pulumi import Resource

from infra.assembly.zones import MONITORING
from infra.components.identity import Identities
from infra.components.monitoring import Monitoring
from infra.components.monitoring_link import MonitoringLink, MonitoringLinkArgs
from infra.components.network import Network
from infra.components.private_link import (
    PrivateZones,
    PrivateZonesArgs,
    ZoneLinks,
    ZoneLinksArgs,
    zones_of,
)
from infra.network_roles import monitoring_link_grants
from infra.roles import Scope
from infra.settings import Isolation
from infra.site import Site, Zones


@dataclass(frozen=True, kw_only=True)
class PrivateMonitoring:
    """The scope of a stamp, and the grants without which jobs do not reach it."""

    link: MonitoringLink
    grants: list[Resource]


def link_monitoring(
    site: Site, network: Network, monitoring: Monitoring, identities: Identities
) -> PrivateMonitoring | None:
    """Build the private link scope of a stamp, None where its logs use the public network."""
    settings = site.settings
    if not settings.monitoring.private:
        return None
    link = MonitoringLink(
        site.named("monitoring-link"),
        MonitoringLinkArgs(
            names=site.names,
            resource_group_name=site.group_name,
            targets={"logs": monitoring.logs_id, "insights": monitoring.insights_id},
        ),
        site.child,
    )
    zones = _zones(site, network)
    replace(site, zones=zones).link(network, "monitoring", link.scope_id, MONITORING)
    grants: list[Resource] = []
    if settings.isolation is Isolation.MANAGED:
        granted = site.grant(
            "monitoring-link",
            monitoring_link_grants(),
            identities.principal_ids,
            {Scope.MONITORING_LINK: link.scope_id},
        )
        grants += granted.assignments
    return PrivateMonitoring(link=link, grants=grants)


def _zones(site: Site, network: Network) -> Zones:
    """The shared zones, and of those whose names mean another endpoint in each stamp, our own.

    Every endpoint of Azure Monitor is called the same (api.monitor.azure.com and so on), so two
    stamps that shared these zones would overwrite each other's records.
    """
    missing = [zone for zone in zones_of([MONITORING]) if zone not in site.zones.ids]
    if not missing:  # a hub's owner keeps all zones
        return site.zones
    own = PrivateZones(
        site.named("monitoring-zones"),
        PrivateZonesArgs(
            resource_group_name=site.group_name,
            zones=missing,
            prefix=f"{site.names.short_region}-",
        ),
        site.child,
    )
    ZoneLinks(
        site.named("monitoring-zone-links"),
        ZoneLinksArgs(
            names=site.names,
            resource_group_name=site.group_name,
            zone_names=own.zone_names,
            network_id=network.network_id,
        ),
        site.child,
    )
    return replace(site.zones, ids={**site.zones.ids, **own.zone_ids})
