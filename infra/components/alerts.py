"""Alerts on metrics, on logs and on what somebody did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Resource, ResourceHookBinding, ResourceOptions
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
    window: str = "PT5M"
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
                window_size=rule.window,
                # A class: Azure has several kinds of criteria, and the SDK cannot tell a plain
                # dictionary's kind, so it would send its keys as they are written here.
                criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
                    odata_type=_SINGLE.value, all_of=[_criterion(rule)]
                ),
                actions=[{"action_group_id": args.action_group_id}],
                opts=ResourceOptions(parent=self),
            )
        self.register_outputs({})


def _criterion(rule: MetricRule) -> monitor.MetricCriteriaArgs:
    split = (rule.split_by or {}).items()
    return monitor.MetricCriteriaArgs(
        criterion_type="StaticThresholdCriterion",
        name=rule.name,
        metric_name=rule.metric,
        operator=rule.operator,
        threshold=rule.threshold,
        time_aggregation=rule.aggregation,
        dimensions=[
            monitor.MetricDimensionArgs(name=name, operator="Include", values=list(values))
            for name, values in split
        ]
        or None,
    )


@dataclass(frozen=True, kw_only=True)
class LogRule:
    """A question to the logs whose answer must stay at or below a number."""

    name: str
    query: str
    words: str
    severity: int = 2
    threshold: float = 0
    measure: str | None = None
    """The column that is compared; without it, rows are counted."""
    split_by: Sequence[str] = ()
    """Columns of which each value has an alert of its own."""


@dataclass(frozen=True, kw_only=True)
class LogAlertsArgs:
    """What `LogAlerts` take from the rest of the stamp."""

    prefix: str
    location: str
    resource_group_name: Input[str]
    logs_id: Input[str]
    identity_id: Input[str]
    """Asks the questions, so that they do not run as whoever deployed them."""
    rules: Sequence[LogRule]
    action_group_id: Input[str]
    after: Sequence[Resource]
    """Grants without which the identity reads nothing."""
    hooks: ResourceHookBinding


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
                kind=monitor.Kind.LOG_ALERT,
                identity={
                    "type": monitor.IdentityType.USER_ASSIGNED,
                    "user_assigned_identities": [args.identity_id],
                },
                description=rule.words,
                enabled=True,
                auto_mitigate=True,
                severity=rule.severity,
                scopes=[args.logs_id],
                evaluation_frequency="PT15M",
                window_size="PT15M",
                # A table exists from its first row on; a rule on an empty workspace is no mistake.
                skip_query_validation=True,
                criteria={"all_of": [_question(rule)]},
                actions={"action_groups": [args.action_group_id]},
                opts=ResourceOptions(parent=self, depends_on=args.after, hooks=args.hooks),
            )
        self.register_outputs({})


def _question(rule: LogRule) -> monitor.ConditionArgsDict:
    question: monitor.ConditionArgsDict = {
        "query": rule.query,
        # The SDK's `ConditionOperator` is another API's: this one says it in words.
        "operator": monitor.Operator.GREATER_THAN,
        "threshold": rule.threshold,
        "time_aggregation": monitor.TimeAggregation.COUNT,
        "failing_periods": {"number_of_evaluation_periods": 1, "min_failing_periods_to_alert": 1},
    }
    if rule.measure is not None:
        question["time_aggregation"] = monitor.TimeAggregation.MAXIMUM
        question["metric_measure_column"] = rule.measure
    if rule.split_by:
        question["dimensions"] = [
            {"name": column, "operator": monitor.DimensionOperator.INCLUDE, "values": ["*"]}
            for column in rule.split_by
        ]
    return question


@dataclass(frozen=True, kw_only=True)
class ActivityRule:
    """Something that somebody did, or that happened to Azure itself."""

    name: str
    words: str
    conditions: Mapping[str, Sequence[str]]
    """Fields of the activity log and what each may be."""
    everywhere: bool = False
    """About the whole subscription: Azure takes no narrower scope for its own health."""


@dataclass(frozen=True, kw_only=True)
class ActivityAlertsArgs:
    """What `ActivityAlerts` take from the rest of the platform."""

    prefix: str
    resource_group_name: Input[str]
    subscription_id: str
    group_ids: Sequence[Input[str]]
    """Resource groups that are watched."""
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
                scopes=(
                    [f"/subscriptions/{args.subscription_id}"]
                    if rule.everywhere
                    else args.group_ids
                ),
                condition={"all_of": [_fact(*fact) for fact in rule.conditions.items()]},
                actions={"action_groups": [{"action_group_id": args.action_group_id}]},
                opts=ResourceOptions(parent=self),
            )
        self.register_outputs({})


def _fact(field: str, values: Sequence[str]) -> monitor.AlertRuleAnyOfOrLeafConditionArgsDict:
    facts: list[monitor.AlertRuleLeafConditionArgsDict] = [
        {"field": field, "equals": value} for value in values
    ]
    return {"field": field, "equals": values[0]} if len(values) == 1 else {"any_of": facts}
