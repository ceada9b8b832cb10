"""In which order activities are done, and what that makes of a run."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


def before(activity: Json) -> list[str]:
    """The activities that one waits for."""
    return [str(one["activity"]) for one in activity.get("dependsOn") or []]


def is_wanted(activity: Json, done: Mapping[str, str]) -> bool:
    """Whether all that an activity depends on ended as it wants."""
    for one in activity.get("dependsOn") or []:
        status = done[str(one["activity"])]
        wanted = {str(condition).lower() for condition in one["dependencyConditions"]}
        ended = status in ("Succeeded", "Failed") and "completed" in wanted
        if status.lower() not in wanted and not ended:
            return False
    return True


def leaves(todo: Mapping[str, Json]) -> set[str]:
    """The activities that nothing waits for."""
    return set(todo) - {name for one in todo.values() for name in before(one)}


def succeeded(name: str, todo: Mapping[str, Json], done: Mapping[str, str]) -> bool:
    """Whether a run is good as far as a leaf tells; of one that was skipped, what is before it.

    https://learn.microsoft.com/azure/data-factory/tutorial-pipeline-failure-error-handling
    """
    if done[name] == "Skipped":
        return all(succeeded(one, todo, done) for one in before(todo[name]))
    return done[name] == "Succeeded"
