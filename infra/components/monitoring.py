"""Where logs and traces go: Log Analytics, Application Insights and the settings that feed them."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import applicationinsights, monitor, operationalinsights

from infra.naming import Kind, Names


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    """What `Monitoring` takes from the rest of the stamp."""

    names: Names
    location: str
    resource_group_name: Input[str]
    retention_days: int
    daily_cap_gb: float | None
    private: bool
    """Whether the public network is refused: a private link scope has to lead here then."""
    protect: bool


class Monitoring(ComponentResource):
    """Logs and traces of a stamp; writing and reading them takes an identity, never a key."""

    logs_id: Output[str]
    insights_id: Output[str]

    def __init__(
        self, name: str, args: MonitoringArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:monitoring:Monitoring", name, None, opts)
        # Azure spells "no cap" as -1.
        cap = -1 if args.daily_cap_gb is None else args.daily_cap_gb
        # Logs that Azure's own services send are not affected: they never cross the network.
        public = "Disabled" if args.private else "Enabled"
        logs = operationalinsights.Workspace(
            f"{name}-logs",
            workspace_name=args.names.of(Kind.LOG_ANALYTICS),
            location=args.location,
            resource_group_name=args.resource_group_name,
            sku={"name": operationalinsights.WorkspaceSkuNameEnum.PER_GB2018},
            retention_in_days=args.retention_days,
            workspace_capping={"daily_quota_gb": cap},
            public_network_access_for_ingestion=public,
            public_network_access_for_query=public,
            features={
                "disable_local_auth": True,
                "enable_log_access_using_only_resource_permissions": True,
            },
            # Lost with it: the audit trail.
            opts=ResourceOptions(parent=self, protect=args.protect),
        )
        insights = applicationinsights.Component(
            f"{name}-insights",
            resource_name_=args.names.of(Kind.APPLICATION_INSIGHTS),
            location=args.location,
            resource_group_name=args.resource_group_name,
            kind="web",
            application_type=applicationinsights.ApplicationType.WEB,
            ingestion_mode=applicationinsights.IngestionMode.LOG_ANALYTICS,
            workspace_resource_id=logs.id,
            disable_local_auth=True,
            public_network_access_for_ingestion=public,
            public_network_access_for_query=public,
            opts=ResourceOptions(parent=self),
        )
        self.logs_id = logs.id
        self.insights_id = insights.id
        self.register_outputs({"logs_id": self.logs_id, "insights_id": self.insights_id})


def send_logs(
    name: str,
    *,
    resource_id: Input[str],
    logs_id: Input[str],
    parent: ComponentResource,
    metrics: bool = True,
) -> monitor.DiagnosticSetting:
    """Send all logs and metrics of a resource to Log Analytics, in tables of their own.

    Azure refuses metrics of what has none.
    """
    return monitor.DiagnosticSetting(
        name,
        name="to-log-analytics",
        resource_uri=resource_id,
        workspace_id=logs_id,
        log_analytics_destination_type="Dedicated",
        logs=[{"category_group": "allLogs", "enabled": True}],
        metrics=[{"category": "AllMetrics", "enabled": True}] if metrics else None,
        opts=ResourceOptions(parent=parent),
    )
