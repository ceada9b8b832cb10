"""The sign-in of a service principal: by secret or by a federated token."""

from __future__ import annotations

from pathlib import Path

import httpx

from emulator.pulumi_provider.answers import AzureError, body_of
from emulator.pulumi_provider.config import Config

LOGIN = "https://login.microsoftonline.com"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def sign_in_request(config: Config, audience: str) -> tuple[str, dict[str, str]]:
    """Return the URL and the form that ask for a token."""
    if missing := config.missing():
        raise AzureError(
            401,
            "CredentialMissing",
            f"cannot sign in to Azure without {', '.join(missing)}; set azure-native:<name> in the"
            " stack's config or the ARM_* variables (`azlocal env` prints them)",
            "azure-native",
        )
    form = {
        "grant_type": "client_credentials",
        "client_id": config.client_id,
        "scope": audience.rstrip("/") + "/.default",
    }
    if config.use_oidc and not config.client_secret:
        token = config.oidc_token or Path(config.oidc_token_file).read_text().strip()
        form |= {"client_assertion_type": ASSERTION, "client_assertion": token}
    else:
        form["client_secret"] = config.client_secret
    return f"{LOGIN}/{config.tenant_id}/oauth2/v2.0/token", form


def read_token(response: httpx.Response) -> tuple[str, float]:
    """Return the token and the seconds it lives."""
    found = body_of(response)
    if response.status_code != 200:
        code = str(found.get("error", "AuthenticationFailed"))
        message = str(found.get("error_description", response.text[:300]))
        raise AzureError(response.status_code, code, message, "login.microsoftonline.com")
    return str(found["access_token"]), float(found.get("expires_in", 3600))
