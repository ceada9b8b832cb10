"""Autoscale settings at work: rules are looked at on the emulated clock, and change numbers."""

import logging
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.arm.store import Resource, Store
from emulator.providers.insights import autoscale
from emulator.runner.durations import seconds
from emulator.serving import metrics
from emulator.serving.endpoints import TYPE as ENDPOINT
from emulator.serving.minutes import Minutes

log = logging.getLogger(__name__)
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "Equals": operator.eq,
    "NotEquals": operator.ne,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqual": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqual": operator.le,
}
_STATISTICS = {"Average": "average", "Min": "minimum", "Max": "maximum", "Sum": "total"}


@dataclass
class Autoscaler:
    """Decides the number of instances of each deployment that has a setting."""

    store: Store
    minutes: Minutes
    now: Callable[[], float]
    _changed: dict[str, float] = field(default_factory=dict)

    def look(self) -> list[tuple[Resource, int]]:
        """The deployments that shall have another number of instances, with that number."""
        found = []
        for setting in self.store.find(autoscale.TYPE):
            target = self.store.get(str(setting["properties"]["targetResourceUri"]))
            if target is None or target["type"].lower() != f"{ENDPOINT}/deployments".lower():
                continue
            if not setting["properties"]["enabled"]:
                continue
            if target["properties"].get("provisioningState") != "Succeeded":
                continue
            count = self._wanted(setting, target)
            if count != target["sku"]["capacity"]:
                self._changed[target["id"].lower()] = self.now()
                found.append((target, count))
        return found

    def _wanted(self, setting: Resource, target: Resource) -> int:
        """The number that the rules lead to: out when any says so, in only when all agree."""
        profile = setting["properties"]["profiles"][0]
        least, most = (int(profile["capacity"][name]) for name in ("minimum", "maximum"))
        count = int(target["sku"]["capacity"])
        rules = profile["rules"]
        out = [
            r for r in rules if r["scaleAction"]["direction"] == "Increase" and self._due(r, target)
        ]
        inward = [r for r in rules if r["scaleAction"]["direction"] == "Decrease"]
        if out:
            count = max(_after(count, rule["scaleAction"]) for rule in out)
        elif inward and all(self._due(rule, target) for rule in inward):
            count = max(_after(count, rule["scaleAction"]) for rule in inward)
        return min(most, max(least, count))

    def _due(self, rule: Mapping[str, Any], target: Resource) -> bool:
        cooldown = seconds(rule["scaleAction"]["cooldown"]) or 0.0
        last = self._changed.get(target["id"].lower())
        if last is not None and self.now() - last < cooldown:
            return False
        value = self._value(rule["metricTrigger"])
        if value is None:
            return False
        compare = _OPERATORS[rule["metricTrigger"]["operator"]]
        return compare(value, float(rule["metricTrigger"]["threshold"]))

    def _value(self, trigger: Mapping[str, Any]) -> float | None:
        """What the metric was over the window; None where nothing was measured."""
        source = self.store.get(str(trigger["metricResourceUri"]))
        if source is None:
            return None
        end = datetime.fromtimestamp(self.now(), UTC)
        window = seconds(trigger["timeWindow"]) or 300.0
        asked = metrics.Asked(
            names=(str(trigger["metricName"]),),
            start=end - timedelta(seconds=window),
            end=end + timedelta(minutes=1),
            interval=60,
            aggregations=(_STATISTICS.get(str(trigger["statistic"]), "average"),),
            filters={},
        )
        (metric,) = metrics.answer(source, asked, self.minutes)["value"]
        points = [
            point[asked.aggregations[0]]
            for series in metric["timeseries"]
            for point in series["data"]
            if asked.aggregations[0] in point
        ]
        return _over(str(trigger["timeAggregation"]), points) if points else None


def _over(kind: str, points: list[float]) -> float:
    match kind:
        case "Minimum":
            return min(points)
        case "Maximum":
            return max(points)
        case "Total":
            return sum(points)
        case "Count":
            return float(len(points))
        case "Last":
            return points[-1]
    return sum(points) / len(points)


def _after(count: int, action: Mapping[str, Any]) -> int:
    value, sign = int(action["value"]), 1 if action["direction"] == "Increase" else -1
    match action["type"]:
        case "ExactCount":
            return value
        case "PercentChangeCount":
            return count + sign * max(1, count * value // 100)
    return count + sign * value
