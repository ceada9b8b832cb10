"""Microsoft.ContainerRegistry: registries and their copies in other regions."""

from emulator.providers.containerregistry import registries, replications

__all__ = ["registries", "replications"]
