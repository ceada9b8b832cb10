"""ARM templates of what the local Azure holds, for tools that read templates."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from emulator.arm.ids import GROUP_TYPE, SUBSCRIPTION_TYPE, ArmId, parse
from emulator.arm.store import Resource
from shapes import catalog

_SCHEMA = "https://schema.management.azure.com/schemas"
_GROUP_SCHEMA = f"{_SCHEMA}/2019-04-01/deploymentTemplate.json#"
_SUBSCRIPTION_SCHEMA = f"{_SCHEMA}/2018-05-01/subscriptionDeploymentTemplate.json#"
# For types that the provider's shapes do not know; any valid version does for a reader.
_OTHER_VERSION = "2024-01-01"
# What ARM computes and no template says.
_COMPUTED = frozenset({"id", "name", "type", "etag", "systemData", "managedBy"})
_COMPUTED_PROPERTIES = frozenset({"provisioningState", "uniqueId", "resourceGuid"})
SUBSCRIPTION = "subscription"


def templates(resources: Iterable[Resource]) -> dict[str, dict[str, Any]]:
    """Return a template for each resource group by its name, and one for the subscription."""
    found: dict[str, list[dict[str, Any]]] = {}
    for resource in sorted(resources, key=lambda one: (one["id"].count("/"), one["id"].lower())):
        arm_id = parse(resource["id"])
        if arm_id.type == SUBSCRIPTION_TYPE:
            continue
        grouped = arm_id.resource_group and arm_id.type != GROUP_TYPE
        name = arm_id.resource_group if grouped else SUBSCRIPTION
        found.setdefault(name or SUBSCRIPTION, []).append(_entry(resource, arm_id))
    return {name: _template(name, entries) for name, entries in sorted(found.items())}


def _template(name: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "$schema": _SUBSCRIPTION_SCHEMA if name == SUBSCRIPTION else _GROUP_SCHEMA,
        "contentVersion": "1.0.0.0",
        "resources": entries,
    }


def _entry(resource: Resource, arm_id: ArmId) -> dict[str, Any]:
    kept = {key: value for key, value in resource.items() if key not in _COMPUTED}
    if isinstance(kept.get("properties"), dict):
        kept["properties"] = {
            key: value
            for key, value in kept["properties"].items()
            if key not in _COMPUTED_PROPERTIES
        }
    entry: dict[str, Any] = {
        "type": resource["type"],
        "apiVersion": _versions().get(resource["type"].lower(), _OTHER_VERSION),
        "name": "/".join(arm_id.names),
        **kept,
    }
    if "/providers/" in arm_id.scope:
        entry["scope"] = arm_id.scope
    return entry


@cache
def _versions() -> dict[str, str]:
    """The api-version that azure-native uses, by ARM type in lower case."""
    modules = [catalog.module(file.stem) for file in sorted(catalog.FOLDER.glob("*.json"))]
    known = (module.resource(name) for module in modules for name in module.resource_names)
    return {
        shape.arm_type.lower(): shape.version for shape in known if shape.arm and shape.path.text
    }
