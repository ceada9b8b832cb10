"""When a cluster may be upgraded."""

import re
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.store import Resource
from emulator.providers.checks import bad, between, default, one_of, required
from emulator.providers.containerservice.pools import CLUSTER

_BY_WEEK = "default"
_NAMES = (_BY_WEEK, "aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule")
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_WEEKS = ("First", "Second", "Third", "Fourth", "Last")
# What each kind of schedule needs, with the most that its interval may be.
_SCHEDULES: dict[str, tuple[int, tuple[str, ...]]] = {
    "daily": (7, ("intervalDays",)),
    "weekly": (4, ("intervalWeeks", "dayOfWeek")),
    "absoluteMonthly": (6, ("intervalMonths", "dayOfMonth")),
    "relativeMonthly": (6, ("intervalMonths", "dayOfWeek", "weekIndex")),
}
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")


@behaviour
class MaintenanceConfiguration(Behaviour):
    """A window; its name says what may happen in it."""

    type: ClassVar[str] = f"{CLUSTER}/maintenanceConfigurations"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        name = one_of(resource["name"], _NAMES, "name", "InvalidMaintenanceConfigurationName")
        resource["name"] = name
        properties = resource["properties"]
        if name == _BY_WEEK:
            _check_week(properties)
            return
        if properties.get("timeInWeek") or properties.get("notAllowedTime"):
            sentence = f"'{name}' has a maintenanceWindow; timeInWeek is for '{_BY_WEEK}' alone."
            raise bad("properties.timeInWeek", sentence)
        window = required(resource, "properties.maintenanceWindow", "a schedule and a start")
        _check_window(resource, window)


def _check_week(properties: dict[str, Any]) -> None:
    if properties.get("maintenanceWindow"):
        sentence = f"'{_BY_WEEK}' has timeInWeek; a maintenanceWindow is for the other names."
        raise bad("properties.maintenanceWindow", sentence)
    spans = properties.get("timeInWeek") or []
    if not spans and not properties.get("notAllowedTime"):
        sentence = "properties.timeInWeek is missing; wanted: days and their hours."
        raise bad("properties.timeInWeek", sentence)
    for index, span in enumerate(spans):
        path = f"properties.timeInWeek[{index}]"
        span["day"] = one_of(span.get("day"), _DAYS, f"{path}.day")
        for hour in span.get("hourSlots") or []:
            between(hour, 0, 23, f"{path}.hourSlots")


def _check_window(resource: Resource, window: dict[str, Any]) -> None:
    path = "properties.maintenanceWindow"
    schedule = window.get("schedule") or {}
    kinds = [kind for kind in _SCHEDULES if schedule.get(kind)]
    if len(kinds) != 1:
        sentence = f"'{path}.schedule' has {kinds}; wanted: exactly one of {', '.join(_SCHEDULES)}."
        raise bad(f"{path}.schedule", sentence)
    most, names = _SCHEDULES[kinds[0]]
    part, where = schedule[kinds[0]], f"{path}.schedule.{kinds[0]}"
    between(part.get(names[0]), 1, most, f"{where}.{names[0]}")
    if "dayOfMonth" in names:
        between(part.get("dayOfMonth"), 1, 31, f"{where}.dayOfMonth")
    for word, allowed in (("dayOfWeek", _DAYS), ("weekIndex", _WEEKS)):
        if word in names:
            part[word] = one_of(part.get(word), allowed, f"{where}.{word}")
    between(window.get("durationHours"), 4, 24, f"{path}.durationHours")
    required(resource, f"{path}.startTime", "a time of day such as '02:00'")
    offset = default(window, "utcOffset", "+00:00")
    for word, value, pattern in (
        ("startTime", window["startTime"], _TIME),
        ("utcOffset", offset, _OFFSET),
    ):
        if not pattern.fullmatch(str(value)):
            example = "'02:00'" if word == "startTime" else "'+01:00'"
            sentence = f"'{path}.{word}' is {value!r}; wanted: the like of {example}."
            raise bad(f"{path}.{word}", sentence)
