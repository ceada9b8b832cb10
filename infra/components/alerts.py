"""Alerts on metrics, on logs and on what somebody did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_azure_native import monitor

_SINGLE = monitor.Odatatype.MICROSOFT_AZURE_MONITOR_SINGLE_RESOURCE_MULTIPLE_METRIC_CRITERIA


@dataclass(frozen=True, kw_only=True)
class MetricRule:
    """A threshold on a metric of one resource."""

    name: str
    metric: str
    words: str
    """What it means when it fires."""
    threshold: float
    operator: monitor.Operator = monitor.Operator.GREATER_THAN
    aggregation: monitor.AggregationTypeEnum = monitor.AggregationTypeEnum.TOTAL
    severity: int = 3
    window_minutes: int = 5
    split_by: Mapping[str, Sequence[str]] | None = None
    """Dimensions and their values, `*` for each by itself."""


@dataclass(frozen=True, kw_only=True)
class MetricAlertsArgs:
    """What `MetricAlerts` take from the rest of the stamp."""

    prefix: str
    resource_group_name: Input[str]
    target_id: Input[str]
    rules: Sequence[MetricRule]
    action_group_id: Input[str]


class MetricAlerts(ComponentResource):
    """The metric alerts of one resource."""

    def __init__(
        self, name: str, args: MetricAlertsArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:monitoring:MetricAlerts", name, None, opts)
        for rule in args.rules:
            monitor.MetricAlert(
                f"{name}-{rule.name}",
                rule_name=f"{args.prefix}-{rule.name}",
                location="global",
                resource_group_name=args.resource_group_name,
                description=rule.words,
                enabled=True,
                auto_mitigate=True,
                severity=rule.severity,
                scopes=[args.target_id],
                evaluation_frequency="PT5M",
                window_size=f"PT{rule.window_minutes}M",
                criteria={"odata_type": _SINGLE.value, "all_of": [_criterion(rule)]},
                actions=[{"action_group_id": args.action_group_id}],
                opts=ResourceOptions(parent=self),
            )
        self.register_outputs({})


def _criterion(rule: MetricRule) -> monitor.MetricCriteriaArgsDict:
    criterion: monitor.MetricCriteriaArgsDict = {
        "criterion_type": "StaticThresholdCriterion",
        "name": rule.name,
        "metric_name": rule.metric,
        "operator": rule.operator,
        "threshold": rule.threshold,
        "time_aggregation": rule.aggregation,
    }
    if rule.split_by:
        criterion["dimensions"] = [
            {"name": dimension, "operator": "Include", "values": list(values)}
            for dimension, values in rule.split_by.items()
        ]
    return criterion


@dataclass(frozen=True, kw_only=True)
class LogRule:
    """A query of which each found row is worth a look."""

    name: str
    query: str
    words: str
    severity: int = 2


@dataclass(frozen=True, kw_only=True)
class LogAlertsArgs:
    """What `LogAlerts` take from the rest of the stamp."""

    prefix: str
    location: str
    resource_group_name: Input[str]
    logs_id: Input[str]
    rules: Sequence[LogRule]
    action_group_id: Input[str]


class LogAlerts(ComponentResource):
    """The alerts on what stands in Log Analytics."""

    def __init__(self, name: str, args: LogAlertsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:monitoring:LogAlerts", name, None, opts)
        for rule in args.rules:
            monitor.ScheduledQueryRule(
                f"{name}-{rule.name}",
                rule_name=f"{args.prefix}-{rule.name}",
                display_name=rule.words,
                location=args.location,
                resource_group_name=args.resource_group_name,
                description=rule.words,
                enabled=True,
                auto_mitigate=True,
                severity=rule.severity,
                scopes=[args.logs_id],
                evaluation_frequency="PT15M",
                window_size="PT15M",
                # A table exists from its first row on; a rule on an empty workspace is no mistake.
                skip_query_validation=True,
                criteria={
                    "all_of": [
                        {
                            "query": rule.query,
                            "time_aggregation": monitor.TimeAggregation.COUNT,
                            "operator": monitor.ConditionOperator.GREATER_THAN,
                            "threshold": 0,
                            "failing_periods": {
                                "number_of_evaluation_periods": 1,
                                "min_failing_periods_to_alert": 1,
                            },
                        }
                    ]
                },
                actions={"action_groups": [args.action_group_id]},
                opts=ResourceOptions(parent=self),
            )
        self.register_outputs({})


@dataclass(frozen=True, kw_only=True)
class ActivityRule:
    """Something that somebody did, or that happened to Azure itself."""

    name: str
    words: str
    conditions: Mapping[str, str]
    """Fields of the activity log and what they have to be."""
    everywhere: bool = False
    """About the whole subscription: Azure takes no narrower scope for its own health."""


@dataclass(frozen=True, kw_only=True)
class ActivityAlertsArgs:
    """What `ActivityAlerts` take from the rest of the platform."""

    prefix: str
    resource_group_name: Input[str]
    subscription_id: str
    group_id: Input[str]
    rules: Sequence[ActivityRule]
    action_group_id: Input[str]


class ActivityAlerts(ComponentResource):
    """The alerts on the activity log."""

    def __init__(
        self, name: str, args: ActivityAlertsArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:monitoring:ActivityAlerts", name, None, opts)
        for rule in args.rules:
            monitor.ActivityLogAlert(
                f"{name}-{rule.name}",
                activity_log_alert_name=f"{args.prefix}-{rule.name}",
                location="global",
                resource_group_name=args.resource_group_name,
                description=rule.words,
                enabled=True,
                scopes=[
                    f"/subscriptions/{args.subscription_id}" if rule.everywhere else args.group_id
                ],
                condition={
                    "all_of": [
                        {"field": field, "equals": value}
                        for field, value in rule.conditions.items()
                    ]
                },
                actions={"action_groups": [{"action_group_id": args.action_group_id}]},
                opts=ResourceOptions(parent=self),
            )
        self.register_outputs({})
