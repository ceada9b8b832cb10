"""What a group of containers is told in secret: kept as digests, shown to nobody."""

import copy
from collections.abc import Iterator
from typing import Any

from emulator.arm.store import Resource
from emulator.providers.sealing import sealed, sealed_all


def seal(properties: dict[str, Any]) -> None:
    """Keep digests in place of secrets."""
    for part, name in _secrets(properties):
        value = part[name]
        part[name] = sealed_all(value) if isinstance(value, dict) else sealed(value)


def without(group: Resource) -> Resource:
    """Return a group as a GET shows it."""
    shown = copy.deepcopy(group)
    for part, name in list(_secrets(shown["properties"])):
        if name == "secret":
            part[name] = dict.fromkeys(part[name], "")
        else:
            del part[name]
    return shown


def _secrets(properties: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield where each secret stands."""
    for kind in ("containers", "initContainers"):
        for container in properties.get(kind) or []:
            inner = container.get("properties") or {}
            for one in inner.get("environmentVariables") or []:
                yield from _held(one, "secureValue")
    for one in properties.get("imageRegistryCredentials") or []:
        yield from _held(one, "password")
    for volume in properties.get("volumes") or []:
        yield from _held(volume, "secret")
        yield from _held(volume.get("azureFile") or {}, "storageAccountKey")
    logs = (properties.get("diagnostics") or {}).get("logAnalytics") or {}
    yield from _held(logs, "workspaceKey")


def _held(part: dict[str, Any], name: str) -> Iterator[tuple[dict[str, Any], str]]:
    if part.get(name) is not None:
        yield part, name
