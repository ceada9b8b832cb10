"""Runs of pipelines: activities in their order, retries, and one run after the other."""

import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.arm.behaviours import Services
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml.text import iso
from emulator.factories import activities
from emulator.factories.activities import Work
from emulator.factories.expressions import ExpressionError, Scope, evaluate
from emulator.factories.order import before, is_wanted, leaves, succeeded
from emulator.factories.problems import ActivityError
from emulator.factories.records import ACTIVITY, PIPELINE, Records, ended, failure

log = logging.getLogger(__name__)
Json = dict[str, Any]
_DONE: Mapping[str, Callable[[Work], Json]] = {
    "Copy": activities.copy,
    "WebActivity": activities.call,
}
_EXECUTE = "ExecutePipeline"
KINDS = (*_DONE, _EXECUTE)
_LOST = "The run was lost when the service stopped."
_INTERVAL_SECONDS = 30
# https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
_MOST_QUEUED = 100


@dataclass
class _Slots:
    """How many runs of a pipeline are under way, and who waits."""

    active: set[str] = field(default_factory=set)
    waiting: deque[str] = field(default_factory=deque)


@dataclass
class _Run:
    id: str
    factory: Resource
    pipeline: Resource
    body: Json
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)


class Engine:
    """Runs the pipelines of all factories in threads of this process."""

    def __init__(self, services: Services) -> None:
        self._services, self.records = services, Records(services.store)
        self._changed = threading.Condition()
        self._slots: dict[str, _Slots] = {}
        self._runs: dict[str, _Run] = {}
        self._closing = threading.Event()
        for factory, kind, id_, body in self.records.unfinished():
            lost = {"status": "Cancelled", "message": _LOST, **ended(body, kind)}
            self.records.put(factory, kind, id_, {**body, **lost})

    def start(
        self, factory: Resource, pipeline: Resource, given: Json, invoked_by: Json, group: str = ""
    ) -> str:
        """Start a run; gives its id.

        Raises:
            ArmError: a parameter is missing or unknown, or too many runs wait already.
        """
        parameters = _parameters(pipeline, given)
        id_ = str(uuid.uuid4())
        now = iso(time.time())
        body: Json = {
            "runId": id_,
            "runGroupId": group or id_,
            "isLatest": True,
            "pipelineName": pipeline["name"],
            "parameters": {name: _shown(value) for name, value in parameters.items()},
            "invokedBy": invoked_by,
            "runStart": now,
            "runEnd": None,
            "durationInMs": None,
            "lastUpdated": now,
            "status": "Queued",
            "message": "",
        }
        run = _Run(id_, factory, pipeline, body)
        with self._changed:
            slots = self._slots.setdefault(pipeline["id"].lower(), _Slots())
            if len(slots.waiting) >= _MOST_QUEUED:
                msg = f"{_MOST_QUEUED} runs of {pipeline['name']!r} wait already."
                raise ArmError(429, "PipelineRunQueueLimitExceeded", msg)
            slots.waiting.append(id_)
            self._runs[id_] = run
        self.records.put(factory["id"], PIPELINE, id_, body)
        threading.Thread(
            target=self._run, args=(run, parameters), name=f"factory run {id_}", daemon=True
        ).start()
        return id_

    def wait(self, id_: str) -> Json | None:
        """Wait for a run of this process to end; gives what became of it."""
        run = self._runs.get(id_)
        if run is None:
            return None
        run.ended.wait()
        return run.body

    def cancel(self, id_: str) -> bool:
        """Ask a run to stop before its next activity; False when there is none under way."""
        run = self._runs.get(id_)
        if run is None or run.ended.is_set():
            return False
        run.cancelled.set()
        self._wake()
        return True

    def stop(self) -> None:
        """Start nothing more."""
        self._closing.set()
        for run in list(self._runs.values()):
            run.cancelled.set()
        self._wake()
        for run in list(self._runs.values()):
            run.ended.wait(5)

    def _run(self, run: _Run, parameters: Json) -> None:
        slots = self._slots[run.pipeline["id"].lower()]
        most = int(run.pipeline["properties"].get("concurrency") or 0)
        try:
            with self._changed:
                while not run.cancelled.is_set() and (
                    slots.waiting[0] != run.id or (most and len(slots.active) >= most)
                ):
                    self._changed.wait()
                slots.waiting.remove(run.id)
                slots.active.add(run.id)
                self._changed.notify_all()
            self._note(run, status="InProgress")
            status, message = self._drive(run, parameters)
        except Exception as error:
            log.exception("factory run %s failed", run.id)
            status, message = "Failed", f"{type(error).__name__}: {error}"
        finally:
            with self._changed:
                slots.active.discard(run.id)
                self._changed.notify_all()
        self._note(run, status=status, message=message, **ended(run.body, PIPELINE))
        run.ended.set()

    def _drive(self, run: _Run, parameters: Json) -> tuple[str, str]:
        """Do all activities that are to be done; gives how the run ended, and why."""
        todo = {one["name"]: one for one in run.pipeline["properties"].get("activities") or []}
        done: dict[str, str] = {}
        outputs: dict[str, Json] = {}
        problems: dict[str, str] = {}
        while len(done) < len(todo):
            if run.cancelled.is_set():
                return "Cancelled", _LOST if self._closing.is_set() else ""
            name, activity = next(
                (name, one)
                for name, one in todo.items()
                if name not in done and all(earlier in done for earlier in before(one))
            )
            if not is_wanted(activity, done):
                done[name] = "Skipped"
                continue
            scope = Scope({"pipeline": _facts(run, parameters), "activity": outputs.get})
            done[name], shown = self._activity(run, activity, scope)
            outputs[name] = {"output": shown.get("output"), "status": done[name]}
            if done[name] == "Failed":
                problems[name] = str(shown["error"]["message"])
        if all(succeeded(name, todo, done) for name in leaves(todo)):
            return "Succeeded", ""
        said = "; ".join(f"Operation on target {n} failed: {m}" for n, m in problems.items())
        return "Failed", said

    def _activity(self, run: _Run, activity: Json, scope: Scope) -> tuple[str, Json]:
        """Do one activity, again and again if its policy says so."""
        policy = activity.get("policy") or {}
        tries = int(policy.get("retry") or 0) + 1
        pause = float(policy.get("retryIntervalInSeconds") or _INTERVAL_SECONDS)
        id_ = str(uuid.uuid4())
        body: Json = {
            "activityRunId": id_,
            "activityName": activity["name"],
            "activityType": activity["type"],
            "pipelineName": run.pipeline["name"],
            "pipelineRunId": run.id,
            "status": "InProgress",
            "activityRunStart": iso(time.time()),
            "input": {},
            "output": {},
            "error": failure(activity, "", ""),
        }
        factory = run.factory["id"]
        for attempt in range(1, tries + 1):
            body["retryAttempt"] = attempt - 1 or None
            self.records.put(factory, ACTIVITY, id_, body, run.id)
            try:
                body["output"] = self._do(run, Work(self._services, run.factory, activity, scope))
            except (ActivityError, ExpressionError) as error:
                code = error.code if isinstance(error, ActivityError) else "InvalidTemplate"
                body |= {"status": "Failed", "error": failure(activity, code, str(error))}
                self.records.put(factory, ACTIVITY, id_, {**body, **ended(body, ACTIVITY)}, run.id)
                if attempt == tries or run.cancelled.wait(pause):
                    break
                body |= {"status": "InProgress"}
            else:
                body |= {"status": "Succeeded", "error": failure(activity, "", "")}
                break
        body |= ended(body, ACTIVITY)
        self.records.put(factory, ACTIVITY, id_, body, run.id)
        return str(body["status"]), body

    def _do(self, run: _Run, work: Work) -> Json:
        kind = str(work.activity["type"])
        if kind == _EXECUTE:
            return self._execute(run, work)
        do = _DONE.get(kind)
        if do is None:
            msg = f"Activities of type {kind} are not run here; those that are: {', '.join(KINDS)}."
            raise ActivityError("UserErrorNotSupported", msg)
        return do(work)

    def _execute(self, run: _Run, work: Work) -> Json:
        """Run a pipeline of the same factory, and wait for it if it is wanted."""
        settings = work.settings
        name = str((settings.get("pipeline") or {}).get("referenceName") or "")
        pipeline = self._services.store.get(f"{run.factory['id']}/pipelines/{name}")
        if pipeline is None:
            msg = f"The factory {run.factory['name']!r} has no pipeline {name!r}."
            raise ActivityError("UserErrorInvalidReference", msg)
        given = evaluate(settings.get("parameters") or {}, work.scope)
        by = {
            "id": run.id,
            "name": work.activity["name"],
            "invokedByType": "PipelineActivity",
            "pipelineName": run.pipeline["name"],
            "pipelineRunId": run.id,
        }
        try:
            id_ = self.start(run.factory, pipeline, given, by, str(run.body["runGroupId"]))
        except ArmError as error:
            raise ActivityError(error.code, error.message) from error
        output = {"pipelineName": name, "pipelineRunId": id_}
        if not settings.get("waitOnCompletion"):
            return output
        result = self.wait(id_) or {"status": "Failed", "message": _LOST}
        if result["status"] != "Succeeded":
            raise ActivityError("2103", str(result["message"] or result["status"]))
        return output

    def _note(self, run: _Run, **changes: object) -> None:
        run.body |= {**changes, "lastUpdated": iso(time.time())}
        self.records.put(run.factory["id"], PIPELINE, run.id, run.body)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


def _parameters(pipeline: Resource, given: Json) -> Json:
    known = pipeline["properties"].get("parameters") or {}
    unknown = sorted(set(given) - set(known))
    if unknown:
        msg = f"The pipeline {pipeline['name']!r} has no parameters {', '.join(unknown)}."
        raise ArmError(400, "BadRequest", msg, pipeline["id"])
    found = {name: given.get(name, spec.get("defaultValue")) for name, spec in known.items()}
    missing = sorted(name for name, value in found.items() if value is None)
    if missing:
        msg = f"The pipeline {pipeline['name']!r} needs the parameters {', '.join(missing)}."
        raise ArmError(400, "BadRequest", msg, pipeline["id"])
    return found


def _facts(run: _Run, parameters: Json) -> Json:
    by = run.body["invokedBy"]
    return {
        "parameters": parameters,
        "RunId": run.id,
        "GroupId": run.body["runGroupId"],
        "Pipeline": run.pipeline["name"],
        "DataFactory": run.factory["name"],
        "TriggerName": by.get("name"),
        "TriggerType": by.get("invokedByType"),
    }


def _shown(value: object) -> str:
    return value if isinstance(value, str) else str(value)
