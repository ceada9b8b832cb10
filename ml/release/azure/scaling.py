"""How many instances a deployment has: a setting of Azure Monitor that comes and goes with it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from ml.release.azure.arm import Json
from ml.release.limits import Limits

VERSION = "2022-10-01"
KIND = "Microsoft.Insights/autoscalesettings"
METRIC = "CpuUtilizationPercentage"
# Looked at over five minutes, so that one request does not start a machine; after a change it
# waits as long, for the new instance to take its share.
_EVERY, _WINDOW, _COOLDOWN = "PT1M", "PT5M", "PT5M"


class Changes(Protocol):
    """Whoever reads and changes what Azure Resource Manager holds."""

    def get(self, path: str, version: str, query: Mapping[str, str] | None = None) -> Json:
        """Return what is at a path."""
        ...

    def put(self, path: str, version: str, body: Json) -> None:
        """Make or change what is at a path."""
        ...

    def delete(self, path: str, version: str) -> None:
        """Delete what is at a path, if it is there."""
        ...


@dataclass(frozen=True)
class Target:
    """A deployment of an endpoint, which is given by its id."""

    endpoint: str
    deployment: str

    @property
    def id(self) -> str:
        """The deployment's id."""
        return f"{self.endpoint}/deployments/{self.deployment}"

    @property
    def setting(self) -> str:
        """The id of its setting, in the resource group of its workspace."""
        return f"{_settings(self.endpoint)}/{self.endpoint.rpartition('/')[2]}-{self.deployment}"


def put(arm: Changes, target: Target, location: str, limits: Limits) -> None:
    """Let a deployment scale within limits; again is fine.

    Raises:
        UnavailableError: no answer.
        PlatformError: Azure refuses.
    """
    arm.put(target.setting, VERSION, _setting(target.id, location, limits))


def tidy(arm: Changes, endpoint: str, there: Collection[str]) -> None:
    """Remove the settings of an endpoint's deployments that are not there; again is fine.

    Raises:
        UnavailableError: no answer.
        PlatformError: Azure refuses.
    """
    found = arm.get(_settings(endpoint), VERSION).get("value")
    for each in found if isinstance(found, list) else []:
        scaled = str(each["properties"]["targetResourceUri"])
        above, _, deployment = scaled.rpartition("/deployments/")
        if above.casefold() == endpoint.casefold() and deployment not in there:
            arm.delete(str(each["id"]), VERSION)


def _settings(endpoint: str) -> str:
    return f"{'/'.join(endpoint.split('/')[:5])}/providers/{KIND}"


def _setting(deployment: str, location: str, limits: Limits) -> Json:
    def rule(direction: str, operator: str, percent: int) -> Json:
        return {
            "metricTrigger": {
                "metricName": METRIC,
                "metricResourceUri": deployment,
                "timeGrain": _EVERY,
                "statistic": "Average",
                "timeWindow": _WINDOW,
                "timeAggregation": "Average",
                "operator": operator,
                "threshold": percent,
            },
            "scaleAction": {
                "direction": direction,
                "type": "ChangeCount",
                "value": "1",
                "cooldown": _COOLDOWN,
            },
        }

    return {
        "location": location,
        "properties": {
            "enabled": True,
            "targetResourceUri": deployment,
            "profiles": [
                {
                    "name": "cpu",
                    "capacity": {
                        "minimum": str(limits.min_instances),
                        "maximum": str(limits.max_instances),
                        "default": str(limits.min_instances),
                    },
                    "rules": [
                        rule("Increase", "GreaterThan", limits.scale_out_cpu_percent),
                        rule("Decrease", "LessThan", limits.scale_in_cpu_percent),
                    ],
                }
            ],
        },
    }
