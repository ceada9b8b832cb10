"""The data plane of Key Vault on `*.vault.azure.net`: keys that sign and never leave, secrets."""

from emulator.vault import service

__all__ = ["service"]
