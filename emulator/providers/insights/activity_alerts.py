"""Alerts on what is done in a subscription and what befalls it."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import GLOBAL, bad, default, flag, of_type, one_of, required
from emulator.providers.insights.alerts import ACTION_GROUP

_CATEGORIES = (
    "Administrative",
    "Autoscale",
    "Policy",
    "Recommendation",
    "ResourceHealth",
    "Security",
    "ServiceHealth",
)
_REGIONS = (GLOBAL, "westeurope", "northeurope")
_CODE = "BadRequest"


@behaviour
class ActivityLogAlert(Behaviour):
    """A rule on events of the activity log; one of its conditions names their category."""

    type: ClassVar[str] = "Microsoft.Insights/activityLogAlerts"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        location = default(resource, "location", GLOBAL)
        resource["location"] = one_of(location, _REGIONS, "location", _CODE)
        flag(resource["properties"], "enabled", initial=True)
        _check_scopes(ctx, resource)
        path = "properties.condition.allOf"
        conditions = required(resource, path, "a list of conditions", _CODE)
        if not isinstance(conditions, list) or not conditions:
            raise bad(path, f"'{path}' is {conditions!r}; wanted: a list of conditions.", _CODE)
        for index, condition in enumerate(conditions):
            _check_condition(condition, f"{path}[{index}]")
        categories = [one for one in conditions if str(one.get("field")).lower() == "category"]
        if len(categories) != 1 or not categories[0].get("equals"):
            sentence = f"'{path}' must hold exactly one condition whose field is category."
            raise bad(path, sentence, _CODE)
        one_of(categories[0]["equals"], _CATEGORIES, f"{path}.equals", _CODE)
        _check_actions(ctx, resource)


def _check_scopes(ctx: Context, resource: Resource) -> None:
    path = "properties.scopes"
    scopes = required(resource, path, "a list of subscriptions, groups or resources", _CODE)
    if not isinstance(scopes, list) or not scopes:
        raise bad(path, f"'{path}' is {scopes!r}; wanted: a list of ids.", _CODE)
    home = parse(resource["id"]).subscription
    for scope in scopes:
        try:
            found = parse(str(scope))
        except ValueError as error:
            raise bad(
                path, f"'{path}' has {scope!r}; wanted: the id of a resource.", _CODE
            ) from error
        if (found.subscription or "").lower() != (home or "").lower():
            sentence = f"'{path}' has {scope!r}; all scopes are in the alert's own subscription."
            raise bad(path, sentence, _CODE)
        if len(found.text.strip("/").split("/")) > 2 and ctx.store.get(found.text) is None:
            sentence = f"The resource {scope} in {path} was not found."
            raise ArmError(404, "ResourceNotFound", sentence, path)


def _check_condition(condition: dict[str, Any], path: str) -> None:
    choices = condition.get("anyOf")
    if choices is not None:
        if not isinstance(choices, list) or not choices:
            raise bad(path, f"'{path}.anyOf' is {choices!r}; wanted: a list of conditions.", _CODE)
        for index, one in enumerate(choices):
            _check_condition(one, f"{path}.anyOf[{index}]")
        return
    if not condition.get("field"):
        raise bad(path, f"'{path}' names no field; wanted: a field of the activity log.", _CODE)
    if not condition.get("equals") and not condition.get("containsAny"):
        raise bad(path, f"'{path}' compares with nothing; wanted: equals or containsAny.", _CODE)


def _check_actions(ctx: Context, resource: Resource) -> None:
    path = "properties.actions"
    actions = default(resource["properties"], "actions", {})
    for action in default(actions, "actionGroups", []):
        if of_type(ctx.store, action.get("actionGroupId"), ACTION_GROUP) is None:
            sentence = f"The action group {action.get('actionGroupId')} was not found."
            raise ArmError(404, "ActionGroupNotFound", sentence, path)
