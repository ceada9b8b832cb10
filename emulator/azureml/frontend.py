"""The management frontend on the hosts of the data plane: what ARM has no address for."""

import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulator.arm.behaviours import Context
from emulator.arm.errors import not_found
from emulator.azureml import access, batch_jobs
from emulator.server.hosts import Call

PREFIX = "/mferp/managementfrontend/"
_BATCH = re.compile(
    r"(?i)^(?P<workspace>/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
    r"microsoft\.machinelearningservices/workspaces/[^/]+)/batchendpoints/(?P<endpoint>[^/]+)"
    r"(?:/deployments/(?P<deployment>[^/]+))?/jobs$"
)


def answer(request: Request, call: Call, path: str) -> Response:
    """Answer one request: the jobs of a batch endpoint, or of one of its deployments."""
    found = _BATCH.match(path[len(PREFIX) - 1 :].rstrip("/"))
    workspace = call.store.get(found["workspace"]) if found else None
    if request.method != "GET" or found is None or workspace is None:
        raise not_found(path)
    access.need_place(call.store, call.caller, workspace)
    endpoint = call.store.get(f"{workspace['id']}/batchEndpoints/{found['endpoint']}")
    if endpoint is None:
        raise not_found(path)
    ctx = Context(call.store, call.caller, call.services)
    return JSONResponse({"value": batch_jobs.listed(ctx, endpoint, found["deployment"])})
