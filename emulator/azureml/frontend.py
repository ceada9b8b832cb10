"""The management frontend on the hosts of the data plane: what ARM has no address for."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulator.arm.behaviours import Context
from emulator.arm.errors import not_found
from emulator.azureml import access, batch_jobs, registry_host
from emulator.server.hosts import Call

PREFIX = "/mferp/managementfrontend/"
_BATCH = re.compile(
    r"(?i)^(?P<workspace>/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
    r"microsoft\.machinelearningservices/workspaces/[^/]+)/batchendpoints/(?P<endpoint>[^/]+)"
    r"(?:/deployments/(?P<deployment>[^/]+))?/jobs$"
)


def answer(request: Request, call: Call, path: str, body: dict[str, Any]) -> Response:
    """Answer one request: for a registry, or for the jobs of a batch endpoint or deployment."""
    path = path[len(PREFIX) - 1 :].rstrip("/")
    ctx = Context(call.store, call.caller, call.services)
    if registry := registry_host.PATH.match(path):
        query = dict(request.query_params)
        return registry_host.answer(ctx, request.method, registry, query, body)
    found = _BATCH.match(path)
    workspace = call.store.get(found["workspace"]) if found else None
    if request.method != "GET" or found is None or workspace is None:
        raise not_found(path)
    access.need_place(call.store, call.caller, workspace)
    endpoint = call.store.get(f"{workspace['id']}/batchEndpoints/{found['endpoint']}")
    if endpoint is None:
        raise not_found(path)
    return JSONResponse({"value": batch_jobs.listed(ctx, endpoint, found["deployment"])})
