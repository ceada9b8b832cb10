"""The containers of a group."""

import re
from collections.abc import Iterator
from typing import Any

from emulator.arm.store import Resource
from emulator.providers.checks import bad, between, default, one_of

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_VARIABLE = re.compile(r"[A-Za-z_][\w.-]*")
_MOST = 60
_LEAST_GB = 0.1
_CODE = "InvalidContainerGroup"


def check(group: Resource) -> set[int]:
    """Check and complete the containers of a group; return the ports that they listen on.

    Raises:
        ArmError: 400.
    """
    path = "properties.containers"
    listed = group["properties"].get("containers")
    if not isinstance(listed, list) or not 1 <= len(listed) <= _MOST:
        found = len(listed) if isinstance(listed, list) else listed
        raise bad(path, f"'{path}' has {found!r} containers; wanted: 1 to {_MOST}.", _CODE)
    names: set[str] = set()
    ports: dict[tuple[int, str], str] = {}
    volumes = {str(one.get("name")) for one in group["properties"].get("volumes") or []}
    for where, container in all_of(group):
        name = str(container.get("name") or "")
        if not _NAME.fullmatch(name) or name in names:
            sentence = (
                f"'{where}.name' is {name!r}; wanted: lower-case letters, digits and hyphens, and "
                "each name once."
            )
            raise bad(f"{where}.name", sentence, _CODE)
        names.add(name)
        inner = default(container, "properties", {})
        if not inner.get("image"):
            raise bad(f"{where}.image", f"'{where}.image' is missing; wanted: an image.", _CODE)
        if where.startswith(path):
            _check_resources(inner, f"{where}.properties.resources")
        for number, protocol in _ports(inner, f"{where}.properties.ports"):
            if (number, protocol) in ports:
                sentence = (
                    f"'{name}' and '{ports[number, protocol]}' both listen on {protocol} {number}; "
                    "the containers of a group share one address."
                )
                raise bad(f"{where}.properties.ports", sentence, _CODE)
            ports[number, protocol] = name
        _check_environment(inner, f"{where}.properties.environmentVariables")
        for mount in inner.get("volumeMounts") or []:
            if mount.get("name") not in volumes:
                sentence = f"'{where}' mounts {mount.get('name')!r}; the group has no such volume."
                raise bad(f"{where}.properties.volumeMounts", sentence, _CODE)
    return {number for number, _ in ports}


def all_of(group: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the containers of a group with their paths, those for its start too."""
    for kind in ("containers", "initContainers"):
        for index, container in enumerate(group["properties"].get(kind) or []):
            yield f"properties.{kind}[{index}]", container


def resources_of(group: Resource) -> dict[str, tuple[object, ...]]:
    """Return what containers ask for and may take, which a change may not touch."""
    found: dict[str, tuple[object, ...]] = {}
    for container in group["properties"].get("containers") or []:
        asked = container["properties"].get("resources") or {}
        found[container["name"]] = tuple(
            (asked.get(kind) or {}).get(name)
            for kind in ("requests", "limits")
            for name in ("cpu", "memoryInGB")
        )
    return found


def _check_resources(inner: dict[str, Any], path: str) -> None:
    resources = inner.get("resources") or {}
    asked, most = resources.get("requests") or {}, resources.get("limits") or {}
    for name, least in (("cpu", 0.01), ("memoryInGB", _LEAST_GB)):
        value = asked.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < least:
            sentence = f"'{path}.requests.{name}' is {value!r}; wanted: {least} or more."
            raise bad(f"{path}.requests.{name}", sentence, "InvalidResourceRequest")
        top = most.get(name)
        if top is not None and top < value:
            sentence = f"'{path}.limits.{name}' is {top!r}, less than the {value!r} asked for."
            raise bad(f"{path}.limits.{name}", sentence, "InvalidResourceRequest")


def _ports(inner: dict[str, Any], path: str) -> Iterator[tuple[int, str]]:
    for one in inner.get("ports") or []:
        one["protocol"] = one_of(default(one, "protocol", "TCP"), ("TCP", "UDP"), path, _CODE)
        yield between(one.get("port"), 1, 65535, path, _CODE), one["protocol"]


def _check_environment(inner: dict[str, Any], path: str) -> None:
    names: set[str] = set()
    for one in inner.get("environmentVariables") or []:
        name = str(one.get("name") or "")
        if not _VARIABLE.fullmatch(name) or name in names:
            sentence = f"'{path}' has the name {name!r}; wanted: a name, and each name once."
            raise bad(path, sentence, _CODE)
        names.add(name)
        if one.get("value") is not None and one.get("secureValue") is not None:
            sentence = f"'{path}' gives '{name}' a value and a secureValue; wanted: one of them."
            raise bad(path, sentence, _CODE)
