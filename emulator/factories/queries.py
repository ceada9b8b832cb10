"""What is asked of factories' runs on ARM: to start one, to show them, to stop one."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from emulator.arm.behaviours import ArmRequest, arm_route
from emulator.arm.errors import ArmError, not_found
from emulator.arm.store import Resource
from emulator.factories.engine import Engine
from emulator.factories.records import ACTIVITY, PIPELINE, TRIGGER

Json = dict[str, Any]
_PATH = re.compile(
    r"(?i)^(?P<factory>/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
    r"microsoft\.datafactory/factories/[^/]+)/(?P<rest>.+?)/?$"
)
_FILTERS = {
    "PipelineName": "pipelineName",
    "Status": "status",
    "RunGroupId": "runGroupId",
    "ActivityName": "activityName",
    "ActivityType": "activityType",
    "TriggerName": "triggerName",
}


@arm_route("Microsoft.DataFactory")
async def handle(request: ArmRequest) -> Response | None:
    """Answer what is about runs; None leaves the rest to the documents' own behaviour."""
    found = _PATH.match(request.path)
    if found is None:
        return None
    engine: Engine | None = request.ctx.services.factories
    factory = request.ctx.store.get(found["factory"])
    if factory is None or engine is None:
        return None
    rest = found["rest"].split("/")
    path = [request.method, *(part.lower() for part in rest)]
    match path:
        case ["POST", "pipelines", _name, "createrun"]:
            return _started(request, engine, factory, rest[1])
        case ["POST", "querypipelineruns"]:
            runs = engine.records.all(factory["id"], PIPELINE)
            return _listed(runs, request.body, "lastUpdated")
        case ["POST", "querytriggerruns"]:
            runs = engine.records.all(factory["id"], TRIGGER)
            return _listed(runs, request.body, "triggerRunTimestamp")
        case [_, "pipelineruns", id_, *_more]:
            return _of_run(request, engine, factory, id_, path)
    return None


def _of_run(
    request: ArmRequest, engine: Engine, factory: Resource, id_: str, path: list[str]
) -> Response | None:
    run = _run(engine, factory, id_)
    match [path[0], *path[3:]]:
        case ["GET"]:
            return JSONResponse(run)
        case ["POST", "queryactivityruns"]:
            runs = engine.records.all(factory["id"], ACTIVITY, id_)
            return _listed(runs, request.body, "lastUpdated")
        case ["POST", "cancel"]:
            engine.cancel(id_)
            return Response(None, 200)
    return None


def _started(request: ArmRequest, engine: Engine, factory: Resource, name: str) -> Response:
    pipeline = request.ctx.store.get(f"{factory['id']}/pipelines/{name}")
    if pipeline is None:
        raise not_found(f"{factory['id']}/pipelines/{name}")
    by = {"name": "Manual", "invokedByType": "Manual"}
    return JSONResponse({"runId": engine.start(factory, pipeline, request.body or {}, by)})


def _run(engine: Engine, factory: Resource, id_: str) -> Json:
    found = engine.records.get(factory["id"], PIPELINE, id_)
    if found is None:
        msg = f"The factory {factory['name']!r} has no pipeline run {id_}."
        raise ArmError(404, "PipelineRunNotFound", msg)
    return found


def _listed(runs: list[Json], body: Mapping[str, Any] | None, moment: str) -> Response:
    """The runs that fit the filters of a query, in the order in which they began."""
    asked = body or {}
    low, high = asked.get("lastUpdatedAfter"), asked.get("lastUpdatedBefore")
    if not low or not high:
        msg = "The query has no lastUpdatedAfter or no lastUpdatedBefore; give both."
        raise ArmError(400, "BadRequest", msg, "lastUpdatedAfter")
    for one in asked.get("filters") or []:
        key = _FILTERS.get(str(one.get("operand")))
        operator, values = str(one.get("operator")), [str(v) for v in one.get("values") or []]
        if key is None or operator not in ("Equals", "In", "NotEquals", "NotIn"):
            msg = f"The filter {one} is not known here; operands are {', '.join(_FILTERS)}."
            raise ArmError(400, "BadRequest", msg, "filters")
        wanted = not operator.startswith("Not")
        runs = [run for run in runs if (str(run.get(key)) in values) == wanted]
    # times of one form and zone compare as texts; a day is enough of them
    found = [run for run in runs if str(low)[:10] <= str(run.get(moment))[:10] <= str(high)[:10]]
    return JSONResponse({"value": found})
