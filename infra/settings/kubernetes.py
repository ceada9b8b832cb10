"""Settings of the Kubernetes cluster."""

from typing import Annotated, Literal

from pydantic import Field

from infra.settings.part import Part
from infra.values import Guid, VmSize


class PoolSettings(Part):
    """A pool of nodes."""

    vm_size: VmSize = "Standard_D4ds_v5"
    """Size of a node; its temporary disk must hold the operating system."""
    min_nodes: Annotated[int, Field(ge=0, le=1000)] = 1
    """Nodes that stay when nothing runs."""
    max_nodes: Annotated[int, Field(ge=1, le=1000)] = 3
    """Most nodes at one time."""
    spot: bool = False
    """Cheap nodes that Azure may take back."""


class KubernetesSettings(Part):
    """A private AKS cluster with the Azure Machine Learning extension."""

    enabled: bool = False
    """Make it, and attach it to the workspace."""
    sku_tier: Literal["Free", "Standard", "Premium"] = "Standard"
    """Free has no uptime promise."""
    upgrade_channel: Literal["patch", "stable"] = "stable"
    """Which versions the cluster takes by itself: stable ends at the last but one minor version."""
    system_pool: PoolSettings = PoolSettings(min_nodes=1)
    """Nodes of the cluster's own parts."""
    cpu_pool: PoolSettings = PoolSettings(min_nodes=1)
    """Nodes of models."""
    gpu_pool: PoolSettings = PoolSettings(vm_size="Standard_NC4as_T4_v3", min_nodes=0, max_nodes=1)
    """Nodes of models that need a GPU."""
    gpu: bool = False
    """Make the GPU pool."""
    admin_groups: tuple[Guid, ...] = ()
    """Entra groups that administer the cluster."""
    monitoring: bool = True
    """Container insights and the Defender sensor."""
