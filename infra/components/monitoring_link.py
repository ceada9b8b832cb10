"""The private link scope through which logs and traces are sent and read."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import monitor

from infra.naming import Kind, Names


@dataclass(frozen=True, kw_only=True)
class MonitoringLinkArgs:
    """What a `MonitoringLink` takes from the rest of the stamp."""

    names: Names
    resource_group_name: Input[str]
    targets: Mapping[str, Input[str]]
    """Ids of what belongs to the scope, by what it is."""


class MonitoringLink(ComponentResource):
    """A scope that holds the stamp's Log Analytics and Application Insights.

    Its access modes are open, on purpose. The mode does not decide who reaches our own logs: both
    refuse the public network themselves. It decides what else the networks behind the endpoint may
    reach, and closed it would cut them off from every other workspace of Azure Monitor: Azure
    Machine Learning's own telemetry among them, whose documentation asks for Open.
    https://learn.microsoft.com/azure/machine-learning/how-to-secure-workspace-vnet
    https://learn.microsoft.com/azure/azure-monitor/logs/private-link-design
    """

    scope_id: Output[str]
    members: list[monitor.PrivateLinkScopedResource]

    def __init__(
        self, name: str, args: MonitoringLinkArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:monitoring:MonitoringLink", name, None, opts)
        scope = monitor.PrivateLinkScope(
            name,
            scope_name=args.names.of(Kind.MONITORING_LINK),
            location="global",
            resource_group_name=args.resource_group_name,
            access_mode_settings={
                "ingestion_access_mode": monitor.AccessMode.OPEN,
                "query_access_mode": monitor.AccessMode.OPEN,
            },
            opts=ResourceOptions(parent=self),
        )
        self.members = [
            monitor.PrivateLinkScopedResource(
                f"{name}-{purpose}",
                name=purpose,
                scope_name=scope.name,
                resource_group_name=args.resource_group_name,
                linked_resource_id=target,
                opts=ResourceOptions(parent=self),
            )
            for purpose, target in args.targets.items()
        ]
        self.scope_id = scope.id
        self.register_outputs({"scope_id": self.scope_id})
