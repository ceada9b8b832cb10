"""The application behind TLS: finds caller and place, asks the plane of the host, logs."""

import json
import logging
import time
from collections.abc import Mapping
from typing import IO

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from emulator.arm.behaviours import Services
from emulator.arm.errors import ArmError
from emulator.login.callers import PRIVATE, Caller
from emulator.login.tokens import Claims, InvalidTokenError
from emulator.server.hosts import Call, handler_of

log = logging.getLogger(__name__)


class App:
    """All host names in one application; `places` maps client ports to where the caller stands."""

    def __init__(self, services: Services, places: Mapping[int, str], request_log: IO[str]) -> None:
        self._services = services
        self._places = places
        self._log = request_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        start = time.perf_counter()
        host = request.headers.get("host", "").partition(":")[0].lower()
        call = self._call(request)
        response = await self._answer(request, host, call)
        await response(scope, receive, send)
        caller = call.caller
        line = {
            "time": round(time.time(), 3),
            "method": request.method,
            "host": host,
            "path": request.url.path,
            "status": response.status_code,
            "ms": round((time.perf_counter() - start) * 1e3, 2),
            "from": caller.place,
            "as": caller.principal.name if caller.principal else None,
        }
        self._log.write(json.dumps(line) + "\n")

    def _call(self, request: Request) -> Call:
        client = request.scope.get("client")
        place = self._places.get(client[1], PRIVATE) if client else PRIVATE
        claims, reason = self._claims(request)
        principal = None
        if claims is not None:
            principal = self._services.principals.by_object_id(claims.object_id)
            reason = "" if principal else f"The principal {claims.object_id} does not exist."
        return Call(
            caller=Caller(place, principal),
            claims=claims if principal else None,
            services=self._services,
            refused_token=reason,
        )

    def _claims(self, request: Request) -> tuple[Claims | None, str]:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            return None, ""
        try:
            return self._services.tokens.verify(token.strip()), ""
        except InvalidTokenError as error:
            return None, f"The access token is invalid: {error}."

    async def _answer(self, request: Request, host: str, call: Call) -> Response:
        handler = handler_of(host)
        if handler is None:
            return JSONResponse(
                {"error": {"code": "NotFound", "message": f"The local Azure has no host {host}."}},
                404,
            )
        try:
            return await handler(request, call)
        except ArmError as refusal:
            return JSONResponse(refusal.body(), refusal.status)
        except Exception:
            log.exception("%s %s%s failed", request.method, host, request.url.path)
            message = "The local Azure failed at this request; `azlocal logs server` says why."
            return JSONResponse({"error": {"code": "InternalServerError", "message": message}}, 500)
