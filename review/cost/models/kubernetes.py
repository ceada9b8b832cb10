"""AKS: the control plane by tier, and pools from their least to their most nodes."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from review.cost.case import Case, Service
from review.cost.lines import Line
from review.cost.machines import Nodes, disk, machines
from review.resources import at, number, parts, text

_DISK_GIB = 128
"""What AKS takes for a node's disk if the pool does not say; larger sizes take more."""


def cluster(case: Case) -> Iterator[Line]:
    """The tier, and the pools that are written into the cluster."""
    tier = at(case.resource.inputs, "sku", "tier") or "Free"
    if tier == "Free":
        yield case.free("control plane, Free tier")
    else:
        yield case.amount(f"control plane, {tier} tier", "aks-tier", str(tier))
    for profile in parts(case.resource.inputs, "agentPoolProfiles"):
        yield from _pool(case, profile)
    yield case.unpriced("load balancer of the cluster", "no price; made by the service")


def pool(case: Case) -> Iterator[Line]:
    """A pool of its own."""
    yield from _pool(case, case.resource.inputs)


def _pool(case: Case, profile: Mapping[str, object]) -> Iterator[Line]:
    size = text(profile, "vmSize")
    count = number(profile, "count", default=1)
    low, high = count, count
    if at(profile, "enableAutoScaling") is True:
        low = number(profile, "minCount", default=int(count))
        high = max(low, number(profile, "maxCount"))
    spot = at(profile, "scaleSetPriority") == "Spot"
    if at(profile, "osType") == "Windows":
        yield case.unpriced(f"{count} x {size}", "no prices for Windows")
    else:
        yield machines(case, Nodes(size, low, high, spot))
    if at(profile, "osDiskType") == "Ephemeral":
        return
    gigabytes = number(profile, "osDiskSizeGB", default=_DISK_GIB) or Decimal(_DISK_GIB)
    yield disk(case, gigabytes, low=low, high=high)


SERVICE = Service(
    "Kubernetes",
    {"containerservice:ManagedCluster": cluster, "containerservice:AgentPool": pool},
)
