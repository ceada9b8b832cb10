"""Microsoft.Purview: the catalogue of data."""

from emulator.providers.purview import accounts

__all__ = ["accounts"]
