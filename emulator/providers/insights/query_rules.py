"""Alerts on what a query finds in logs."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.bodies import at
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.providers.checks import (
    bad,
    between,
    default,
    flag,
    located,
    of_type,
    one_of,
    required,
)
from emulator.providers.insights.alerts import ACTION_GROUP

_MINUTES = {
    "PT1M": 1,
    "PT5M": 5,
    "PT10M": 10,
    "PT15M": 15,
    "PT30M": 30,
    "PT45M": 45,
    "PT1H": 60,
    "PT2H": 120,
    "PT3H": 180,
    "PT4H": 240,
    "PT5H": 300,
    "PT6H": 360,
    "P1D": 1440,
    "P2D": 2880,
}
_OFTEN = tuple(name for name, minutes in _MINUTES.items() if minutes <= _MINUTES["P1D"])
_OPERATORS = ("Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual")
_AGGREGATIONS = ("Count", "Average", "Minimum", "Maximum", "Total")
_MOST_PERIODS = 6
_CODE = "BadRequest"


@behaviour
class ScheduledQueryRule(Behaviour):
    """A query that runs every so often over the last so many minutes."""

    type: ClassVar[str] = "Microsoft.Insights/scheduledQueryRules"
    immutable: ClassVar[tuple[str, ...]] = ("kind",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        located(resource)
        kind = default(resource, "kind", "LogAlert")
        resource["kind"] = one_of(kind, ("LogAlert", "LogToMetric"), "kind", _CODE)
        properties = resource["properties"]
        flag(properties, "enabled", initial=True)
        _check_scopes(ctx, resource)
        path = "properties.criteria.allOf"
        conditions = required(resource, path, "a list of conditions", _CODE)
        if not isinstance(conditions, list) or not conditions:
            raise bad(path, f"'{path}' is {conditions!r}; wanted: a list of conditions.", _CODE)
        if resource["kind"] == "LogAlert":
            _check_alert(resource)
            for index, condition in enumerate(conditions):
                _check_condition(condition, f"{path}[{index}]")
        else:
            for index, condition in enumerate(conditions):
                required(condition, "metricName", "the name of the metric", _CODE)
                if condition.get("query"):
                    sentence = f"'{path}[{index}].query' is only for rules of kind LogAlert."
                    raise bad(f"{path}[{index}].query", sentence, _CODE)
        groups = at(resource, "properties.actions.actionGroups") or []
        for group in groups if isinstance(groups, list) else [groups]:
            if of_type(ctx.store, group, ACTION_GROUP) is None:
                sentence = f"The action group {group} was not found."
                raise ArmError(404, "ActionGroupNotFound", sentence, "properties.actions")
        properties |= {
            "createdWithApiVersion": "2022-08-01-preview",
            "isLegacyLogAnalyticsRule": False,
        }


def _check_scopes(ctx: Context, resource: Resource) -> None:
    path = "properties.scopes"
    scopes = required(resource, path, "a list with the id of one resource", _CODE)
    if not isinstance(scopes, list) or len(scopes) != 1:
        raise bad(path, f"'{path}' is {scopes!r}; wanted: the id of exactly one resource.", _CODE)
    if ctx.store.get(str(scopes[0])) is None and str(scopes[0]).count("/") > 2:
        sentence = f"The resource {scopes[0]} in {path} was not found."
        raise ArmError(404, "ResourceNotFound", sentence, path)


def _check_alert(resource: Resource) -> None:
    properties = resource["properties"]
    between(
        required(resource, "properties.severity", "0 to 4", _CODE),
        0,
        4,
        "properties.severity",
        _CODE,
    )
    lengths: dict[str, str] = {}
    for name, known in (("evaluationFrequency", _OFTEN), ("windowSize", tuple(_MINUTES))):
        path = f"properties.{name}"
        value = required(resource, path, ", ".join(known), _CODE)
        lengths[name] = properties[name] = one_of(value, known, path, _CODE)
    often, window = lengths["evaluationFrequency"], lengths["windowSize"]
    if _MINUTES[window] < _MINUTES[often]:
        sentence = f"properties.windowSize {window} is shorter than evaluationFrequency {often}."
        raise bad("properties.windowSize", sentence, _CODE)
    resolves = flag(properties, "autoMitigate", initial=True)
    if resolves and properties.get("muteActionsDuration"):
        raise bad(
            "properties.muteActionsDuration",
            "properties.muteActionsDuration is only for rules whose autoMitigate is false.",
            _CODE,
        )
    for name in ("skipQueryValidation", "checkWorkspaceAlertsStorageConfigured"):
        flag(properties, name, initial=False)


def _check_condition(condition: dict[str, Any], path: str) -> None:
    for name in ("query", "operator", "timeAggregation"):
        if not condition.get(name):
            raise bad(f"{path}.{name}", f"'{path}.{name}' is missing.", _CODE)
    condition["operator"] = one_of(condition["operator"], _OPERATORS, f"{path}.operator", _CODE)
    where = f"{path}.timeAggregation"
    how = one_of(condition["timeAggregation"], _AGGREGATIONS, where, _CODE)
    condition["timeAggregation"] = how
    column = condition.get("metricMeasureColumn")
    if how != "Count" and not column:
        sentence = f"'{path}.metricMeasureColumn' is missing; timeAggregation {how} measures one."
        raise bad(f"{path}.metricMeasureColumn", sentence, _CODE)
    threshold = condition.get("threshold")
    if isinstance(threshold, bool) or not isinstance(threshold, int | float):
        sentence = f"'{path}.threshold' is {threshold!r}; wanted: a number."
        raise bad(f"{path}.threshold", sentence, _CODE)
    once = {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1}
    periods = default(condition, "failingPeriods", once)
    most = default(periods, "numberOfEvaluationPeriods", 1)
    least = default(periods, "minFailingPeriodsToAlert", 1)
    where = f"{path}.failingPeriods"
    between(most, 1, _MOST_PERIODS, f"{where}.numberOfEvaluationPeriods", _CODE)
    between(least, 1, most, f"{where}.minFailingPeriodsToAlert", _CODE)
    for dimension in default(condition, "dimensions", []):
        where = f"{path}.dimensions"
        if not dimension.get("name") or not dimension.get("values"):
            raise bad(where, f"A dimension in '{where}' has no name or no values.", _CODE)
        one_of(dimension.get("operator"), ("Include", "Exclude"), f"{where}.operator", _CODE)
