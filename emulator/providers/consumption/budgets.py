"""Budgets of a subscription or resource group."""

import datetime as dt
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.store import Resource
from emulator.providers.checks import bad, named, one_of, required

_GRAINS = ("Monthly", "Quarterly", "Annually", "BillingMonth", "BillingQuarter", "BillingAnnual")
_CODE = "400"  # Azure's own code of most of these refusals
_MOST_NOTIFICATIONS = 5
_HIGHEST_THRESHOLD = 1000


@behaviour
class Budget(Behaviour):
    """An amount for each period, and who hears of it when it is used up."""

    type: ClassVar[str] = "Microsoft.Consumption/budgets"
    immutable: ClassVar[tuple[str, ...]] = ("properties.timeGrain",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[\w-]{1,63}",
            _CODE,
            "The budget name '{name}' is not valid: wanted are 1 to 63 letters, digits, "
            "underscores and hyphens.",
        )
        properties = resource["properties"]
        category = required(resource, "properties.category", "Cost", _CODE)
        properties["category"] = one_of(category, ("Cost",), "properties.category", _CODE)
        grain = required(resource, "properties.timeGrain", ", ".join(_GRAINS), _CODE)
        properties["timeGrain"] = one_of(grain, _GRAINS, "properties.timeGrain", _CODE)
        amount = required(resource, "properties.amount", "a positive amount", _CODE)
        if isinstance(amount, bool) or not isinstance(amount, int | float) or amount <= 0:
            sentence = f"'properties.amount' is {amount!r}; wanted: a positive amount."
            raise bad("properties.amount", sentence, _CODE)
        _check_period(resource)
        notifications = properties.get("notifications") or {}
        if len(notifications) > _MOST_NOTIFICATIONS:
            sentence = f"A budget has at most {_MOST_NOTIFICATIONS} notifications."
            raise bad("properties.notifications", sentence, _CODE)
        for name, notification in notifications.items():
            _check_notification(notification, f"properties.notifications.{name}")
        properties["currentSpend"] = {"amount": 0, "unit": "EUR"}


def _check_period(resource: Resource) -> None:
    path = "properties.timePeriod.startDate"
    start = _date(required(resource, path, "the first day of a month", _CODE), path)
    if start.day != 1:
        sentence = f"'{path}' is {start.isoformat()}; wanted: the first day of a month."
        raise bad(path, sentence, _CODE)
    end = resource["properties"]["timePeriod"].get("endDate")
    if end and _date(end, "properties.timePeriod.endDate") <= start:
        path = "properties.timePeriod.endDate"
        raise bad(path, f"'{path}' is {end}; wanted: a day after {start.isoformat()}.", _CODE)


def _date(text: object, path: str) -> dt.date:
    try:
        return dt.date.fromisoformat(str(text)[:10])
    except ValueError as error:
        raise bad(path, f"'{path}' is {text!r}; wanted: a date.", _CODE) from error


def _check_notification(notification: dict[str, Any], path: str) -> None:
    operators = ("EqualTo", "GreaterThan", "GreaterThanOrEqualTo")
    notification["operator"] = one_of(
        notification.get("operator"), operators, f"{path}.operator", _CODE
    )
    threshold = notification.get("threshold")
    number = threshold if isinstance(threshold, int | float) else 0
    if isinstance(threshold, bool) or not 0 < number <= _HIGHEST_THRESHOLD:
        sentence = f"'{path}.threshold' is {threshold!r}; wanted: 0 to {_HIGHEST_THRESHOLD}."
        raise bad(f"{path}.threshold", sentence, _CODE)
    if not isinstance(notification.get("enabled"), bool):
        raise bad(f"{path}.enabled", f"'{path}.enabled' must be true or false.", _CODE)
    people = ("contactEmails", "contactRoles", "contactGroups")
    if not any(notification.get(name) for name in people):
        sentence = f"'{path}' reaches nobody; wanted: one of {', '.join(people)}."
        raise bad(path, sentence, _CODE)
