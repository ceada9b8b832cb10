"""Microsoft.Storage: accounts, their services and what those hold."""

from emulator.providers.storage import accounts, containers, items, policies, services

__all__ = ["accounts", "containers", "items", "policies", "services"]
