"""Microsoft.ContainerInstance: containers without a cluster."""

from emulator.providers.containerinstance import groups

__all__ = ["groups"]
