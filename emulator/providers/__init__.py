"""What each resource provider of Azure adds to the generic resources of ARM."""

from emulator.providers import (
    authorization,
    consumption,
    containerregistry,
    containerservice,
    insights,
    keyvault,
    kubernetesconfiguration,
    managedidentity,
    network,
    operationalinsights,
    resources,
    storage,
)

__all__ = [
    "authorization",
    "consumption",
    "containerregistry",
    "containerservice",
    "insights",
    "keyvault",
    "kubernetesconfiguration",
    "managedidentity",
    "network",
    "operationalinsights",
    "resources",
    "storage",
]
