"""Run tokens: what a step uses for tracking; they open the runs of its workspace only."""

import time

from emulator.login.callers import Principal
from emulator.login.tokens import Claims, InvalidTokenError, Tokens

AUDIENCE = "https://ml.azure.com/runs"
_CLAIM = "azureml_workspace"
# A step may train for days and cannot sign in again; its token dies with the run's use of it.
_LIFETIME_SECONDS = 30 * 86400


def issue(tokens: Tokens, workspace_id: str, run: str) -> str:
    """A token for one run; nobody in the directory has its name, so no role can hang on it."""
    nobody = Principal(f"run:{run}", "Run", run, None)
    claims = {
        _CLAIM: workspace_id.lower(),
        "azureml_run": run,
        "exp": int(time.time()) + _LIFETIME_SECONDS,
    }
    return tokens.issue(nobody, AUDIENCE, claims)


def renewed(tokens: Tokens, workspace_id: str, run: str) -> dict[str, str]:
    """The answer to a step that asks for a fresh token."""
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + _LIFETIME_SECONDS))
    return {"token": issue(tokens, workspace_id, run), "expiryTimeUtc": ends}


def opens(tokens: Tokens, authorization: str, workspace_id: str) -> bool:
    """Whether a request carries the token of a run in this workspace."""
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer":
        return False
    try:
        claims: Claims = tokens.verify(token.strip())
    except InvalidTokenError:
        return False
    return claims.audience == AUDIENCE and claims.raw.get(_CLAIM) == workspace_id.lower()
