"""Microsoft.ManagedIdentity: user-assigned identities and whom they trust."""

from emulator.providers.managedidentity import federation, identities

__all__ = ["federation", "identities"]
