"""Autoscale settings: how many instances a target has, and when that changes."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.providers.checks import bad, default, flag, located, one_of, required
from emulator.providers.insights.metric_names import METRICS

TYPE = "Microsoft.Insights/autoscalesettings"
_MOST_PROFILES = 20
_MOST_RULES = 10
_TARGETS = (
    "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments",
    "Microsoft.Compute/virtualMachineScaleSets",
    "Microsoft.Web/serverfarms",
    "Microsoft.ApiManagement/service",
)
_STATISTICS = ("Average", "Min", "Max", "Sum", "Count")
_AGGREGATIONS = ("Average", "Minimum", "Maximum", "Total", "Count", "Last")
_OPERATORS = (
    "Equals",
    "NotEquals",
    "GreaterThan",
    "GreaterThanOrEqual",
    "LessThan",
    "LessThanOrEqual",
)
_CHANGES = ("ChangeCount", "PercentChangeCount", "ExactCount", "ServiceAllowedNextValue")
_CODE = "BadRequest"


@behaviour
class AutoscaleSetting(Behaviour):
    """The profiles of a target; it has one setting only."""

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        located(resource)
        properties = resource["properties"]
        default(properties, "name", resource["name"])
        flag(properties, "enabled", initial=True)
        self._check_target(ctx, resource)
        path = "properties.profiles"
        profiles = required(resource, path, "a list of profiles", _CODE)
        if not isinstance(profiles, list) or not 1 <= len(profiles) <= _MOST_PROFILES:
            raise bad(path, f"'{path}' must be a list of 1 to {_MOST_PROFILES} profiles.", _CODE)
        for index, profile in enumerate(profiles):
            where = f"{path}[{index}]"
            required(profile, "name", f"the name of {where}", _CODE)
            _check_capacity(profile, where)
            rules = default(profile, "rules", [])
            if len(rules) > _MOST_RULES:
                sentence = f"'{where}.rules' has {len(rules)} rules; at most {_MOST_RULES}."
                raise bad(f"{where}.rules", sentence, _CODE)
            for number, rule in enumerate(rules):
                _check_rule(ctx, rule, f"{where}.rules[{number}]")

    def _check_target(self, ctx: Context, resource: Resource) -> None:
        path = "properties.targetResourceUri"
        wanted = str(required(resource, path, "the id of what is scaled", _CODE))
        target = ctx.store.get(wanted)
        if target is None:
            sentence = f"The resource {wanted} in {path} was not found."
            raise ArmError(404, "ResourceNotFound", sentence, path)
        if target["type"].lower() not in {one.lower() for one in _TARGETS}:
            sentence = f"'{path}' is a {target['type']}; wanted: one of {', '.join(_TARGETS)}."
            raise bad(path, sentence, "UnsupportedResourceType")
        for other in ctx.store.find(self.type):
            theirs = str(other["properties"]["targetResourceUri"]).lower()
            if theirs == wanted.lower() and other["id"].lower() != resource["id"].lower():
                raise ArmError(
                    409,
                    "AutoscaleSettingConflict",
                    f"'{wanted}' has the autoscale setting '{other['id']}' already; change it.",
                    path,
                )


def _check_capacity(profile: dict[str, Any], where: str) -> None:
    found: dict[str, int] = {}
    for name in ("minimum", "maximum", "default"):
        path = f"{where}.capacity.{name}"
        text = (profile.get("capacity") or {}).get(name)
        if not str(text).isdigit():
            raise bad(path, f"'{path}' is {text!r}; wanted: a whole number.", _CODE)
        profile["capacity"][name] = str(text)
        found[name] = int(str(text))
    if not found["minimum"] <= found["default"] <= found["maximum"]:
        sentence = f"'{where}.capacity' is {found}; wanted: minimum <= default <= maximum."
        raise bad(f"{where}.capacity", sentence, _CODE)


def _check_rule(ctx: Context, rule: dict[str, Any], where: str) -> None:
    trigger, action = rule.get("metricTrigger") or {}, rule.get("scaleAction") or {}
    path = f"{where}.metricTrigger"
    for name, known in (
        ("statistic", _STATISTICS),
        ("timeAggregation", _AGGREGATIONS),
        ("operator", _OPERATORS),
    ):
        trigger[name] = one_of(trigger.get(name), known, f"{path}.{name}", _CODE)
    for name in ("metricName", "metricResourceUri", "timeGrain", "timeWindow"):
        if not trigger.get(name):
            raise bad(f"{path}.{name}", f"'{path}.{name}' is missing.", _CODE)
    source = ctx.store.get(str(trigger["metricResourceUri"]))
    if source is None:
        sentence = f"The resource {trigger['metricResourceUri']} in {path} was not found."
        raise ArmError(404, "ResourceNotFound", sentence, f"{path}.metricResourceUri")
    known_metrics = METRICS.get(source["type"].lower())
    if known_metrics is not None and trigger["metricName"] not in known_metrics:
        sentence = f"{source['type']} has no metric named {trigger['metricName']}."
        raise bad(f"{path}.metricName", sentence, _CODE)
    path = f"{where}.scaleAction"
    one_of(action.get("direction"), ("None", "Increase", "Decrease"), f"{path}.direction", _CODE)
    one_of(action.get("type"), _CHANGES, f"{path}.type", _CODE)
    if not action.get("cooldown"):
        raise bad(f"{path}.cooldown", f"'{path}.cooldown' is missing; wanted: PT1M to P7D.", _CODE)
    default(action, "value", "1")
