"""Settings of the workspace and of the machines that it runs."""

from typing import Annotated

from pydantic import Field

from infra.settings.choices import FirewallSku, Outbound, Priority
from infra.settings.part import Part
from infra.values import Guid, HostName, ServiceTag, VmSize


class WorkspaceSettings(Part):
    """The Azure Machine Learning workspace and its managed network."""

    outbound: Outbound = Outbound.INTERNET
    """What the managed network lets out: internet, or approved (endpoints, allowed_hosts)."""
    allowed_hosts: tuple[HostName, ...] = ()
    """Hosts that jobs may reach when outbound is approved, such as a package mirror."""
    allowed_services: tuple[ServiceTag, ...] = ()
    """Service tags that jobs may reach by HTTPS when outbound is approved, such as AzureMonitor."""
    firewall_sku: FirewallSku = FirewallSku.BASIC
    """The firewall that allowed_hosts bring (it costs by the hour)."""
    high_business_impact: bool = False
    """Reduce what the service itself collects; only at creation."""


class ClusterSettings(Part):
    """A compute cluster of the workspace."""

    vm_size: VmSize = "Standard_D4s_v5"
    """Size of a node."""
    min_nodes: Annotated[int, Field(ge=0, le=100)] = 0
    """Nodes that stay when nothing runs."""
    max_nodes: Annotated[int, Field(ge=1, le=100)] = 2
    """Most nodes at one time."""
    idle_minutes: Annotated[int, Field(ge=2, le=120)] = 5
    """Minutes after which an idle node goes."""
    priority: Priority = Priority.LOW
    """LowPriority is cheap and may be taken back; Dedicated stays."""


def with_gate(clusters: dict[str, ClusterSettings]) -> dict[str, ClusterSettings]:
    """Add the cluster on which models are judged, where the settings say nothing of it.

    It works for minutes, and a release waits for it: its node is not one to be taken back.
    """
    gate = ClusterSettings(max_nodes=1, priority=Priority.DEDICATED)
    return clusters if "gate" in clusters else {**clusters, "gate": gate}


class InstanceSettings(Part):
    """A compute instance: one person's machine."""

    assigned_to: Guid
    """Object id of the person who may use it; nobody else can."""
    vm_size: VmSize = "Standard_DS3_v2"
    """Size of the machine."""
    idle_minutes: Annotated[int, Field(ge=15, le=4320)] = 60
    """Minutes after which an idle machine stops."""
