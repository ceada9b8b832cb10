"""Access tokens: signed here, and nothing else is believed."""

import hmac
import time
import uuid
from dataclasses import dataclass
from typing import Any

import jwt

from emulator.login.callers import Principal

LIFETIME_SECONDS = 3600
# One tolerance for both clocks of a request; they are the same machine's.
LEEWAY_SECONDS = 5


class InvalidTokenError(Exception):
    """The token was not signed here, is for somebody else, or is over."""


@dataclass(frozen=True)
class Claims:
    """What a verified token says."""

    audience: str
    object_id: str
    raw: dict[str, Any]


class Tokens:
    """Issues and verifies the tokens of one tenant with a secret of this local Azure."""

    def __init__(self, secret: bytes, tenant_id: str) -> None:
        self._secret = secret
        self.tenant_id = tenant_id
        self.issuer = f"https://sts.windows.net/{tenant_id}/"

    def derive(self, *words: str) -> bytes:
        """Return 32 bytes that only this local Azure can make of these words: keys by purpose."""
        return hmac.digest(self._secret, "\n".join(words).encode(), "sha256")

    def issue(
        self, principal: Principal, audience: str, extra_claims: dict[str, Any] | None = None
    ) -> str:
        """Return a token for `audience` (the asked scope without `/.default`), valid an hour."""
        moment = int(time.time())
        claims = {
            "aud": audience,
            "iss": self.issuer,
            "iat": moment,
            "nbf": moment,
            "exp": moment + LIFETIME_SECONDS,
            "oid": principal.object_id,
            "sub": principal.object_id,
            "tid": self.tenant_id,
            "appid": principal.client_id,
            "idtyp": "user" if principal.kind == "User" else "app",
            "name": principal.name,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        return jwt.encode(claims | (extra_claims or {}), self._secret, algorithm="HS256")

    def verify(self, token: str) -> Claims:
        """Return what a token says.

        Raises:
            InvalidTokenError: with the reason.
        """
        try:
            raw = jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                issuer=self.issuer,
                leeway=LEEWAY_SECONDS,
                # Each data plane has its own audience and compares it itself.
                options={"verify_aud": False, "require": ["exp", "aud", "oid"]},
            )
        except jwt.PyJWTError as error:
            raise InvalidTokenError(str(error)) from error
        return Claims(audience=str(raw["aud"]), object_id=str(raw["oid"]), raw=raw)
