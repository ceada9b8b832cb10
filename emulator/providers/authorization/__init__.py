"""Microsoft.Authorization: role assignments and definitions, locks, policy assignments."""

from emulator.providers.authorization import (
    assignments,
    custom_roles,
    definitions,
    listing,
    locks,
    policies,
)

__all__ = ["assignments", "custom_roles", "definitions", "listing", "locks", "policies"]
