"""The requests on ARM that serving answers itself: deployments take their time, and faults."""

import re

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from emulator.arm import plane
from emulator.arm.behaviours import ArmRequest, arm_route
from emulator.arm.errors import ArmError, not_found
from emulator.arm.ids import ArmId
from emulator.azureml.text import NAMESPACE
from emulator.serving import operations
from emulator.serving.faults import Kind
from emulator.serving.service import Serving

_PATH = re.compile(
    r"(?i)^/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.machinelearningservices"
    r"/workspaces/[^/]+/onlineendpoints/(?P<endpoint>[^/]+)(?:/deployments(?:/(?P<deployment>[^/]+)"
    rf"(?:/{operations.SEGMENT}/(?P<operation>[^/]+))?)?)?$"
)
_BUSY = ("Creating", "Updating")


class LostReply(Response):
    """An answer that breaks off after its head: the work is done, and the caller does not know."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


@arm_route(NAMESPACE)
async def handle(request: ArmRequest) -> Response | None:
    """Answer what concerns online endpoints; None leaves it to the generic behaviour."""
    found = _PATH.match(request.path)
    if found is None:
        return None
    serving: Serving = request.ctx.services.azureml.serving
    if serving.faults.take(Kind.THROTTLE, request.path):
        headers = {"Retry-After": "1"}
        words = "The request is being throttled as the limit has been reached."
        refusal = ArmError(429, "TooManyRequests", words)
        return JSONResponse(refusal.body(), refusal.status, headers)
    if found["operation"]:
        return _polled(request, serving, found["operation"])
    if request.method not in ("PUT", "PATCH"):
        return None
    if found["deployment"]:
        return _deploy(request, serving)
    if serving.faults.take(Kind.LOST_REPLY, request.path):
        plane.write(request, ArmId.parse(request.path))
        return LostReply()
    return None


def _deploy(request: ArmRequest, serving: Serving) -> Response:
    resource, is_new = plane.write(request, ArmId.parse(request.path))
    headers = {}
    operation = serving.newest(resource["id"])
    if resource["properties"]["provisioningState"] in _BUSY and operation:
        version = request.query["api-version"]
        headers = {
            "Azure-AsyncOperation": operations.address(resource["id"], operation, version),
            "Retry-After": operations.EVERY_SECONDS,
        }
    return JSONResponse(resource, 201 if is_new else 200, headers)


def _polled(request: ArmRequest, serving: Serving, operation: str) -> Response:
    shown = serving.operations.shown(operation)
    if shown is None:
        raise not_found(request.path)
    return JSONResponse(shown, headers={"Retry-After": operations.EVERY_SECONDS})
