"""The hosts of endpoints, `NAME.REGION.inference.ml.azure.com`: where they are invoked."""

import json

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError, not_found
from emulator.arm.store import Resource
from emulator.azureml import access, batch_jobs
from emulator.azureml.text import workspace_of
from emulator.server.hosts import Call, host_route

_AUDIENCE = "https://ml.azure.com"
_DEPLOYMENT = "azureml-model-deployment"


@host_route("*.inference.ml.azure.com")
async def handle(request: Request, call: Call) -> Response:
    """Answer one request to an endpoint; what is no batch endpoint may be an online one."""
    served = await call.services.azureml.serving.answer(request, call)
    if served is not None:
        return served
    endpoint = _endpoint(request, call)
    _sign_in(call)
    body = await _body(request)
    return await anyio.to_thread.run_sync(_answer, request, call, endpoint, body)


def _answer(request: Request, call: Call, endpoint: Resource, body: dict) -> Response:
    ctx = Context(call.store, call.caller, call.services)
    workspace = call.store.get(workspace_of(endpoint["id"]))
    if workspace is None:
        raise not_found(endpoint["id"])
    access.need_reach(ctx, workspace)
    match request.method, request.url.path.strip("/").split("/"):
        case "POST", ["jobs"]:
            deployment = request.headers.get(_DEPLOYMENT)
            return JSONResponse(batch_jobs.invoke(ctx, endpoint, deployment, body), 201)
        case "GET", ["jobs"]:
            return JSONResponse({"value": batch_jobs.listed(ctx, endpoint)})
        case "GET", ["jobs", name]:
            found = [one for one in batch_jobs.listed(ctx, endpoint) if one["name"] == name]
            if found:
                return JSONResponse(found[0])
    raise not_found(request.url.path)


def _endpoint(request: Request, call: Call) -> Resource:
    name, _, region = request.url.hostname.partition(".") if request.url.hostname else ("", "", "")
    region = region.partition(".")[0]
    for found in call.store.find(batch_jobs.TYPE, name):
        if str(found.get("location")).lower().replace(" ", "") == region:
            return found
    msg = f"No endpoint answers at {request.url.hostname}; make it first."
    raise ArmError(404, "NotFound", msg)


def _sign_in(call: Call) -> None:
    if call.claims is None:
        reason = call.refused_token or "The 'Authorization' header is missing."
        raise ArmError(401, "Unauthorized", f"Authentication failed. {reason}")
    if call.claims.audience.rstrip("/") != _AUDIENCE:
        msg = (
            f"The token is for {call.claims.audience!r}; batch endpoints take tokens for"
            f" {_AUDIENCE!r}."
        )
        raise ArmError(401, "Unauthorized", msg)


async def _body(request: Request) -> dict:
    raw = await request.body()
    if not raw:
        return {}
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise ArmError(400, "BadArgument", f"The body is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ArmError(400, "BadArgument", "The body is not an object; give {'properties': ...}.")
    return found
