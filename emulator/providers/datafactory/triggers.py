"""Triggers: what starts pipelines, once somebody has started the trigger itself."""

from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Action, Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.providers.checks import bad, between, of_type, one_of, required
from emulator.providers.datafactory import references

_STATE = "runtimeState"
_STARTED, _STOPPED = "Started", "Stopped"
_BLOBS = "BlobEventsTrigger"
_EVENTS = ("Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobDeleted")
_FREQUENCIES = ("Minute", "Hour", "Day", "Week", "Month")
_SCOPES = {_BLOBS: "Microsoft.Storage/storageAccounts", "CustomEventsTrigger": ""}
_KINDS = ("ScheduleTrigger", "TumblingWindowTrigger", *_SCOPES)


def _start(ctx: Context, resource: Resource, _: dict[str, Any]) -> dict[str, Any]:
    if not _pipelines(resource["properties"]):
        sentence = f"The trigger '{resource['name']}' names no pipeline to start; give it one."
        raise ArmError(400, "TriggerHasNoPipeline", sentence, resource["id"])
    # What it names may be gone since it was written.
    references.check(ctx, resource)
    _check_events(ctx, resource)
    return _turn(ctx, resource, _STARTED)


def _stop(ctx: Context, resource: Resource, _: dict[str, Any]) -> dict[str, Any]:
    return _turn(ctx, resource, _STOPPED)


def _turn(ctx: Context, resource: Resource, state: str) -> dict[str, Any]:
    if resource["properties"][_STATE] != state:
        resource["properties"][_STATE] = state
        ctx.store.put(resource)
    return {}


def _subscription(_: Context, resource: Resource, __: dict[str, Any]) -> dict[str, Any]:
    on = resource["properties"][_STATE] == _STARTED
    return {"triggerName": resource["name"], "status": "Enabled" if on else "Disabled"}


@behaviour
class Trigger(Behaviour):
    """A trigger, made stopped; one that is started takes no change."""

    type: ClassVar[str] = f"{references.FACTORY}/triggers"
    immutable: ClassVar[tuple[str, ...]] = ("properties.type",)
    actions: ClassVar[Mapping[str, Action]] = {
        "geteventsubscriptionstatus": _subscription,
        "start": _start,
        "stop": _stop,
    }

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        _refuse_if_started(previous)
        references.check_name(resource)
        properties = resource["properties"]
        path = "properties.type"
        kind = one_of(required(resource, path, ", ".join(_KINDS)), _KINDS, path, "BadRequest")
        properties["type"] = kind
        if kind in _SCOPES:
            _check_events(ctx, resource)
        else:
            _check_times(resource)
        references.check(ctx, resource)
        properties[_STATE] = _STOPPED

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        _refuse_if_started(resource)
        references.refuse_if_referenced(ctx, resource)

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        return references.bare(resource)


def _refuse_if_started(trigger: Resource | None) -> None:
    if trigger is not None and trigger["properties"][_STATE] == _STARTED:
        raise ArmError(
            400,
            "TriggerEnabledCannotUpdate",
            "Cannot update enabled Trigger; the trigger needs to be disabled first. (Found: "
            f"'{trigger['name']}' is {_STARTED}; stop it.)",
            trigger["id"],
        )


def _pipelines(properties: dict[str, Any]) -> list[dict[str, Any]]:
    one = properties.get("pipeline")  # a tumbling window starts one
    return [one] if one else list(properties.get("pipelines") or [])


def _check_events(ctx: Context, resource: Resource) -> None:
    properties = resource["properties"]
    if properties["type"] not in _SCOPES:
        return
    path = "properties.typeProperties"
    scope = required(resource, f"{path}.scope", "the id of what raises the events", "BadRequest")
    wanted = _SCOPES[properties["type"]]
    found = of_type(ctx.store, scope, wanted) if wanted else ctx.store.get(str(scope))
    if found is None:
        sentence = (
            f"'{path}.scope' is {scope!r}, which was not found; wanted: the id of "
            f"{wanted or 'a topic'} that exists."
        )
        raise bad(f"{path}.scope", sentence, "BadRequest")
    events = required(resource, f"{path}.events", ", ".join(_EVENTS), "BadRequest")
    if not isinstance(events, list) or not events:
        sentence = f"'{path}.events' is {events!r}; wanted: a list of event types."
        raise bad(f"{path}.events", sentence, "BadRequest")
    if properties["type"] != _BLOBS:
        return
    inner = properties["typeProperties"]
    inner["events"] = [one_of(one, _EVENTS, f"{path}.events", "BadRequest") for one in events]
    if not inner.get("blobPathBeginsWith") and not inner.get("blobPathEndsWith"):
        sentence = f"'{path}' has neither blobPathBeginsWith nor blobPathEndsWith; wanted: one."
        raise bad(f"{path}.blobPathBeginsWith", sentence, "BadRequest")
    begins = inner.get("blobPathBeginsWith")
    if begins and not (begins.startswith("/") and "/blobs" in begins):
        sentence = (
            f"'{path}.blobPathBeginsWith' is {begins!r}; wanted: '/container/blobs/' with what "
            "follows."
        )
        raise bad(f"{path}.blobPathBeginsWith", sentence, "BadRequest")


def _check_times(resource: Resource) -> None:
    path = "properties.typeProperties"
    if resource["properties"]["type"] == "ScheduleTrigger":
        path += ".recurrence"
    for name in ("frequency", "interval", "startTime"):
        required(resource, f"{path}.{name}", "how often, and from when", "BadRequest")
    inner = resource["properties"]["typeProperties"]
    inner = inner.get("recurrence", inner)
    one_of(inner["frequency"], _FREQUENCIES, f"{path}.frequency", "BadRequest")
    between(inner["interval"], 1, 1000, f"{path}.interval", "BadRequest")
