"""Where a request goes: by weight or by name to a deployment, and a copy to the mirror."""

import asyncio
import os
import random
import signal
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response

from emulator.arm.store import Resource
from emulator.runner.durations import seconds
from emulator.serving.faults import Faults, Kind
from emulator.serving.fleet import Fleet, Key, Live
from emulator.serving.minutes import Minutes
from emulator.serving.pool import Reply

# Hop by hop, or the endpoint's own business.
_DROPPED = frozenset(
    {"host", "authorization", "connection", "content-length", "transfer-encoding", "keep-alive"}
    | {"azureml-model-deployment", "proxy-connection", "expect", "upgrade", "te"}
)
_KEPT = frozenset({"content-type", "x-ms-run-fn-exec-ms", "x-ms-run-function-failed"})
_OK, _TIMEOUT, _MODEL, _MANY, _LOST, _NOBODY = 200, 408, 424, 429, 502, 503
_QUEUE = 2


@dataclass(frozen=True)
class Asked:
    """A request as it goes on to a scorer."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    id: str


@dataclass
class Router:
    """Sends requests on; lives in the event loop of the server."""

    fleet: Fleet
    minutes: Minutes
    faults: Faults
    now: Callable[[], float]
    _busy: dict[Key, int] = field(default_factory=dict)
    _mirrors: set[asyncio.Task[Any]] = field(default_factory=set)

    async def send(
        self,
        endpoint: Resource,
        deployments: Mapping[str, Resource],
        named: str | None,
        asked: Asked,
    ) -> Response:
        """Answer a request to an endpoint."""
        properties = endpoint["properties"]
        name = named or _drawn(properties["traffic"])
        if name is None:
            msg = f"No deployment of endpoint {endpoint['name']} gets traffic."
            return _refusal(_NOBODY, msg, asked, None)
        deployment = deployments.get(name.lower())
        if deployment is None:
            msg = f"Endpoint {endpoint['name']} has no deployment {name}."
            return _refusal(404, msg, asked, None)
        if not named:
            self._mirror(endpoint, deployments, properties["mirrorTraffic"], asked)
        return await self._to(endpoint, deployment, asked)

    async def _to(self, endpoint: Resource, deployment: Resource, asked: Asked) -> Response:
        key = (endpoint["id"].lower(), deployment["name"].lower())
        start = time.perf_counter()
        status, model, response = await self._answered(key, deployment, asked)
        took = (time.perf_counter() - start) * 1e3
        self.minutes.request(key, self.now(), status, model, took)
        return response

    async def _answered(
        self, key: Key, deployment: Resource, asked: Asked
    ) -> tuple[int, int | None, Response]:
        name, settings = deployment["name"], deployment["properties"]["requestSettings"]
        live = self.fleet.get(key)
        if live is not None and self.faults.take(Kind.DIES, deployment["id"]):
            _kill(live)
        scorer = live.next() if live else None
        if live is None or scorer is None:
            msg = f"No instance of deployment {name} is ready."
            return _NOBODY, None, _refusal(_NOBODY, msg, asked, name)
        most = _QUEUE * len(live.scorers) * int(settings["maxConcurrentRequestsPerInstance"])
        if self._busy.get(key, 0) >= most:
            msg = f"Deployment {name} has {most} requests in work already; try again later."
            return _MANY, None, _refusal(_MANY, msg, asked, name)
        self._busy[key] = self._busy.get(key, 0) + 1
        try:
            limit = seconds(settings["requestTimeout"])
            async with asyncio.timeout(limit):
                reply = await scorer.pool.ask(asked.method, asked.path, asked.headers, asked.body)
        except TimeoutError:
            msg = f"Deployment {name} did not answer within {settings['requestTimeout']}."
            return _TIMEOUT, None, _refusal(_TIMEOUT, msg, asked, name)
        except (OSError, EOFError) as error:
            msg = f"Deployment {name} broke off: {error}"
            return _LOST, None, _refusal(_LOST, msg, asked, name)
        finally:
            self._busy[key] -= 1
        status = _OK if reply.status == _OK else _MODEL
        return status, reply.status, _response(status, reply, asked, name)

    def _mirror(
        self,
        endpoint: Resource,
        deployments: Mapping[str, Resource],
        shares: Mapping[str, int],
        asked: Asked,
    ) -> None:
        """Send a copy on its way; nobody waits for its answer."""
        for name, share in shares.items():
            deployment = deployments.get(name.lower())
            if deployment is not None and random.random() * 100 < share:  # noqa: S311 - no secret
                task = asyncio.ensure_future(self._to(endpoint, deployment, asked))
                self._mirrors.add(task)
                task.add_done_callback(self._mirrors.discard)


def forwarded(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Asked:
    """A caller's request as a scorer gets it; each has an id."""
    kept = {name: value for name, value in headers.items() if name.lower() not in _DROPPED}
    id_ = kept.setdefault("x-request-id", str(uuid.uuid4()))
    return Asked(method, path, kept, body, id_)


def _drawn(traffic: Mapping[str, int]) -> str | None:
    shares = {name: share for name, share in traffic.items() if share}
    if not shares:
        return None
    return random.choices(list(shares), list(shares.values()))[0]  # noqa: S311 - no secret


def _kill(live: Live) -> None:
    for one in live.scorers:
        try:
            os.killpg(one.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it is dead already


def _response(status: int, reply: Reply, asked: Asked, name: str) -> Response:
    headers = {n: v for n, v in reply.headers.items() if n in _KEPT}
    headers |= {"azureml-model-deployment": name, "x-request-id": asked.id}
    if client := asked.headers.get("x-ms-client-request-id"):
        headers["x-ms-client-request-id"] = client
    if status == _MODEL:
        headers["ms-azureml-model-error-statuscode"] = str(reply.status)
        headers["ms-azureml-model-error-reason"] = "model_error"
    return Response(reply.body, status, headers)


def _refusal(status: int, message: str, asked: Asked, name: str | None) -> Response:
    headers = {"x-request-id": asked.id, "ms-azureml-model-error-reason": "endpoint"}
    if name:
        headers["azureml-model-deployment"] = name
    return JSONResponse({"error": {"code": str(status), "message": message}}, status, headers)
