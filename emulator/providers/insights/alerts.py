"""Metric alerts, and the groups of people and services that they reach."""

import re
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.providers.checks import (
    GLOBAL,
    bad,
    between,
    default,
    flag,
    located,
    of_type,
    one_of,
    required,
    worldwide,
)
from emulator.providers.insights.metric_names import METRICS

ACTION_GROUP = "Microsoft.Insights/actionGroups"
_LONGEST_SHORT_NAME = 12
_FREQUENCIES = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H")
_WINDOWS = (*_FREQUENCIES, "PT6H", "PT12H", "P1D")
_CRITERIA = (
    "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
    "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria",
    "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria",
)
_OPERATORS = ("Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual")
_AGGREGATIONS = ("Average", "Count", "Minimum", "Maximum", "Total")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@behaviour
class ActionGroup(Behaviour):
    """Whom alerts reach."""

    type: ClassVar[str] = ACTION_GROUP

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        if resource.get("location") != GLOBAL:
            located(resource)
        wanted = f"1 to {_LONGEST_SHORT_NAME} characters"
        path = "properties.groupShortName"
        name = required(resource, path, wanted, "BadRequest")
        if not isinstance(name, str) or len(name) > _LONGEST_SHORT_NAME:
            raise bad(path, f"'{path}' is {name!r}; wanted: {wanted}.", "BadRequest")
        properties = resource["properties"]
        flag(properties, "enabled", initial=True)
        names: set[str] = set()
        for kind in [name for name in properties if name.endswith("Receivers")]:
            for receiver in properties[kind] or []:
                _check_receiver(receiver, f"properties.{kind}", names)


def _check_receiver(receiver: dict[str, Any], path: str, names: set[str]) -> None:
    name = receiver.get("name")
    if not name:
        raise bad(path, f"A receiver in '{path}' has no name; wanted: a name.", "BadRequest")
    if name.lower() in names:
        sentence = f"The receiver name '{name}' in '{path}' is used twice; wanted: unique names."
        raise bad(path, sentence, "BadRequest")
    names.add(name.lower())
    if path.endswith("emailReceivers"):
        address = str(receiver.get("emailAddress") or "")
        if not _EMAIL.fullmatch(address):
            sentence = f"emailAddress of receiver '{name}' is {address!r}; wanted: an address."
            raise bad(path, sentence, "BadRequest")
        receiver["status"] = "Enabled"


@behaviour
class MetricAlert(Behaviour):
    """A rule that watches metrics of resources."""

    type: ClassVar[str] = "Microsoft.Insights/metricAlerts"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        worldwide(resource)
        properties = resource["properties"]
        for name, wanted in (
            ("severity", "0 to 4"),
            ("scopes", "a list of resource ids"),
            ("evaluationFrequency", ", ".join(_FREQUENCIES)),
            ("windowSize", ", ".join(_WINDOWS)),
            ("criteria", "what to watch"),
        ):
            required(resource, f"properties.{name}", wanted, "BadRequest")
        between(properties["severity"], 0, 4, "properties.severity", "BadRequest")
        flag(properties, "enabled", initial=True)
        flag(properties, "autoMitigate", initial=True)
        often = one_of(
            properties["evaluationFrequency"],
            _FREQUENCIES,
            "properties.evaluationFrequency",
            "BadRequest",
        )
        window = one_of(properties["windowSize"], _WINDOWS, "properties.windowSize", "BadRequest")
        if _WINDOWS.index(window) < _WINDOWS.index(often):
            sentence = (
                f"properties.windowSize {window} is shorter than evaluationFrequency {often}."
            )
            raise bad("properties.windowSize", sentence, "BadRequest")
        self._check_references(ctx, properties)
        types = {
            str((ctx.store.get(scope) or {}).get("type", "")) for scope in properties["scopes"]
        }
        _check_criteria(properties, types.pop() if len(types) == 1 else "")

    def _check_references(self, ctx: Context, properties: dict[str, Any]) -> None:
        scopes = properties["scopes"]
        if not isinstance(scopes, list) or not scopes:
            sentence = f"'properties.scopes' is {scopes!r}; wanted: a list of resource ids."
            raise bad("properties.scopes", sentence, "BadRequest")
        for scope in scopes:
            if not ctx.store.get(str(scope)) and str(scope).count("/") > 2:
                sentence = f"The resource {scope} in properties.scopes was not found."
                raise ArmError(404, "ResourceNotFound", sentence, "properties.scopes")
        for action in default(properties, "actions", []):
            if of_type(ctx.store, action.get("actionGroupId"), ACTION_GROUP) is None:
                sentence = f"The action group {action.get('actionGroupId')} was not found."
                raise ArmError(404, "ResourceNotFound", sentence, "properties.actions")


def _check_criteria(properties: dict[str, Any], type_: str) -> None:
    criteria, path = properties["criteria"], "properties.criteria"
    kind = one_of(criteria.get("odata.type"), _CRITERIA, f"{path}.odata.type", "BadRequest")
    if kind == _CRITERIA[2]:
        return
    if kind == _CRITERIA[0] and len(properties["scopes"]) != 1:
        sentence = f"properties.scopes has {len(properties['scopes'])} resources; {kind} wants one."
        raise bad("properties.scopes", sentence, "BadRequest")
    conditions = criteria.get("allOf")
    if not isinstance(conditions, list) or not conditions:
        raise bad(f"{path}.allOf", f"'{path}.allOf' must be a list of conditions.", "BadRequest")
    names: set[str] = set()
    for index, condition in enumerate(conditions):
        where = f"{path}.allOf[{index}]"
        for name in ("name", "metricName"):
            if not condition.get(name):
                raise bad(f"{where}.{name}", f"'{where}.{name}' is missing.", "BadRequest")
        if condition["name"] in names:
            sentence = f"'{where}.name' is {condition['name']!r} again; wanted: a name of its own."
            raise bad(f"{where}.name", sentence, "BadRequest")
        names.add(condition["name"])
        _check_condition(condition, where)
        if condition.get("skipMetricValidation") is not True:
            _check_metric(condition, where, str(condition.get("metricNamespace") or type_))


def _check_condition(condition: dict[str, Any], where: str) -> None:
    dynamic = condition.get("criterionType") == "DynamicThresholdCriterion"
    operators = (*_OPERATORS, "GreaterOrLessThan") if dynamic else _OPERATORS
    one_of(condition.get("operator"), operators, f"{where}.operator", "BadRequest")
    aggregation = condition.get("timeAggregation")
    one_of(aggregation, _AGGREGATIONS, f"{where}.timeAggregation", "BadRequest")
    threshold = condition.get("threshold")
    number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
    if not dynamic and not number:
        sentence = f"'{where}.threshold' is {threshold!r}; wanted: a number."
        raise bad(f"{where}.threshold", sentence, "BadRequest")


def _check_metric(condition: dict[str, Any], where: str, type_: str) -> None:
    known = METRICS.get(type_.lower())
    if known is None:
        return
    metric = str(condition["metricName"])
    if metric not in known:
        raise bad(
            f"{where}.metricName",
            f"Couldn't find a metric named {metric}. Make sure the name is correct. Valid metrics "
            f"of {type_}: {', '.join(sorted(known))}.",
            "BadRequest",
        )
    dimensions = {name.lower() for name in known[metric]}
    for dimension in condition.get("dimensions") or []:
        name = dimension.get("name")
        path = f"{where}.dimensions"
        if str(name).lower() not in dimensions:
            wanted = ", ".join(known[metric]) or "none, for it cannot be split"
            sentence = (
                f"The metric {metric} of {type_} has no dimension {name!r}; wanted: {wanted}."
            )
            raise bad(path, sentence, "BadRequest")
        one_of(dimension.get("operator"), ("Include", "Exclude"), f"{path}.operator", "BadRequest")
        if not dimension.get("values"):
            raise bad(path, f"The dimension {name!r} of '{where}' has no values.", "BadRequest")
