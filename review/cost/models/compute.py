"""Machine-learning compute, endpoints' deployments, virtual machines and containers."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from review.cost.case import Case, Service
from review.cost.lines import Line
from review.cost.machines import Nodes, disk, machines
from review.resources import at, number, parts, text

_ATTACHED = frozenset({"AKS", "Kubernetes"})


def ml_compute(case: Case) -> Iterator[Line]:
    """Clusters scale from min to max nodes; instances run until they are idle."""
    outer = case.resource.inputs
    kind = text(outer, "properties", "computeType")
    if kind in _ATTACHED:
        yield case.free("attached cluster", "the cluster itself is billed")
    elif kind == "AmlCompute":
        yield _cluster(case)
    elif kind == "ComputeInstance":
        yield _instance(case)
        yield case.unpriced("disk of a compute instance", "its size is the service's choice")
    else:
        yield case.unpriced(kind, f"no model for computeType {kind}")


def _cluster(case: Case) -> Line:
    inner = ("properties", "properties")
    given = case.resource.inputs
    low = number(given, *inner, "scaleSettings", "minNodeCount", default=0)
    high = number(given, *inner, "scaleSettings", "maxNodeCount")
    spot = case.resource.at(*inner, "vmPriority") == "LowPriority"
    nodes = Nodes(case.resource.text(*inner, "vmSize"), low, max(low, high), spot)
    return machines(case, nodes)


def _instance(case: Case) -> Line:
    inner = ("properties", "properties")
    size = case.resource.text(*inner, "vmSize")
    idle = case.resource.at(*inner, "idleTimeBeforeShutdown")
    schedules = parts(case.resource.inputs, *inner, "schedules", "computeStartStop")
    stops = idle is not None or bool(schedules)
    one = Decimal(1)
    notes = ("stops when idle or by schedule",) if stops else ()
    return machines(case, Nodes(size, Decimal(0) if stops else one, one), *notes)


def online_deployment(case: Case) -> Iterator[Line]:
    """Managed endpoints are billed for their instances."""
    given = case.resource.inputs
    kind = text(given, "properties", "endpointComputeType")
    if kind != "Managed":
        yield case.free("deployment on a cluster", "the cluster's nodes are billed")
        return
    size = text(given, "properties", "instanceType")
    scale = ("properties", "scaleSettings")
    if at(given, *scale, "scaleType") == "TargetUtilization":
        low = number(given, *scale, "minInstances", default=1)
        high = number(given, *scale, "maxInstances", default=1)
    else:
        low = high = number(given, "sku", "capacity", default=1)
    yield machines(case, Nodes(size, low, max(low, high)))


def virtual_machine(case: Case) -> Iterator[Line]:
    """A machine that always runs, and its disk."""
    one = Decimal(1)
    size = case.resource.text("hardwareProfile", "vmSize")
    yield _linux_only(case, Nodes(size, one, one), "osProfile")
    yield _system_disk(case, ("storageProfile", "osDisk"), one)


def scale_set(case: Case) -> Iterator[Line]:
    """As many machines as the capacity says."""
    count = number(case.resource.inputs, "sku", "capacity", default=1)
    profile = "virtualMachineProfile"
    spot = case.resource.at(profile, "priority") == "Spot"
    nodes = Nodes(case.resource.text("sku", "name"), count, count, spot)
    yield _linux_only(case, nodes, profile, "osProfile")
    yield _system_disk(case, (profile, "storageProfile", "osDisk"), count)


def _linux_only(case: Case, nodes: Nodes, *profile: str) -> Line:
    if case.resource.at(*profile, "windowsConfiguration") is not None:
        return case.unpriced(nodes.label, "no prices for Windows")
    return machines(case, nodes)


def _system_disk(case: Case, path: tuple[str, ...], count: Decimal) -> Line:
    given = case.resource.inputs
    if at(given, *path, "diffDiskSettings", "option") == "Local":
        return case.free("ephemeral system disk")
    kind = at(given, *path, "managedDisk", "storageAccountType")
    if kind != "Premium_LRS" or at(given, *path, "diskSizeGB") is None:
        return case.unpriced("system disk", f"no price for a disk of kind {kind} or unknown size")
    return disk(case, number(given, *path, "diskSizeGB"), low=count, high=count)


def container_group(case: Case) -> Iterator[Line]:
    """CPUs, rounded up for the group, and memory, all month."""
    containers = parts(case.resource.inputs, "containers")
    requests = ("resources", "requests")
    cpu = sum((number(one, *requests, "cpu") for one in containers), Decimal(0))
    memory = sum((number(one, *requests, "memoryInGB") for one in containers), Decimal(0))
    whole = cpu.to_integral_value(ROUND_CEILING)
    yield case.amount(f"{whole} vCPU", "container-instance", "vCPU", low=whole)
    yield case.amount(f"{memory} GB memory", "container-instance", "memory", low=memory)


SERVICE = Service(
    "Compute",
    {
        "machinelearningservices:Compute": ml_compute,
        "machinelearningservices:OnlineDeployment": online_deployment,
        "compute:VirtualMachine": virtual_machine,
        "compute:VirtualMachineScaleSet": scale_set,
        "containerinstance:ContainerGroup": container_group,
    },
)
