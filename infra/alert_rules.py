"""What is watched, as tables: metrics, log queries and activities with their thresholds.

Names of metrics: https://learn.microsoft.com/azure/azure-monitor/reference/metrics-index
Thresholds: https://azure.github.io/azure-monitor-baseline-alerts/
"""

from pulumi_azure_native import monitor

from infra.components.alerts import ActivityRule, LogRule, MetricRule
from infra.settings import Settings

_AVERAGE = monitor.AggregationTypeEnum.AVERAGE
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
            aggregation=_AVERAGE,
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

LOG_RULES = (
    LogRule(
        name="logs-dropped",
        query=("_LogOperation | where Category =~ 'Ingestion' | where Detail contains 'OverQuota'"),
        words="The daily cap is reached: logs are dropped until tomorrow.",
    ),
    LogRule(
        name="drift",
        # Monitors of the platform write one trace for each alarm of theirs.
        query="AppTraces | where Properties.event == 'drift_alarm'",
        words="A monitor found drift.",
    ),
    LogRule(
        name="failed-deployments",
        query=(
            "AmlOnlineEndpointEventLog | where Name in ('ContainerCrashed', 'LivenessProbeFailed')"
        ),
        words="A deployment's container crashes or does not answer its probe.",
    ),
)

_DELETED = {"category": "Administrative", "status": "Succeeded"}


def activity_rules() -> list[ActivityRule]:
    """What people and Azure do that somebody should know of."""
    return [
        ActivityRule(
            name="service-health",
            words="Azure reports a problem of a service.",
            conditions={"category": "ServiceHealth"},
            everywhere=True,
        ),
        ActivityRule(
            name="resource-health",
            words="Azure reports that a resource is not healthy.",
            conditions={"category": "ResourceHealth"},
        ),
        ActivityRule(
            name="role-granted",
            words="Somebody granted a role.",
            conditions={
                "category": "Administrative",
                "operationName": "Microsoft.Authorization/roleAssignments/write",
            },
        ),
        ActivityRule(
            name="policy-denied",
            words="A policy refused a change.",
            conditions={
                "category": "Policy",
                "operationName": "Microsoft.Authorization/policies/deny/action",
            },
        ),
        ActivityRule(
            name="vault-deleted",
            words="Somebody deleted a key vault.",
            conditions={**_DELETED, "operationName": "Microsoft.KeyVault/vaults/delete"},
        ),
        ActivityRule(
            name="lock-deleted",
            words="Somebody took a lock away.",
            conditions={**_DELETED, "operationName": "Microsoft.Authorization/locks/delete"},
        ),
    ]
