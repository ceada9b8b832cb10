"""The requests on ARM that Azure ML answers itself: assets, jobs, uploads, purged workspaces."""

import re
from collections.abc import Callable

from starlette.responses import JSONResponse, Response

from emulator.arm.behaviours import ArmRequest, arm_route
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml import access, assets, catalog, jobs, purge, uploads
from emulator.azureml.datastores import Datastore
from emulator.azureml.text import NAMESPACE, truth

_PATH = re.compile(
    r"(?i)^(?P<id>/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
    r"microsoft\.machinelearningservices/workspaces/(?P<name>[^/]+))(?:/(?P<rest>.+?))?/?$"
)
# What an asset or a job holds is data; from the internet it is as closed as the storage is.
_PRIVATE_KINDS = frozenset(
    {*assets.KINDS, "jobs", "onlineendpoints", "batchendpoints", "schedules"}
)


@arm_route(NAMESPACE)
async def handle(request: ArmRequest) -> Response | None:
    """Answer what is not a plain resource; None leaves the rest to the generic behaviour."""
    found = _PATH.match(request.path)
    if found is None:
        return None
    if not found["rest"]:
        return _workspace(request, found["id"])
    workspace = request.ctx.store.get(found["id"])
    if workspace is None:
        return None
    segments = found["rest"].split("/")
    kind = segments[0].lower()
    if kind in _PRIVATE_KINDS:
        access.need_reach(request.ctx, workspace)
    if kind == "jobs":
        return _jobs(request, workspace, segments[1:])
    if kind in assets.KINDS:
        return _assets(request, workspace, kind, segments[1:])
    if kind == "datastores" and request.method == "GET" and len(segments) == 1:
        return _datastores(request, workspace)
    return None


def _workspace(request: ArmRequest, id_: str) -> Response | None:
    """A deletion with forceToPurge also frees the name, now or of a workspace deleted before."""
    if request.method != "DELETE" or not truth(request.query.get("forceToPurge", "")):
        return None
    store = request.ctx.store
    if store.get(id_) is None:
        return Response(None, 200 if purge.forget(store, id_) else 204)
    purge.mark(store, id_)
    return None


def _datastores(request: ArmRequest, workspace: Resource) -> Response:
    store = request.ctx.store
    found = store.children(workspace["id"], "datastores")
    if (default := request.query.get("isDefault")) is not None:
        found = [d for d in found if bool(d["properties"].get("isDefault")) == truth(default)]
    if names := request.query.get("names"):
        found = [d for d in found if d["name"] in names.split(",")]
    if kind := request.query.get("datastoreType"):
        found = [d for d in found if d["properties"]["datastoreType"] == kind]
    behaviour = Datastore()
    return JSONResponse({"value": [behaviour.view(request.ctx, d) for d in found]})


def _assets(
    request: ArmRequest, workspace: Resource, kind: str, segments: list[str]
) -> Response | None:
    store, base, method = request.ctx.store, workspace["id"], request.method
    match [method, *(s.lower() if i == 1 else s for i, s in enumerate(segments))]:
        case ["GET"]:
            return JSONResponse({"value": catalog.containers(store, base, kind, request.query)})
        case ["GET", name]:
            return JSONResponse(catalog.container(store, base, kind, name))
        case ["GET", name, "versions"]:
            found = catalog.versions(store, base, kind, name, request.query)
            return JSONResponse({"value": found})
        case ["GET", name, "labels", "latest"]:
            return JSONResponse(catalog.labelled(store, base, kind, name))
        case ["PUT", name, "versions", _version]:
            catalog.ensure_container(store, base, kind, name)
            return None
        case ["POST", name, "versions", version, action] if action.lower() == "startpendingupload":
            return JSONResponse(uploads.start(request.ctx, workspace, kind, name, version))
        case _:
            return None


def _jobs(request: ArmRequest, workspace: Resource, segments: list[str]) -> Response:
    ctx, base = request.ctx, workspace["id"]
    answers: dict[tuple[str, int], Callable[[], Response]] = {
        ("GET", 0): lambda: JSONResponse({"value": jobs.listed(ctx.store, base, request.query)}),
        ("GET", 1): lambda: JSONResponse(
            jobs.show(ctx.store, jobs.find(ctx.store, base, segments[0]))
        ),
        ("PUT", 1): lambda: _submitted(request, workspace, segments[0]),
        ("PATCH", 1): lambda: _submitted(request, workspace, segments[0], known=True),
        ("DELETE", 1): lambda: Response(None, 200 if jobs.delete(ctx, base, segments[0]) else 204),
    }
    if request.method == "POST" and len(segments) == 2 and segments[1].lower() == "cancel":
        jobs.cancel(ctx, base, segments[0])
        return Response(None, 200)
    answer = answers.get((request.method, len(segments)))
    if answer is None:
        raise ArmError(
            405, "MethodNotAllowed", f"{request.method} is not answered on {request.path}."
        )
    return answer()


def _submitted(
    request: ArmRequest, workspace: Resource, name: str, *, known: bool = False
) -> Response:
    if known:
        jobs.find(request.ctx.store, workspace["id"], name)
    shown, new = jobs.submit(request.ctx, workspace, name, request.body or {})
    return JSONResponse(shown, 201 if new else 200)
