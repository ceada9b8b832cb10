"""Durations as jobs and computes write them, and the error of a plan that makes no sense."""

import re

_DURATION = re.compile(
    r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$", re.IGNORECASE
)


class PlanError(ValueError):
    """A job that cannot be run as it was written."""


def seconds(duration: object) -> float | None:
    """An ISO 8601 duration such as PT1M, in seconds; a number is taken as it is."""
    if duration is None or duration == "":
        return None
    if isinstance(duration, int | float):
        return float(duration)
    found = _DURATION.match(str(duration))
    if found is None or not any(found.groups()):
        msg = f"the timeout {duration!r} is not an ISO 8601 duration; give one such as PT30M"
        raise PlanError(msg)
    days, hours, minutes, rest = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest
