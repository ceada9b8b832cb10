"""The provider's configuration: what the engine passes, else ARM_* of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from emulator.pulumi_provider.values import Value, plain

ENVIRONMENT = {
    "clientId": ("ARM_CLIENT_ID", "AZURE_CLIENT_ID"),
    "clientSecret": ("ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET"),
    "location": ("ARM_LOCATION",),
    "metadataHost": ("ARM_METADATA_HOSTNAME",),
    "oidcToken": ("ARM_OIDC_TOKEN",),
    "oidcTokenFilePath": ("ARM_OIDC_TOKEN_FILE_PATH", "AZURE_FEDERATED_TOKEN_FILE"),
    "subscriptionId": ("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID"),
    "tenantId": ("ARM_TENANT_ID", "AZURE_TENANT_ID"),
    "useOidc": ("ARM_USE_OIDC",),
}
SECRET_KEYS = frozenset(
    {"clientSecret", "clientCertificatePassword", "oidcToken", "oidcRequestToken"}
)
KNOWN_KEYS = frozenset(ENVIRONMENT) | {
    "auxiliaryTenantIds",
    "clientCertificatePassword",
    "clientCertificatePath",
    "disableInstanceDiscovery",
    "disablePulumiPartnerId",
    "environment",
    "msiEndpoint",
    "oidcRequestToken",
    "oidcRequestUrl",
    "partnerId",
    "useDefaultAzureCredential",
    "useMsi",
    "version",
    "pluginDownloadURL",
}


@dataclass(frozen=True)
class Config:
    """Who calls which subscription."""

    subscription_id: str = ""
    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = ""
    location: str = ""
    use_oidc: bool = False
    oidc_token: str = ""
    oidc_token_file: str = ""

    def missing(self) -> list[str]:
        """Return what is needed to sign in and not given."""
        needed = {
            "subscriptionId": self.subscription_id,
            "tenantId": self.tenant_id,
            "clientId": self.client_id,
            "clientSecret (or useOidc with oidcToken)": self.client_secret
            or (self.use_oidc and (self.oidc_token or self.oidc_token_file)),
        }
        return [name for name, value in needed.items() if not value]


def read_config(given: Mapping[str, Value], environment: Mapping[str, str] | None = None) -> Config:
    """Combine the engine's configuration with the environment; the former wins."""
    variables = os.environ if environment is None else environment

    def text(name: str) -> str:
        value = plain(given.get(name))
        if isinstance(value, str) and value:
            return value
        if isinstance(value, bool):
            return str(value).lower()
        return next((variables[key] for key in ENVIRONMENT.get(name, ()) if variables.get(key)), "")

    return Config(
        subscription_id=text("subscriptionId"),
        tenant_id=text("tenantId"),
        client_id=text("clientId"),
        client_secret=text("clientSecret"),
        location=text("location"),
        use_oidc=text("useOidc").lower() in {"1", "true"},
        oidc_token=text("oidcToken"),
        oidc_token_file=text("oidcTokenFilePath"),
    )
