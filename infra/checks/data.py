"""Checks of how data comes in."""

from infra.problems import Problem
from infra.settings import Settings


def factory_with_lake(settings: Settings, prefix: str) -> list[Problem]:
    """A factory brings data into a lake; without one it has nothing to do."""
    if settings.lake.enabled or not settings.data.factory:
        return []
    return [
        Problem(
            f"{prefix}data.factory",
            "true, while lake.enabled is false",
            "a lake into which the factory brings data",
            "set data.factory to false, or lake.enabled to true",
        )
    ]
