"""Computes: what may be asked of them, and the nodes they show."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Action, Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.azureml import attached, instances, network
from emulator.azureml.text import bad, named, one_of, workspace_of
from emulator.runner.durations import PlanError, seconds
from emulator.runner.nodes import NodeState

_TYPES = (
    "AmlCompute",
    "ComputeInstance",
    "Kubernetes",
    "AKS",
    "VirtualMachine",
    "HDInsight",
    "Databricks",
    "DataLakeAnalytics",
    "DataFactory",
    "SynapseSpark",
)
_LENGTHS = {"ComputeInstance": (3, 24), "AmlCompute": (2, 32)}
# What a cluster keeps for its whole life; only its scale and identity can be changed.
_FIXED = (
    "vmSize",
    "vmPriority",
    "osType",
    "subnet",
    "enableNodePublicIp",
    "isolatedNetwork",
    "remoteLoginPortPublicAccess",
)
_IDLE_SECONDS = 120.0


@behaviour
class Compute(Behaviour):
    """A compute target; clusters show their nodes as the runner uses them."""

    type: ClassVar[str] = "Microsoft.MachineLearningServices/workspaces/computes"

    @override
    def prepare(self, ctx: Context, resource: dict, previous: dict | None) -> None:
        properties = resource.setdefault("properties", {})
        kind = one_of(properties.get("computeType"), _TYPES, "properties.computeType")
        low, high = _LENGTHS.get(kind, (2, 16))
        named(
            resource["name"],
            rf"[A-Za-z](?=.{{{low - 1},{high - 1}}}$)[A-Za-z0-9-]*[A-Za-z0-9]",
            "Compute",
            f"{low} to {high} letters, digits or -, a letter first, no - at the end",
        )
        old = (previous or {}).get("properties") or {}
        if old and old.get("computeType") != kind:
            msg = (
                f"properties.computeType cannot be changed from {old.get('computeType')} to {kind}."
            )
            raise ArmError(409, "PropertyChangeNotAllowed", msg, "properties.computeType")
        own = properties.get("properties")
        properties["properties"] = own = own if isinstance(own, dict) else {}
        if kind == "AmlCompute":
            _cluster(resource["name"], own, old.get("properties") or {})
        if kind == "ComputeInstance":
            instances.prepare(ctx, resource, old)
        if kind == "Kubernetes":
            attached.prepare(ctx, resource, old)
        now = datetime.now(UTC).isoformat()
        properties |= {
            "computeType": kind,
            "provisioningState": "Succeeded",
            "createdOn": old.get("createdOn") or now,
            "modifiedOn": now if own != old.get("properties") else old.get("modifiedOn", now),
            "isAttachedCompute": kind not in ("AmlCompute", "ComputeInstance"),
        }
        properties.setdefault("computeLocation", resource.get("location"))

    @override
    def created(self, ctx: Context, resource: dict, previous: dict | None) -> None:
        workspace = ctx.store.get(workspace_of(resource["id"]))
        if workspace is not None and resource["properties"]["computeType"] == "AmlCompute":
            network.activate(ctx, workspace)
        ctx.services.azureml.runner.cluster(resource["id"]).wake()

    @override
    def deleted(self, ctx: Context, resource: dict) -> None:
        ctx.services.azureml.runner.abandon(
            workspace_of(resource["id"]),
            f"compute {resource['name']} was deleted",
            resource["name"],
        )

    @override
    def view(self, ctx: Context, resource: dict) -> dict:
        properties = resource["properties"]
        if properties.get("computeType") != "AmlCompute":
            return resource
        states = _nodes(ctx, resource)
        counts = {
            key: sum(1 for node in states if node.state == key)
            for key in ("idle", "running", "preparing", "unusable", "leaving", "preempted")
        }
        own = {
            **properties["properties"],
            "currentNodeCount": len(states),
            "targetNodeCount": len(states),
            "allocationState": "Steady",
            "allocationStateTransitionTime": properties["modifiedOn"],
            "nodeStateCounts": {f"{key}NodeCount": value for key, value in counts.items()},
            "errors": [],
        }
        return {**resource, "properties": {**properties, "properties": own}}

    actions: ClassVar[Mapping[str, Action]] = {
        "listnodes": lambda ctx, resource, _body: {
            "nodes": [
                {
                    "nodeId": f"{resource['name']}-node-{node.number}",
                    "privateIpAddress": f"10.0.0.{4 + node.number}",
                    "port": 50000 + node.number,
                    "nodeState": node.state,
                    "runId": node.run,
                }
                for node in _nodes(ctx, resource)
            ]
        },
        "start": lambda ctx, resource, _body: _power(ctx, resource, "Running"),
        "stop": lambda ctx, resource, _body: _power(ctx, resource, "Stopped"),
        "restart": lambda ctx, resource, _body: _power(ctx, resource, "Running"),
    }


def scale(resource: dict) -> tuple[int, int, float]:
    """The least and the most nodes of a cluster, and how long an idle one stays."""
    settings = (resource["properties"].get("properties") or {}).get("scaleSettings") or {}
    idle = seconds(settings.get("nodeIdleTimeBeforeScaleDown"))
    return (
        int(settings.get("minNodeCount") or 0),
        int(settings.get("maxNodeCount") or 1),
        _IDLE_SECONDS if idle is None else idle,
    )


def _cluster(name: str, own: dict, old: dict) -> None:
    target = "properties.properties"
    if not own.get("vmSize"):
        msg = f"{target}.vmSize is missing; give a size such as STANDARD_DS3_V2."
        raise bad(msg, f"{target}.vmSize")
    own["osType"] = one_of(own.get("osType") or "Linux", ("Linux", "Windows"), f"{target}.osType")
    own["vmPriority"] = one_of(
        own.get("vmPriority") or "Dedicated", ("Dedicated", "LowPriority"), f"{target}.vmPriority"
    )
    own["remoteLoginPortPublicAccess"] = one_of(
        own.get("remoteLoginPortPublicAccess") or "NotSpecified",
        ("Enabled", "Disabled", "NotSpecified"),
        f"{target}.remoteLoginPortPublicAccess",
    )
    own.setdefault("enableNodePublicIp", True)
    settings = own.setdefault("scaleSettings", {"maxNodeCount": 1})
    least, most = settings.setdefault("minNodeCount", 0), settings.get("maxNodeCount")
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        msg = f"{target}.scaleSettings.maxNodeCount is {most!r}; give 1 or more."
        raise bad(msg, f"{target}.scaleSettings.maxNodeCount")
    if not isinstance(least, int) or isinstance(least, bool) or not 0 <= least <= most:
        msg = (
            f"{target}.scaleSettings.minNodeCount is {least!r}; give 0 to maxNodeCount, which is"
            f" {most}."
        )
        raise bad(msg, f"{target}.scaleSettings.minNodeCount")
    settings.setdefault("nodeIdleTimeBeforeScaleDown", "PT120S")
    try:
        seconds(settings["nodeIdleTimeBeforeScaleDown"])
    except PlanError as error:
        msg = f"{target}.scaleSettings.nodeIdleTimeBeforeScaleDown: {error}"
        raise bad(msg, f"{target}.scaleSettings.nodeIdleTimeBeforeScaleDown") from error
    for key in _FIXED:
        if key in old and str(own.get(key)).lower() != str(old[key]).lower():
            msg = (
                f"{target}.{key} of compute {name!r} cannot be changed from {old[key]} to"
                f" {own.get(key)}; make a new one."
            )
            raise ArmError(409, "PropertyChangeNotAllowed", msg, f"{target}.{key}")


def _nodes(ctx: Context, resource: dict) -> list[NodeState]:
    if ctx.services.azureml is None:
        return []  # without a server there are no nodes
    least, _most, idle = scale(resource)
    return ctx.services.azureml.runner.cluster(resource["id"]).states(least, idle)


def _power(ctx: Context, resource: dict, state: str) -> None:
    if resource["properties"].get("computeType") != "ComputeInstance":
        msg = (
            f"Compute {resource['name']!r} is not a compute instance; only those are started and"
            " stopped."
        )
        raise bad(msg)
    resource["properties"]["properties"]["state"] = state
    ctx.store.put(resource)
