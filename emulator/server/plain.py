"""The plain loopback listener: for processes of this machine that a job started, without TLS."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from emulator.arm.behaviours import Services

Handler = Callable[[Request, Services], Awaitable[Response]]

_HANDLERS: dict[str, Handler] = {}


def plain_route(path: str) -> Callable[[Handler], Handler]:
    """Register the handler of a path, such as the managed-identity endpoint of jobs."""

    def register(handler: Handler) -> Handler:
        _HANDLERS[path] = handler
        return handler

    return register


class Plain:
    """The ASGI application of the plain listener."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        handler = _HANDLERS.get(request.url.path.rstrip("/"))
        if handler is None:
            response: Response = JSONResponse({"error": "not_found"}, 404)
        else:
            response = await handler(request, self._services)
        await response(scope, receive, send)
