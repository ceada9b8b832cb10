"""Microsoft.Resources: resource groups and deployments of templates."""

from emulator.providers.resources import deployments, groups

__all__ = ["deployments", "groups"]
