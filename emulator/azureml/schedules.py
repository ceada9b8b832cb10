"""Schedules: pipeline jobs that a cron expression or a recurrence starts again and again."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Action, Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml import checks, jobs, triggers
from emulator.azureml.runs import Run, Runs
from emulator.azureml.text import NAMESPACE, bad, epoch, last, named, one_of, workspace_of

TYPE = f"{NAMESPACE}/workspaces/schedules"
_JOB = "properties.action.jobDefinition"
# The one expression that a scheduled job may have in its inputs besides the pipeline's own.
_TIME = re.compile(r"\$\{\{\s*creation_context\.trigger_time\s*\}\}")


def _trigger(ctx: Context, resource: Resource, _: dict[str, Any]) -> dict[str, Any]:
    """The answer of `trigger`: one run now, besides those that are due."""
    if not resource["properties"]["isEnabled"]:
        msg = f"Schedule {resource['name']!r} is disabled; enable it to trigger it."
        raise bad(msg, "properties.isEnabled", "UserError")
    kind = resource["properties"]["action"]["actionType"]
    if kind != "CreateJob":
        msg = f"Schedule {resource['name']!r} has the action {kind}; only jobs are triggered here."
        raise ArmError(501, "NotImplemented", msg)
    run = fire(ctx, resource, ctx.services.azureml.clock.now())
    return {"submissionId": run.name, "scheduleActionType": kind}


@behaviour
class Schedule(Behaviour):
    """A schedule; its job could run when the schedule was made."""

    type: ClassVar[str] = TYPE
    actions: ClassVar[Mapping[str, Action]] = {"trigger": _trigger}

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(resource["name"], r"[A-Za-z0-9][\w-]{0,254}", "Schedule", "letters, digits, - or _")
        properties = resource["properties"]
        given = properties.get("trigger") or {}
        path = "properties.trigger.triggerType"
        given["triggerType"] = one_of(given.get("triggerType"), ("Cron", "Recurrence"), path)
        trigger(resource, datetime.now(UTC))
        _check_action(ctx, resource, properties.get("action") or {})
        if properties.get("isEnabled") is None:
            properties["isEnabled"] = True
        properties["provisioningState"] = "Succeeded"
        for key in ("tags", "properties"):
            properties[key] = properties.get(key) or {}

    @override
    def created(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        properties = resource["properties"]
        # Without a start, the first run is now: documented of both kinds of triggers.
        at_once = previous is None and not properties["trigger"].get("startTime")
        if at_once and properties["isEnabled"] and fires(resource):
            fire(ctx, resource, ctx.services.azureml.clock.now())


def _check_action(ctx: Context, resource: Resource, action: dict[str, Any]) -> None:
    path = "properties.action.actionType"
    kind = one_of(action.get("actionType"), ("CreateJob", "CreateMonitor", "ImportData"), path)
    action["actionType"] = kind
    if kind != "CreateJob":
        return
    given = action.get("jobDefinition")
    if not isinstance(given, dict):
        raise bad(f"{_JOB} is missing; an action CreateJob needs it.", _JOB)
    definition = job_definition(ctx, resource)
    definition["jobType"] = one_of(definition.get("jobType"), ("Pipeline",), f"{_JOB}.jobType")
    checks.job(ctx.store, workspace_of(resource["id"]), resource["name"], definition)


def trigger(resource: Resource, made: datetime) -> triggers.Trigger:
    """The trigger of a schedule.

    Raises:
        ArmError: it makes no sense.
    """
    try:
        return triggers.read(resource["properties"]["trigger"], made)
    except triggers.TriggerError as error:
        raise bad(f"properties.trigger: {error}.", "properties.trigger", "UserError") from error


def fires(resource: Resource) -> bool:
    """Whether a schedule starts jobs here: monitors are kept, and run by nobody."""
    return resource["properties"]["action"]["actionType"] == "CreateJob"


def made_at(resource: Resource) -> datetime:
    """When a schedule was made."""
    return datetime.fromtimestamp(epoch(resource["systemData"]["createdAt"]), UTC)


def job_definition(ctx: Context, resource: Resource) -> dict[str, Any]:
    """The job of a schedule: written out, or that of an earlier job."""
    given: dict[str, Any] = resource["properties"]["action"]["jobDefinition"]
    source = given.get("sourceJobId")
    if not source or given.get("jobs"):
        return dict(given)
    run = Runs(ctx.store).get(workspace_of(resource["id"]), last(str(source)))
    if run is None:
        raise bad(f"{_JOB}.sourceJobId is {source}; no job has that name.", _JOB, "UserError")
    own = {key: value for key, value in given.items() if value not in (None, "", {}, [])}
    return {**run.definition, **own, "jobType": given.get("jobType")}


def fire(ctx: Context, resource: Resource, moment: datetime) -> Run:
    """Start the job of a schedule for a moment at which it is due."""
    stamp = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    when = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    definition = job_definition(ctx, resource)
    inputs = definition.get("inputs") or {}
    definition |= {
        "displayName": f"{resource['name']}-{stamp}",
        "experimentName": definition.get("experimentName") or resource["name"],
        "inputs": {name: _timed(given, when) for name, given in inputs.items()},
    }
    workspace = ctx.store.get(workspace_of(resource["id"]))
    if workspace is None:
        raise ArmError(404, "NotFound", f"The workspace of {resource['name']!r} was deleted.")
    return jobs.start(ctx, workspace, jobs.new_name(resource["name"]), definition)


def _timed(given: Any, when: str) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(given, dict):
        return given
    return {
        key: _TIME.sub(when, value) if isinstance(value, str) else value
        for key, value in given.items()
    }
