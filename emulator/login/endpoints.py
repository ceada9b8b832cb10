"""The login host: discovery documents, and tokens for client secrets and federated assertions."""

import base64
import binascii
import hmac
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulator.login import federation
from emulator.login.callers import Principal
from emulator.login.refusals import SignInError
from emulator.login.tokens import LIFETIME_SECONDS
from emulator.server.hosts import Call, host_route

HOST = "login.microsoftonline.com"


@host_route(HOST)
async def handle(request: Request, call: Call) -> Response:
    """Answer the login host."""
    path = request.url.path
    tenant = path.strip("/").partition("/")[0]
    if path.endswith("/.well-known/openid-configuration"):
        return JSONResponse(_configuration(tenant))
    if path == "/common/discovery/instance":
        return JSONResponse(_instances(tenant))
    if path.endswith("/discovery/v2.0/keys"):
        # Tokens are signed with a secret of this local Azure: nobody else has to check them.
        return JSONResponse({"keys": []})
    if request.method == "POST" and path.endswith(("/oauth2/v2.0/token", "/oauth2/token")):
        try:
            return JSONResponse(_token(tenant, await _form(request), request, call))
        except SignInError as refusal:
            return JSONResponse(refusal.body, refusal.status)
    return JSONResponse({"error": "not_found", "error_description": f"no API at {path}"}, 404)


def _configuration(tenant: str) -> dict[str, Any]:
    base = f"https://{HOST}/{tenant}"
    return {
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "tenant_region_scope": "EU",
    }


def _instances(tenant: str) -> dict[str, Any]:
    return {
        "tenant_discovery_endpoint": f"https://{HOST}/{tenant}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [
            {
                "preferred_network": HOST,
                "preferred_cache": "login.windows.net",
                "aliases": [HOST, "login.windows.net"],
            }
        ],
    }


async def _form(request: Request) -> dict[str, str]:
    fields = parse_qs((await request.body()).decode(errors="replace"))
    return {name: values[0] for name, values in fields.items()}


def _token(tenant: str, form: dict[str, str], request: Request, call: Call) -> dict[str, Any]:
    tokens = call.services.tokens
    if tenant.lower() != tokens.tenant_id.lower():
        raise SignInError(
            400, "invalid_request", "AADSTS90002",
            f"Tenant '{tenant}' not found. The local Azure has the tenant {tokens.tenant_id}.",
        )  # fmt: skip
    grant = form.get("grant_type", "")
    if grant != "client_credentials":
        raise SignInError(
            400, "unsupported_grant_type", "AADSTS70003",
            "The local Azure signs in with a client secret or a federated assertion "
            f"(client_credentials); found grant_type {grant!r}.",
        )  # fmt: skip
    principal = _authenticate(form, request, call)
    scope = form.get("scope") or form.get("resource", "")
    audience = scope.split(" ")[0].removesuffix("/.default").rstrip("/")
    if not audience:
        raise SignInError(
            400, "invalid_request", "AADSTS90014", "The required field 'scope' is missing."
        )
    return {
        "token_type": "Bearer",
        "expires_in": LIFETIME_SECONDS,
        "ext_expires_in": LIFETIME_SECONDS,
        "access_token": tokens.issue(principal, audience),
    }


def _authenticate(form: dict[str, str], request: Request, call: Call) -> Principal:
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if not secret and "client_assertion" not in form:
        client_id, secret = _basic(request) or (client_id, secret)
    directory = call.services.principals
    principal = directory.by_client_id(client_id)
    if principal is None:
        raise SignInError(
            400, "unauthorized_client", "AADSTS700016",
            f"Application with identifier '{client_id}' was not found in the directory.",
        )  # fmt: skip
    if "client_assertion" in form:
        services = call.services
        given = form["client_assertion"]
        federation.check(call.store, services.tokens, directory, principal, given)
        return principal
    if not hmac.compare_digest(directory.secret(principal).encode(), secret.encode()):
        raise SignInError(
            401, "invalid_client", "AADSTS7000215",
            f"Invalid client secret provided for application '{client_id}'.",
        )  # fmt: skip
    return principal


def _basic(request: Request) -> tuple[str, str] | None:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote_plus(user), unquote_plus(secret)
