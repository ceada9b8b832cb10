"""Microsoft.KubernetesConfiguration: what Azure installs in clusters of Kubernetes."""

from emulator.providers.kubernetesconfiguration import extensions, flux

__all__ = ["extensions", "flux"]
