"""Microsoft.Resources: resource groups."""

from emulator.providers.resources import groups

__all__ = ["groups"]
