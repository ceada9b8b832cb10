"""Tokens of endpoints with authMode AMLToken: the service gives them to who may have them."""

import time
from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.login.tokens import Claims

_AUDIENCE = "https://ml.azure.com/endpoints"
_CLAIM = "azureml_endpoint"
_LIFETIME_SECONDS = 12 * 3600


def given(ctx: Context, endpoint: Resource, _body: dict[str, Any]) -> dict[str, Any]:
    """The action token."""
    mode = endpoint["properties"]["authMode"]
    if mode != "AMLToken" or ctx.caller.principal is None:
        msg = f"Endpoint {endpoint['name']!r} has authMode {mode}; only AMLToken has such tokens."
        raise ArmError(400, "BadArgument", msg, "authMode")
    ends = int(time.time()) + _LIFETIME_SECONDS
    claims = {_CLAIM: endpoint["id"].lower(), "exp": ends}
    return {
        "accessToken": ctx.services.tokens.issue(ctx.caller.principal, _AUDIENCE, claims),
        "expiryTimeUtc": ends,
        "refreshAfterTimeUtc": ends - _LIFETIME_SECONDS // 2,
        "tokenType": "Bearer",
    }


def opens(claims: Claims, endpoint_id: str) -> bool:
    """Whether a token was given for this endpoint."""
    return claims.audience == _AUDIENCE and claims.raw.get(_CLAIM) == endpoint_id.lower()
