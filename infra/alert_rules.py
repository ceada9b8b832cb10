"""What is watched, as tables: metrics and log queries with their thresholds.

Names of metrics: https://learn.microsoft.com/azure/azure-monitor/reference/metrics-index
Thresholds: https://azure.github.io/azure-monitor-baseline-alerts/
"""

from pulumi_azure_native import monitor

from infra.components.alerts import LogRule, MetricRule
from infra.settings import Settings

# Written by monitors of models into Application Insights, with the task among its properties.
DRIFT_EVENT = "mlops.drift.alarm"
# Fewer requests in a window than this say nothing about a share of them.
_FEWEST_REQUESTS = 20
_AVERAGE = monitor.AggregationTypeEnum.AVERAGE
_MOST = monitor.AggregationTypeEnum.MAXIMUM
_BELOW = monitor.Operator.LESS_THAN


def workspace_rules(settings: Settings) -> list[MetricRule]:
    """What is watched of a workspace."""
    return [
        MetricRule(
            name="failed-runs", metric="Failed Runs", threshold=0, words="A training run failed."
        ),
        MetricRule(
            name="failed-deployments",
            metric="Model Deploy Failed",
            threshold=0,
            words="A model could not be deployed.",
        ),
        MetricRule(
            name="stuck-runs",
            metric="Not Responding Runs",
            threshold=0,
            words="A run does not answer any more.",
        ),
        MetricRule(
            name="unusable-nodes",
            metric="Unusable Nodes",
            threshold=0,
            words="A node of a cluster cannot be used.",
        ),
        MetricRule(
            name="quota",
            metric="Quota Utilization Percentage",
            threshold=settings.alerts.quota_percent,
            # Of all clusters and sizes: an average would hide the one that is full.
            aggregation=_MOST,
            words="The region's quota is nearly used up: the next scale-out may fail.",
        ),
    ]


def endpoint_rules(settings: Settings) -> list[MetricRule]:
    """What is watched of an online endpoint, each deployment by itself."""
    by_deployment = {"deployment": ["*"]}
    return [
        MetricRule(
            name="latency",
            metric="RequestLatency_P95",
            threshold=settings.serving.latency_p95_ms,
            aggregation=_AVERAGE,
            severity=2,
            split_by=by_deployment,
            words="The slowest twentieth of requests takes longer than agreed.",
        ),
        MetricRule(
            # Metrics come even while the logs have reached their daily cap.
            name="errors",
            metric="RequestsPerMinute",
            threshold=0,
            aggregation=_AVERAGE,
            severity=1,
            split_by={**by_deployment, "statusCodeClass": ["5xx"]},
            words="Requests fail on the server's side.",
        ),
        MetricRule(
            name="lost-collection",
            metric="DataCollectionErrorsPerMinute",
            threshold=0,
            aggregation=_AVERAGE,
            split_by=by_deployment,
            words="Inputs and outputs are not collected: monitoring sees less than it should.",
        ),
    ]


VAULT_RULES = (
    MetricRule(
        name="availability",
        metric="Availability",
        threshold=90,
        operator=_BELOW,
        aggregation=_AVERAGE,
        severity=1,
        words="The vault does not answer: jobs and deployments cannot read their secrets.",
    ),
    MetricRule(
        name="saturation",
        metric="SaturationShoebox",
        threshold=75,
        aggregation=_AVERAGE,
        words="The vault is close to its limits.",
    ),
    MetricRule(
        name="latency",
        metric="ServiceApiLatency",
        threshold=1000,
        aggregation=_AVERAGE,
        words="The vault answers slowly.",
    ),
)

STORAGE_RULES = (
    MetricRule(
        name="availability",
        metric="Availability",
        threshold=99,
        operator=_BELOW,
        aggregation=_AVERAGE,
        severity=1,
        words="Data cannot be reached.",
    ),
    MetricRule(
        name="latency",
        metric="SuccessE2ELatency",
        threshold=1000,
        aggregation=_AVERAGE,
        words="Data comes slowly.",
    ),
)

REGISTRY_RULES = (
    MetricRule(
        name="full",
        metric="StorageUsed",
        threshold=450 * 1024**3,
        aggregation=_AVERAGE,
        window="PT1H",
        words="Images take most of the 500 GiB that the registry includes.",
    ),
)

FACTORY_RULES = (
    MetricRule(
        name="pipelines",
        metric="PipelineFailedRuns",
        threshold=0,
        severity=1,
        words="A data pipeline failed: no new data, or no retraining.",
    ),
    MetricRule(
        name="activities",
        metric="ActivityFailedRuns",
        threshold=0,
        words="A step of a data pipeline failed.",
    ),
    MetricRule(
        name="triggers",
        metric="TriggerFailedRuns",
        threshold=0,
        severity=1,
        words="New data came and no pipeline was started.",
    ),
)

EVENT_RULES = (
    MetricRule(
        name="dead-letters",
        metric="DeadLetteredCount",
        threshold=0,
        severity=2,
        words="An event was given up and is kept among the dead letters.",
    ),
    MetricRule(
        name="undelivered",
        metric="DeliveryAttemptFailCount",
        threshold=10,
        window="PT15M",
        words="Events do not reach their queue.",
    ),
)

KUBERNETES_RULES = (
    MetricRule(
        name="cpu",
        metric="node_cpu_usage_percentage",
        threshold=95,
        aggregation=_AVERAGE,
        window="PT15M",
        words="Nodes have no processor left.",
    ),
    MetricRule(
        name="memory",
        metric="node_memory_working_set_percentage",
        threshold=90,
        aggregation=_AVERAGE,
        window="PT15M",
        words="Nodes have no memory left.",
    ),
    MetricRule(
        name="disk",
        metric="node_disk_usage_percentage",
        threshold=80,
        aggregation=_AVERAGE,
        window="PT15M",
        words="Disks of nodes are nearly full.",
    ),
    MetricRule(
        name="unschedulable",
        metric="cluster_autoscaler_unschedulable_pods_count",
        threshold=0,
        aggregation=_AVERAGE,
        severity=2,
        window="PT15M",
        words="Pods wait for nodes that do not come.",
    ),
    MetricRule(
        name="not-ready",
        metric="kube_node_status_condition",
        threshold=0,
        aggregation=_AVERAGE,
        severity=1,
        window="PT15M",
        split_by={"status2": ["NotReady"]},
        words="A node is not ready.",
    ),
)


def log_rules(settings: Settings) -> list[LogRule]:
    """What is asked of the logs."""
    allowed = settings.serving.error_percent
    rules = [
        LogRule(
            name="error-share",
            query=(
                "AmlOnlineEndpointTrafficLog"
                " | summarize Failed = countif(toint(ResponseCode) >= 500), Requests = count()"
                " by EndpointName, DeploymentName"
                f" | where Requests >= {_FEWEST_REQUESTS}"
                " | extend FailedPercent = 100.0 * Failed / Requests"
            ),
            threshold=allowed,
            measure="FailedPercent",
            split_by=("EndpointName", "DeploymentName"),
            severity=1,
            words=f"More than {allowed:g} % of the requests to a deployment fail.",
        ),
        LogRule(
            name="drift",
            query=(
                f"AppEvents | where Name == '{DRIFT_EVENT}'"
                " | extend Task = tostring(Properties.task)"
            ),
            split_by=("Task",),
            words="What a model sees has drifted from what it learned.",
        ),
        LogRule(
            name="crashes",
            query=(
                "AmlOnlineEndpointEventLog"
                " | where Name in ('ContainerCrashed', 'LivenessProbeFailed')"
            ),
            words="A deployment's container crashes or does not answer its probe.",
        ),
    ]
    if settings.monitoring.daily_cap_gb is not None:
        rules.append(
            LogRule(
                name="logs-dropped",
                query="_LogOperation | where Category =~ 'Ingestion' and Detail has 'OverQuota'",
                severity=1,
                words="The daily cap is reached: logs are dropped until tomorrow.",
            )
        )
    return rules
