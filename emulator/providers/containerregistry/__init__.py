"""Microsoft.ContainerRegistry: registries."""

from emulator.providers.containerregistry import registries

__all__ = ["registries"]
