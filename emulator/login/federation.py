"""Sign-in with another issuer's token, as pipelines and pods do: no secret, but a trusted subject.

The local Azure cannot ask a real issuer for its keys. Assertions are made on this machine instead
(`azlocal assertion`), in the name of any issuer, and signed with a key of this local Azure.
"""

import time

import jwt

from emulator.arm.store import Store
from emulator.login.callers import Principal
from emulator.login.principals import Principals
from emulator.login.refusals import SignInError
from emulator.login.tokens import LEEWAY_SECONDS, Tokens

AUDIENCE = "api://AzureADTokenExchange"
KIND = "federatedIdentityCredentials"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFETIME_SECONDS = 600


def _key(tokens: Tokens) -> bytes:
    return tokens.derive("assertions")


def assertion(tokens: Tokens, issuer: str, subject: str, audience: str = AUDIENCE) -> str:
    """Return what an issuer would say of a subject, valid ten minutes."""
    moment = int(time.time())
    claims = {"iss": issuer, "sub": subject, "aud": audience}
    times = {"iat": moment, "nbf": moment, "exp": moment + _LIFETIME_SECONDS}
    return jwt.encode(claims | times, _key(tokens), algorithm="HS256")


def check(
    store: Store, tokens: Tokens, principals: Principals, principal: Principal, given: str
) -> None:
    """Accept an assertion only for an identity that trusts its issuer and subject.

    Raises:
        SignInError: the assertion is not believed, or nobody trusts it here.
    """
    claims = _claims(tokens, given)
    wanted = {name: str(claims[name]) for name in ("iss", "sub", "aud")}
    resource = principals.resource_of(principal)
    credentials = store.children(resource, KIND) if resource else []
    for credential in credentials:
        trusted = credential["properties"]
        if (
            trusted["issuer"].rstrip("/") == wanted["iss"].rstrip("/")
            and trusted["subject"] == wanted["sub"]
            and wanted["aud"] in trusted["audiences"]
        ):
            return
    raise SignInError(
        401,
        "invalid_client",
        "AADSTS70021",
        f"No matching federated identity record found for presented assertion. Assertion Issuer: "
        f"'{wanted['iss']}'. Assertion Subject: '{wanted['sub']}'. Assertion Audience: "
        f"'{wanted['aud']}'. The identity has {len(credentials)} federated credentials.",
    )


def _claims(tokens: Tokens, given: str) -> dict[str, object]:
    try:
        return jwt.decode(
            given,
            _key(tokens),
            algorithms=["HS256"],
            leeway=LEEWAY_SECONDS,
            # Which audience is right stands in the credential.
            options={"verify_aud": False, "require": ["iss", "sub", "aud", "exp"]},
        )
    except jwt.ExpiredSignatureError as error:
        message = "Client assertion is not within its valid time range."
        raise SignInError(401, "invalid_client", "AADSTS700024", message) from error
    except jwt.PyJWTError as error:
        message = (
            f"JWT token is invalid or malformed: {error}. Make one with `azlocal assertion`: the "
            "local Azure cannot check another issuer's signature."
        )
        raise SignInError(401, "invalid_client", "AADSTS50027", message) from error
