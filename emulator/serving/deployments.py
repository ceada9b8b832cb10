"""Deployments of online endpoints as ARM keeps them: what they are made of is checked first."""

import copy
from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Action, Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml.places import PlaceError, Places
from emulator.azureml.text import bad, named, one_of, workspace_of
from emulator.runner.conda import EnvironmentRefusedError
from emulator.runner.conda_files import conda_text
from emulator.serving.service import TYPE

_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "requestSettings": {
        "maxConcurrentRequestsPerInstance": 1,
        "maxQueueWait": "PT0.5S",
        "requestTimeout": "PT5S",
    },
    "livenessProbe": {"failureThreshold": 30, "initialDelay": "PT10S", "period": "PT10S"},
    "readinessProbe": {"failureThreshold": 30, "initialDelay": "PT10S", "period": "PT10S"},
}
_DEFAULT_LOG_LINES = 5000


@behaviour
class OnlineDeployment(Behaviour):
    """A deployment; changing what it is made of starts it anew, changing its number does not."""

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource["name"],
            r"[A-Za-z](?=.{2,31}$)[A-Za-z0-9-]*[A-Za-z0-9]",
            "Deployment",
            "3 to 32 letters, digits or -, a letter first, no - at the end",
        )
        if not resource.get("location"):
            msg = "location is missing; give the region of the workspace."
            raise bad(msg, "location", "LocationRequired")
        properties = resource["properties"]
        _check_kind(ctx, resource, previous)
        _check_parts(ctx, resource)
        capacity = (resource.get("sku") or {}).get("capacity", 1)
        if isinstance(capacity, bool) or not isinstance(capacity, int) or capacity < 1:
            msg = f"sku.capacity is {capacity!r}; give the number of instances, 1 or more."
            raise bad(msg, "sku.capacity")
        resource["sku"] = {"name": "Default", **(resource.get("sku") or {}), "capacity": capacity}
        for name, initial in _DEFAULTS.items():
            properties[name] = {**initial, **_given(properties.get(name))}
        properties["scaleSettings"] = {
            "scaleType": "Default",
            **_given(properties.get("scaleSettings")),
        }
        properties["properties"] = properties.get("properties") or {}
        _complete_collector(properties)
        properties["provisioningState"] = _state(resource, previous)

    @override
    def created(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        serving = ctx.services.azureml.serving
        if resource["properties"]["provisioningState"] in ("Creating", "Updating"):
            serving.deploy(resource)
        else:
            serving.scale(resource, resource["sku"]["capacity"])

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        endpoint = ctx.store.get(resource["id"].rpartition("/deployments/")[0])
        for key in ("traffic", "mirrorTraffic"):
            share = ((endpoint or {"properties": {}})["properties"].get(key) or {}).get(
                resource["name"]
            )
            if share:
                msg = (
                    f"Deployment {resource['name']!r} gets {share} % of the endpoint's {key}; set"
                    " it to 0 before the deployment is deleted."
                )
                raise ArmError(400, "DeploymentHasTraffic", msg, f"properties.{key}")

    @override
    def deleted(self, ctx: Context, resource: Resource) -> None:
        ctx.services.azureml.serving.remove(resource["id"])
        endpoint = ctx.store.get(resource["id"].rpartition("/deployments/")[0])
        if endpoint is None:
            return
        for key in ("traffic", "mirrorTraffic"):
            if resource["name"] in (endpoint["properties"].get(key) or {}):
                del endpoint["properties"][key][resource["name"]]
                ctx.store.put(endpoint)

    actions: ClassVar[Mapping[str, Action]] = {
        "getlogs": lambda ctx, resource, body: {
            "content": ctx.services.azureml.serving.logs(
                resource, int(body.get("tail") or _DEFAULT_LOG_LINES)
            )
        },
    }


def _given(part: object) -> dict[str, Any]:
    found = part if isinstance(part, dict) else {}
    return {name: value for name, value in found.items() if value is not None}


def _state(resource: Resource, previous: Resource | None) -> str:
    """What a write leads to: nothing new keeps running as it does."""
    if previous is None:
        return "Creating"
    state = previous["properties"].get("provisioningState")
    if state == "Succeeded" and _made_of(resource) == _made_of(previous):
        return "Succeeded"
    return "Updating"


def _made_of(resource: Resource) -> dict[str, Any]:
    properties = copy.deepcopy(resource["properties"])
    for name in ("provisioningState", "description"):
        properties.pop(name, None)
    return properties


def _check_kind(ctx: Context, resource: Resource, previous: Resource | None) -> None:
    properties = resource["properties"]
    path = "properties.endpointComputeType"
    kind = one_of(properties.get("endpointComputeType"), ("Managed", "Kubernetes"), path)
    endpoint = ctx.store.get(resource["id"].rpartition("/deployments/")[0]) or {"properties": {}}
    on_cluster = bool(endpoint["properties"].get("compute"))
    if on_cluster != (kind == "Kubernetes"):
        wanted = "Kubernetes" if on_cluster else "Managed"
        msg = f"{path} is {kind}, but the endpoint's deployments are {wanted}."
        raise bad(msg, path)
    properties["endpointComputeType"] = kind
    if kind == "Managed" and not properties.get("instanceType"):
        msg = "properties.instanceType is missing; give a size such as Standard_DS3_v2."
        raise bad(msg, "properties.instanceType")
    if previous is not None and kind != previous["properties"]["endpointComputeType"]:
        msg = f"{path} of deployment {resource['name']!r} cannot be changed."
        raise ArmError(409, "PropertyChangeNotAllowed", msg, path)


def _check_parts(ctx: Context, resource: Resource) -> None:
    properties = resource["properties"]
    workspace = ctx.store.get(workspace_of(resource["id"])) or {}
    code = properties.get("codeConfiguration") or {}
    if not code.get("codeId") or not code.get("scoringScript"):
        msg = (
            f"Deployment {resource['name']!r} has no codeConfiguration with codeId and"
            " scoringScript; deployments without code are not served here."
        )
        raise bad(msg, "properties.codeConfiguration")
    if ctx.store.get(str(code["codeId"]).removeprefix("azureml:")) is None:
        msg = f"properties.codeConfiguration.codeId {code['codeId']} was not found."
        raise bad(msg, "properties.codeConfiguration.codeId", "UserError")
    if model := properties.get("model"):
        try:
            Places(ctx.store, workspace_of(resource["id"])).locate(str(model))
        except PlaceError as error:
            msg = f"properties.model is {model!r}: {error}"
            raise bad(msg, "properties.model", "UserError") from error
    try:
        conda_text(ctx.services, workspace, str(properties.get("environmentId") or ""))
    except EnvironmentRefusedError as error:
        raise bad(str(error), "properties.environmentId", "UserError") from error


def _complete_collector(properties: dict[str, Any]) -> None:
    collector = properties.get("dataCollector")
    if not isinstance(collector, dict):
        return
    path = "properties.dataCollector.collections"
    for name, one in (collector.get("collections") or {}).items():
        mode = one.get("dataCollectionMode") or "Disabled"
        one["dataCollectionMode"] = one_of(
            mode, ("Enabled", "Disabled"), f"{path}.{name}.dataCollectionMode"
        )
        rate = 1.0 if one.get("samplingRate") is None else float(one["samplingRate"])
        if not 0 < rate <= 1:
            msg = f"{path}.{name}.samplingRate is {rate:g}; give more than 0, 1 at most."
            raise bad(msg, f"{path}.{name}.samplingRate")
        one["samplingRate"] = rate
    collector["rollingRate"] = one_of(
        collector.get("rollingRate") or "Hour",
        ("Year", "Month", "Day", "Hour", "Minute"),
        "properties.dataCollector.rollingRate",
    )
