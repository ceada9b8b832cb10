"""Pipelines: activities and the order that they are done in."""

from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.store import Resource
from emulator.providers.checks import bad, between, default, one_of
from emulator.providers.datafactory import references

_MOST = 120
_CONDITIONS = ("Succeeded", "Failed", "Skipped", "Completed")
_PARAMETERS = ("Object", "String", "Int", "Float", "Bool", "Array", "SecureString")


@behaviour
class Pipeline(Behaviour):
    """A pipeline; activities wait for each other without going in circles."""

    type: ClassVar[str] = f"{references.FACTORY}/pipelines"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        references.check_name(resource)
        properties = resource["properties"]
        activities: list[dict[str, Any]] = default(properties, "activities", [])
        if len(activities) > _MOST:
            sentence = f"The pipeline has {len(activities)} activities; at most {_MOST} fit."
            raise bad("properties.activities", sentence, "BadRequest")
        if properties.get("concurrency") is not None:
            between(properties["concurrency"], 1, 50, "properties.concurrency", "BadRequest")
        for name, parameter in (properties.get("parameters") or {}).items():
            path = f"properties.parameters.{name}.type"
            parameter["type"] = one_of(parameter.get("type"), _PARAMETERS, path, "BadRequest")
        _check_order(activities)
        references.check(ctx, resource)

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        references.refuse_if_referenced(ctx, resource)

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        return references.bare(resource)


def _check_order(activities: list[dict[str, Any]]) -> None:
    waits: dict[str, set[str]] = {}
    for index, activity in enumerate(activities):
        path = f"properties.activities[{index}]"
        name = activity.get("name")
        if not name or not activity.get("type"):
            raise bad(path, f"'{path}' has no name or no type; wanted: both.", "BadRequest")
        if name in waits:
            sentence = f"The name '{name}' of '{path}' is used twice; wanted: unique names."
            raise bad(path, sentence, "BadRequest")
        waits[name] = set()
        for before in activity.get("dependsOn") or []:
            waits[name].add(str(before.get("activity")))
            conditions = before.get("dependencyConditions") or []
            for condition in conditions or [None]:
                where = f"{path}.dependsOn.dependencyConditions"
                one_of(condition, _CONDITIONS, where, "BadRequest")
    _check_circles(waits)


def _check_circles(waits: Mapping[str, set[str]]) -> None:
    done: set[str] = set()
    while len(done) < len(waits):
        ready = {name for name, before in waits.items() if name not in done and before <= done}
        if not ready:
            stuck = sorted(set(waits) - done)
            sentence = (
                f"The activities {stuck} wait for each other or for one that is not there; "
                "wanted: dependsOn that names other activities of the pipeline, in no circle."
            )
            raise bad("properties.activities", sentence, "BadRequest")
        done |= ready
