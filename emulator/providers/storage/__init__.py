"""Microsoft.Storage: accounts, their services and blob containers."""

from emulator.providers.storage import accounts, containers, policies, services

__all__ = ["accounts", "containers", "policies", "services"]
