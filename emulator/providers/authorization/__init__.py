"""Microsoft.Authorization: role assignments and definitions, locks, policy assignments."""

from emulator.providers.authorization import assignments, definitions, listing, locks, policies

__all__ = ["assignments", "definitions", "listing", "locks", "policies"]
