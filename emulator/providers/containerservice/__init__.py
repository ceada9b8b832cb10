"""Microsoft.ContainerService: clusters of Kubernetes, their pools, windows and trusted accesses."""

from emulator.providers.containerservice import agents, clusters, maintenance, trusted_access

__all__ = ["agents", "clusters", "maintenance", "trusted_access"]
