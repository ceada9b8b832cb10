"""The scoring address of an endpoint: from where it is reached, and who may ask it."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulator.access.network import reaches
from emulator.access.rbac import allows
from emulator.arm.store import Resource, Store
from emulator.azureml.access import GROUP
from emulator.azureml.text import workspace_of
from emulator.server.hosts import Call
from emulator.serving import keys, tokens
from emulator.serving.endpoints import TYPE
from emulator.serving.router import Router, forwarded

AUDIENCE = "https://ml.azure.com"
SCORE = f"{TYPE}/score/action"
_DEPLOYMENT = "azureml-model-deployment"
_PATHS = frozenset({"/score", "/", "/swagger.json"})


@dataclass(frozen=True)
class _Known:
    """An endpoint with what hangs on it, as long as nothing in the store changes."""

    endpoint: Resource
    workspace: Resource
    deployments: dict[str, Resource]


class Door:
    """Lets callers in; what it looked up it keeps until the store changes."""

    def __init__(self, store: Store, router: Router) -> None:
        self._store, self._router = store, router
        self._revision = -1
        self._known: dict[str, _Known | None] = {}
        self._reach: dict[tuple[str, str], str | None] = {}
        self._allowed: dict[tuple[str, str], bool] = {}

    async def answer(self, request: Request, call: Call) -> Response | None:
        """Answer a scoring request; None when no online endpoint has this host."""
        if self._store.revision != self._revision:
            self._forget()
        host = (request.url.hostname or "").lower()
        if host not in self._known:
            self._known[host] = self._find(host)
        known = self._known[host]
        if known is None:
            return None
        refused = self._refused(request, call, known)
        if refused is not None:
            return refused
        if request.url.path not in _PATHS:
            return _plain(404, f"Endpoint {known.endpoint['name']} has no {request.url.path}.")
        asked = forwarded(
            request.method, request.url.path, dict(request.headers), await request.body()
        )
        named = request.headers.get(_DEPLOYMENT)
        return await self._router.send(known.endpoint, known.deployments, named, asked)

    def _forget(self) -> None:
        self._revision = self._store.revision
        self._known.clear()
        self._reach.clear()
        self._allowed.clear()

    def _find(self, host: str) -> _Known | None:
        name, _, rest = host.partition(".")
        region = rest.partition(".")[0]
        for found in self._store.find(TYPE, name):
            if str(found.get("location")).lower().replace(" ", "") == region:
                workspace = self._store.get(workspace_of(found["id"])) or {}
                deployments = self._store.children(found["id"], "deployments")
                return _Known(found, workspace, {d["name"].lower(): d for d in deployments})
        return None

    def _refused(self, request: Request, call: Call, known: _Known) -> Response | None:
        place = call.caller.place
        if (known.endpoint["id"], place) not in self._reach:
            self._reach[known.endpoint["id"], place] = self._unreachable(known, place)
        closed = self._reach[known.endpoint["id"], place]
        if closed is not None:
            return _plain(403, closed)
        mode = known.endpoint["properties"]["authMode"]
        if mode == "Key":
            given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
            right = bool(given) and keys.opens(self._store, known.endpoint["id"], given)
            return None if right else _plain(401, "key_auth_access_denied")
        if call.claims is None:
            reason = call.refused_token or "The 'Authorization' header is missing."
            return _plain(401, f"Authentication failed. {reason}")
        if mode == "AMLToken":
            right = tokens.opens(call.claims, known.endpoint["id"])
            return None if right else _plain(401, "The token is not for this endpoint.")
        return self._no_role(call, known)

    def _no_role(self, call: Call, known: _Known) -> Response | None:
        principal = call.caller.principal
        if call.claims is None or call.claims.audience.rstrip("/") != AUDIENCE or principal is None:
            found = call.claims.audience if call.claims else "nothing"
            return _plain(401, f"The token is for {found!r}; endpoints take {AUDIENCE!r}.")
        who = (principal.object_id, known.endpoint["id"])
        if who not in self._allowed:
            self._allowed[who] = allows(self._store, principal, SCORE, known.endpoint["id"])
        if self._allowed[who]:
            return None
        words = f"{principal.name} has no role that allows {SCORE} on {known.endpoint['id']}."
        return _plain(403, words)

    def _unreachable(self, known: _Known, place: str) -> str | None:
        """An open endpoint answers all; a closed one is found by the workspace's private way."""
        if str(known.endpoint["properties"].get("publicNetworkAccess")).lower() == "enabled":
            return None
        closed = dict(known.workspace)
        closed["properties"] = {**closed["properties"], "publicNetworkAccess": "Disabled"}
        refusal = reaches(self._store, place, closed, GROUP)
        return None if refusal is None else f"{refusal.code}: {refusal.message}"


def _plain(status: int, message: str) -> Response:
    return JSONResponse({"error": {"code": str(status), "message": message}}, status)
