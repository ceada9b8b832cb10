"""What is recorded about a stamp's network."""

from pulumi_azure_native import network as azure
from pulumi_azure_native import storage

from infra.components.flow_logs import FlowLogStore, FlowLogStoreArgs
from infra.components.identity import Identities, IdentitiesArgs
from infra.components.monitoring import Monitoring
from infra.components.network import Network
from infra.naming import Kind
from infra.network_roles import FLOW_LOG_IDENTITY, flow_log_grants
from infra.roles import Scope
from infra.site import Site

# Azure makes both for a subscription when it gets its first network in a region, one each; a
# second watcher in a region is refused.
# https://learn.microsoft.com/azure/network-watcher/network-watcher-create
_WATCHER_GROUP = "NetworkWatcherRG"
_FORMAT_VERSION = 2


def log_network(site: Site, network: Network, monitoring: Monitoring) -> None:
    """Send what the parts of the network report, and where asked record its connections."""
    site.send_logs(monitoring, "network", network.network_id)
    for purpose, group_id in network.security_group_ids.items():
        site.send_logs(monitoring, f"rules-{purpose}", group_id, metrics=False)
    if network.egress is not None:
        for purpose, address_id in network.egress.addresses.items():
            site.send_logs(monitoring, f"{purpose}-address", address_id)
        if network.egress.firewall is not None:
            site.send_logs(monitoring, "firewall", network.egress.firewall.firewall_id)
    if site.settings.network.flow_logs:
        _record_connections(site, network, monitoring)


def _record_connections(site: Site, network: Network, monitoring: Monitoring) -> None:
    settings = site.settings
    store = FlowLogStore(
        site.named("flow-logs"),
        FlowLogStoreArgs(
            account_name=site.names.flow_log_account,
            location=site.region,
            resource_group_name=site.group_name,
            replication=storage.SkuName(settings.storage.replication.value),
            retention_days=settings.monitoring.retention_days,
        ),
        site.child,
    )
    site.link(network, "flow-logs", store.account_id, "blob", purpose="flow-logs")
    site.send_logs(monitoring, "flow-logs", store.account_id.apply(_blobs))
    identities = Identities(
        site.named("flow-logs-identity"),
        IdentitiesArgs(
            names=site.names,
            location=site.region,
            resource_group_name=site.group_name,
            purposes=[FLOW_LOG_IDENTITY],
        ),
        site.child,
    )
    granted = site.grant(
        "flow-logs",
        flow_log_grants(),
        identities.principal_ids,
        {Scope.FLOW_LOGS: store.account_id},
    )
    azure.FlowLog(
        site.named("flow-log"),
        flow_log_name=site.names.of(Kind.FLOW_LOG),
        network_watcher_name=f"NetworkWatcher_{site.region}",
        resource_group_name=_WATCHER_GROUP,
        location=site.region,
        target_resource_id=network.network_id,
        storage_id=store.account_id,
        identity={
            "type": azure.ResourceIdentityType.USER_ASSIGNED,
            "user_assigned_identities": [identities.ids[FLOW_LOG_IDENTITY]],
        },
        enabled=True,
        format={"type": azure.FlowLogFormatType.JSON, "version": _FORMAT_VERSION},
        # The account's own rule forgets; a number here would overwrite that rule.
        retention_policy={"enabled": False, "days": 0},
        opts=site.after(granted.assignments),
    )


def _blobs(account_id: str) -> str:
    return f"{account_id}/blobServices/default"
