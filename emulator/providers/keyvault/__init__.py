"""Microsoft.KeyVault: vaults, also deleted ones, and what they keep."""

from emulator.providers.keyvault import contents, deleted, vaults

__all__ = ["contents", "deleted", "vaults"]
