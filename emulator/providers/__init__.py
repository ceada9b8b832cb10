"""What each resource provider of Azure adds to the generic resources of ARM."""

from emulator.providers import (
    authorization,
    cdn,
    compute,
    consumption,
    containerregistry,
    containerservice,
    insights,
    keyvault,
    kubernetesconfiguration,
    managedidentity,
    network,
    operationalinsights,
    purview,
    resources,
    security,
    storage,
)

__all__ = [
    "authorization",
    "cdn",
    "compute",
    "consumption",
    "containerregistry",
    "containerservice",
    "insights",
    "keyvault",
    "kubernetesconfiguration",
    "managedidentity",
    "network",
    "operationalinsights",
    "purview",
    "resources",
    "security",
    "storage",
]
