"""The host names that the local Azure answers to; every other host is refused."""

from fnmatch import fnmatchcase

REGIONS = (
    "westeurope",
    "northeurope",
    "uksouth",
    "swedencentral",
    "germanywestcentral",
    "eastus",
    "eastus2",
    "westus2",
    "westus3",
    "francecentral",
)

ROUTED = (
    "management.azure.com",
    "login.microsoftonline.com",
    "graph.microsoft.com",
    "*.blob.core.windows.net",
    "*.vault.azure.net",
    "*.azureml.ms",
    "*.inference.ml.azure.com",
    "ml.azure.com",
    "azuremlschemasprod.azureedge.net",
)

# A wildcard in a certificate covers one label only.
CERTIFIED = (
    *(name for name in ROUTED if name not in {"*.azureml.ms", "*.inference.ml.azure.com"}),
    "*.api.azureml.ms",
    *(f"*.{region}.inference.ml.azure.com" for region in REGIONS),
    *(f"*.workspace.{region}.api.azureml.ms" for region in REGIONS),
)


def is_routed(host: str) -> bool:
    """Say whether the local Azure answers to a host name."""
    return any(fnmatchcase(host.lower(), pattern) for pattern in ROUTED)
