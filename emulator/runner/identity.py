"""Who a step is: the identity of its cluster, and the endpoint on which it gets its tokens."""

import hmac
import secrets
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulator.arm.behaviours import Services
from emulator.arm.store import Store
from emulator.login.callers import Principal
from emulator.server.plain import plain_route

PATH = "/msi/token"
Issue = Callable[[Principal, str], str]
_LIFETIME_SECONDS = 3600


class NoIdentityError(ValueError):
    """The step asks for an identity that its cluster does not have."""


@dataclass(frozen=True)
class Grant:
    """What one step may get: tokens of these identities, the first by default."""

    principals: tuple[Principal, ...]

    def principal(self, client_id: str | None) -> Principal | None:
        if client_id is None:
            return self.principals[0] if self.principals else None
        return next(
            (p for p in self.principals if (p.client_id or "").lower() == client_id.lower()), None
        )


def of_resource(store: Store, resource: Mapping[str, Any]) -> tuple[Principal, ...]:
    """The managed identities of a resource: assigned ones first, then its own."""
    identity = resource.get("identity") or {}
    found: list[Principal] = []
    for id_, known in (identity.get("userAssignedIdentities") or {}).items():
        assigned = store.get(id_)
        properties = (assigned or {}).get("properties") or known or {}
        if properties.get("principalId"):
            name = id_.rstrip("/").rsplit("/", 1)[-1]
            found.append(
                Principal(
                    properties["principalId"], "ManagedIdentity", name, properties.get("clientId")
                )
            )
    if identity.get("principalId"):
        name = str(resource.get("name"))
        found.append(
            Principal(identity["principalId"], "ManagedIdentity", name, identity.get("clientId"))
        )
    return tuple(found)


def chosen(grant: Grant, wanted: Mapping[str, str], compute: str) -> Principal | None:
    """The identity a job runs as on its cluster; NoIdentityError when it asks for another one."""
    client = wanted.get("client_id")
    found = grant.principal(client)
    if client and found is None:
        have = ", ".join(str(p.client_id) for p in grant.principals) or "none"
        msg = (
            f"the job asks for the identity with client id {client}, but compute {compute!r} has:"
            f" {have}"
        )
        raise NoIdentityError(msg)
    if wanted.get("type", "").lower() in ("managed", "managedidentity") and found is None:
        msg = (
            f"the job asks for a managed identity, but compute {compute!r} has none; give the"
            " compute an identity"
        )
        raise NoIdentityError(msg)
    return found


class Grants:
    """The managed-identity endpoint of all running steps; each step has its own secret."""

    def __init__(self, issue: Issue, url: str) -> None:
        self._issue, self._url = issue, url
        self._grants: dict[str, Grant] = {}

    @contextmanager
    def granted(self, grant: Grant) -> Generator[dict[str, str]]:
        """The variables that let a process take tokens until the block ends."""
        secret = secrets.token_urlsafe(24)
        self._grants[secret] = grant
        variables = {"MSI_ENDPOINT": self._url, "MSI_SECRET": secret}
        if grant.principals and grant.principals[0].client_id:
            variables["DEFAULT_IDENTITY_CLIENT_ID"] = grant.principals[0].client_id
        try:
            yield variables
        finally:
            self._grants.pop(secret, None)

    def answer(self, secret: str, query: Mapping[str, str]) -> tuple[int, dict[str, str | None]]:
        """The answer to one token request."""
        grant = next(
            (g for s, g in list(self._grants.items()) if hmac.compare_digest(s, secret)), None
        )
        if grant is None:
            return 401, _error(
                "invalid_secret", "the header `secret` is not the MSI_SECRET of a running step"
            )
        resource = query.get("resource", "")
        if not resource:
            return 400, _error("invalid_request", "the query has no `resource`")
        client = query.get("clientid") or query.get("client_id")
        principal = grant.principal(client)
        if principal is None:
            return 400, _error(
                "identity_not_found", f"no identity {client or ''} is assigned to the compute"
            )
        return 200, {
            "access_token": self._issue(principal, resource.removesuffix("/.default")),
            "client_id": principal.client_id,
            "expires_on": str(int(time.time()) + _LIFETIME_SECONDS),
            "resource": resource,
            "token_type": "Bearer",
        }


@plain_route(PATH)
async def handle(request: Request, services: Services) -> Response:
    """Give a running step a token of its cluster's identity."""
    grants: Grants = services.azureml.runner.grants
    status, body = grants.answer(request.headers.get("secret", ""), dict(request.query_params))
    return JSONResponse(body, status)


def _error(code: str, message: str) -> dict[str, str | None]:
    return {"error": code, "error_description": message}
