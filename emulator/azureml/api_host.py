"""The data plane of workspaces on `*.azureml.ms`: discovery, run history, artifacts, MLflow."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError, not_found
from emulator.arm.store import Resource
from emulator.azureml import access, frontend, history, registry_host, tokens
from emulator.azureml.artifacts import RUNS, Artifacts
from emulator.azureml.places import PlaceError
from emulator.azureml.runs import Run, Runs
from emulator.server.hosts import Call, host_route
from emulator.tracking.errors import TrackingError
from emulator.tracking.service import Tracking

Json = dict[str, Any]
_SERVICES = (
    "api",
    "history",
    "artifact",
    "mlflow",
    "studio",
    "catalog",
    "experimentation",
    "modelregistry",
)
_PLANE = re.compile(
    r"(?i)^/(?P<plane>[a-z]+)/(?P<version>v[\d.]+)"
    r"(?P<id>/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.machinelearningservices/workspaces/[^/]+)"
    r"(?:/(?P<rest>.*))?$"
)
_RUN = re.compile(
    r"(?i)^(?:experiment(?:s|ids)/(?P<experiment>[^/]+)/)?runs/(?P<run>[^/:]+)(?:/(?P<tail>.*))?$"
)
_MLFLOW = re.compile(r"(?i)^api/(?:2\.0|2\.1|3\.0)/mlflow/(?P<path>.+)$")


@host_route("*.azureml.ms")
async def handle(request: Request, call: Call) -> Response:
    """Answer one request of the data plane; each plane has its own form of errors."""
    path = unquote(request.url.path)
    if path.rstrip("/") == "/discovery":
        host = request.headers.get("host", "").partition(":")[0]
        return JSONResponse(dict.fromkeys(_SERVICES, f"https://{host}"))
    if path.lower().startswith(frontend.PREFIX):
        body = await _body(request)
        return await anyio.to_thread.run_sync(frontend.answer, request, call, path, body)
    if registry := registry_host.DISCOVERY.match(path):
        ctx = Context(call.store, call.caller, call.services)
        return registry_host.discovered(ctx, registry["name"])
    found = _PLANE.match(path)
    mlflow = found is not None and found["plane"].lower() == "mlflow"
    try:
        if found is None:
            raise not_found(path)
        body = await _body(request)
        query = dict(request.query_params)
        if request.method == "GET" and mlflow:
            body = {k: v[0] if len(v) == 1 else v for k, v in _lists(request).items()}
        # Signing addresses and searching take their time: not on the loop that serves everyone.
        return await anyio.to_thread.run_sync(_answer, request, found, query, body, call)
    except TrackingError as error:
        return JSONResponse({"error_code": error.code, "message": error.message}, error.status)
    except PlaceError as error:
        return JSONResponse({"error": {"code": "UserError", "message": str(error)}}, 404)
    except ArmError as error:
        if mlflow:
            code = "PERMISSION_DENIED" if error.status == 403 else "UNAUTHENTICATED"
            code = code if error.status in (401, 403) else "RESOURCE_DOES_NOT_EXIST"
            return JSONResponse({"error_code": code, "message": error.message}, error.status)
        return JSONResponse(error.body(), error.status)


@dataclass(frozen=True)
class _Asked:
    """One request to one workspace."""

    method: str
    workspace: Resource
    rest: str
    query: Mapping[str, str]
    body: Json
    call: Call


def _answer(
    request: Request, found: re.Match[str], query: Mapping[str, str], body: Json, call: Call
) -> Response:
    workspace = call.store.get(found["id"])
    if workspace is None:
        raise not_found(found["id"])
    access.need_place(call.store, call.caller, workspace)
    rest, plane = found["rest"] or "", found["plane"].lower()
    _need_role(request, call, workspace, plane, rest)
    asked = _Asked(request.method, workspace, rest, query, body, call)
    match plane:
        case "history":
            return _history(asked)
        case "mlflow":
            return _mlflow(asked)
        case "artifact":
            return _artifact(asked)
        case "data" | "modelregistry" if rest.lower().endswith("batchgetresolveduris"):
            key = "uri" if plane == "data" else "path"
            values = body.get("values") or []
            return JSONResponse(history.resolved(call.store, workspace["id"], values, key))
    raise not_found(f"/{plane}/{found['version']}/{rest}")


def _need_role(request: Request, call: Call, workspace: Resource, plane: str, rest: str) -> None:
    """The token of a running step opens its workspace's runs; everyone else needs a role."""
    sent = request.headers.get("authorization", "")
    if plane in ("history", "mlflow", "artifact") and tokens.opens(
        call.services.tokens, sent, workspace["id"]
    ):
        return
    reading = request.method in ("GET", "HEAD") or rest.lower().endswith(
        ("rundata", "search", ":query", "batchgetresolveduris", "batchrundata")
    )
    access.need_role(call.store, call.caller, workspace, access.READ if reading else access.WRITE)


def _history(asked: _Asked) -> Response:
    call, workspace = asked.call, asked.workspace
    store, runs = call.store, Runs(call.store)
    if asked.rest.lower() == "rundata":
        run = _run(runs, workspace, str(asked.body.get("runId")))
        return JSONResponse(history.run_data(store, run))
    found = _RUN.match(asked.rest)
    if found is None:
        raise not_found(f"/history/{asked.rest}")
    tail = (found["tail"] or "").strip("/").lower()
    run = _run(runs, workspace, found["run"])
    if tail == "artifacts" or tail.startswith("artifacts/"):
        return _files(asked, (RUNS, f"dcid.{run.name}"), tail[10:])
    match asked.method, tail:
        case "GET", "":
            return JSONResponse(history.run_json(store, run))
        case "PATCH" | "POST", "":
            return JSONResponse(history.run_json(store, history.change(store, run, asked.body)))
        case "GET", "details":
            logs = Artifacts(call.services, workspace).logs(run.name)
            return JSONResponse(history.details(store, run, logs))
        case "GET", "children":
            return JSONResponse(history.children(store, run))
        case "POST", "cancel":
            call.services.azureml.runner.cancel(run)
            return JSONResponse(history.run_json(store, _run(runs, workspace, run.name)))
        case "GET", "token":
            return JSONResponse(tokens.renewed(call.services.tokens, workspace["id"], run.name))
    raise not_found(f"/history/{asked.rest}")


def _artifact(asked: _Asked) -> Response:
    match asked.rest.split("/"):
        case ["artifacts", origin, container, *tail]:
            return _files(asked, (origin, container), "/".join(tail).lower())
    raise not_found(f"/artifact/{asked.rest}")


def _files(asked: _Asked, box: tuple[str, str], tail: str) -> Response:
    artifacts = Artifacts(asked.call.services, asked.workspace)
    path = asked.query.get("path", "")
    match asked.method, tail:
        case "GET", "":
            return JSONResponse(artifacts.listed(*box))
        case "GET", "path":
            return JSONResponse(artifacts.listed(*box, path))
        case "GET", "metadata" | "contentinfo":
            return JSONResponse(artifacts.one(*box, path))
        case "GET", "artifacturi":
            return JSONResponse(artifacts.one(*box, path)["contentUri"])
        case "GET", "prefix/contentinfo":
            return JSONResponse(artifacts.below(*box, path))
        case "POST", "batch/metadata":
            paths = [str(item.get("path") or "") for item in asked.body.get("paths") or []]
            return JSONResponse(artifacts.announce(*box, paths))
    raise not_found(f"artifacts/{tail}")


def _mlflow(asked: _Asked) -> Response:
    workspace, call = asked.workspace, asked.call
    found = _MLFLOW.match(asked.rest)
    if found is None:
        raise not_found(f"/mlflow/{asked.rest}")
    region = str(workspace["location"]).lower().replace(" ", "")
    user = call.caller.principal.name if call.caller.principal else ""
    tracking = Tracking(Runs(call.store), workspace["id"], region, user)
    return JSONResponse(tracking.answer(asked.method, found["path"], asked.body))


def _run(runs: Runs, workspace: Resource, name: str) -> Run:
    run = runs.get(workspace["id"], name)
    if run is None:
        msg = f"Run {name!r} was not found in workspace {workspace['name']!r}."
        raise ArmError(404, "UserError", msg)
    return run


def _lists(request: Request) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in request.query_params.multi_items():
        found.setdefault(key, []).append(value)
    return found


async def _body(request: Request) -> Json:
    raw = await request.body()
    if not raw:
        return {}
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise ArmError(400, "InvalidRequestContent", f"The body is not JSON: {error}") from error
    return found if isinstance(found, dict) else {"values": found}
