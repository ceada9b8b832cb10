"""Integration runtimes: where the work of a factory is done."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.store import Resource
from emulator.net.names import REGIONS
from emulator.providers.checks import bad, between, named, one_of, required
from emulator.providers.datafactory import networks, references

_MANAGED = "Managed"
_ANYWHERE = "AutoResolve"
_FLOWS = ("General", "MemoryOptimized", "ComputeOptimized")
_CORES = (8, 16, 32, 48, 80, 144, 272)


@behaviour
class IntegrationRuntime(Behaviour):
    """A runtime of Azure's, in the managed network or not, or one that its owner runs."""

    type: ClassVar[str] = f"{references.FACTORY}/integrationRuntimes"
    immutable: ClassVar[tuple[str, ...]] = (
        "properties.managedVirtualNetwork.referenceName",
        "properties.type",
    )

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z0-9]([A-Za-z0-9-]{1,61})[A-Za-z0-9]",
            "InvalidIntegrationRuntimeName",
            "The runtime name '{name}' is not valid: wanted are 3 to 63 letters, digits and "
            "hyphens, a letter or digit first and last.",
        )
        properties = resource["properties"]
        kinds = (_MANAGED, "SelfHosted")
        kind = one_of(required(resource, "properties.type", "a kind"), kinds, "properties.type")
        properties["type"] = kind
        if kind == _MANAGED:
            _check_managed(ctx, resource)
            properties["state"] = "Online"
        references.check(ctx, resource)

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        references.refuse_if_referenced(ctx, resource)

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        return references.bare(resource)


def _check_managed(ctx: Context, resource: Resource) -> None:
    properties = resource["properties"]
    network = properties.get("managedVirtualNetwork")
    if network is not None:
        path = "properties.managedVirtualNetwork"
        one_of(network.get("type"), ("ManagedVirtualNetworkReference",), f"{path}.type")
        if network.get("referenceName") != networks.DEFAULT:
            sentence = (
                f"'{path}.referenceName' is {network.get('referenceName')!r}; wanted: "
                f"'{networks.DEFAULT}', the one network of a factory."
            )
            raise bad(f"{path}.referenceName", sentence)
        networks.make_default(ctx, references.factory_of(ctx, resource))
    inner = properties.get("typeProperties") or {}
    compute: dict[str, Any] | None = inner.get("computeProperties")
    if compute is None:
        return
    path = "properties.typeProperties.computeProperties"
    region = str(compute.get("location") or _ANYWHERE).replace(" ", "")
    one_of(region, (_ANYWHERE, *REGIONS), f"{path}.location")
    flows = compute.get("dataFlowProperties")
    if flows is None:
        return
    if flows.get("computeType") is not None:
        kind = one_of(flows["computeType"], _FLOWS, f"{path}.dataFlowProperties.computeType")
        flows["computeType"] = kind
    cores = flows.get("coreCount")
    if cores is not None and cores not in _CORES:
        sentence = f"'{path}.dataFlowProperties.coreCount' is {cores!r}; wanted: one of {_CORES}."
        raise bad(f"{path}.dataFlowProperties.coreCount", sentence)
    if flows.get("timeToLive") is not None:
        between(flows["timeToLive"], 0, 1440, f"{path}.dataFlowProperties.timeToLive")
