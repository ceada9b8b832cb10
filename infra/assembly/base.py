"""What the rest of a stamp stands on: network, identities and monitoring."""

from dataclasses import dataclass

from infra.assembly.monitoring_link import PrivateMonitoring, link_monitoring
from infra.assembly.network import lay_network
from infra.assembly.network_logs import log_network
from infra.components.identity import Identities, IdentitiesArgs
from infra.components.monitoring import Monitoring, MonitoringArgs
from infra.components.network import Network
from infra.roles import WORKSPACE_IDENTITY, cluster_identity, endpoint_identity
from infra.site import Site


@dataclass(frozen=True, kw_only=True)
class Base:
    """The base of a stamp."""

    network: Network
    identities: Identities
    monitoring: Monitoring
    private_monitoring: PrivateMonitoring | None


def lay_base(site: Site) -> Base:
    """Build the base of a stamp."""
    settings = site.settings
    network = lay_network(site)
    identities = Identities(
        site.named("identity"),
        IdentitiesArgs(
            names=site.names,
            location=site.region,
            resource_group_name=site.group_name,
            purposes=[
                WORKSPACE_IDENTITY,
                *map(cluster_identity, settings.clusters),
                *map(endpoint_identity, settings.serving.online),
                *map(endpoint_identity, settings.serving.kubernetes),
            ],
        ),
        site.child,
    )
    monitoring = Monitoring(
        site.named("monitoring"),
        MonitoringArgs(
            names=site.names,
            location=site.region,
            resource_group_name=site.group_name,
            retention_days=settings.monitoring.retention_days,
            daily_cap_gb=settings.monitoring.daily_cap_gb,
            private=settings.monitoring.private,
            protect=settings.protect,
        ),
        site.child,
    )
    log_network(site, network, monitoring)
    return Base(
        network=network,
        identities=identities,
        monitoring=monitoring,
        private_monitoring=link_monitoring(site, network, monitoring, identities),
    )
