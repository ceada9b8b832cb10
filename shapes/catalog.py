"""Looks up what is known about resource types, nested types and functions; loads on demand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from shapes.grammar import Shape, parse_shape

FOLDER = Path(__file__).parent / "data"
TOKEN = re.compile(r"^azure-native:(\w+)(?:/v\w+)?:(\w+)$")
PLACEHOLDER = re.compile(r"\{(\w+)(?::([\w.-]+))?\}")

Shapes = Mapping[str, Shape]


class UnknownTokenError(LookupError):
    """The program names a type or function that azure-native does not have."""


def _sides(entry: dict[str, Any]) -> tuple[dict[str, Shape], dict[str, Shape]]:
    inputs = {name: parse_shape(text) for name, text in entry.get("in", {}).items()}
    outputs = {
        name: shape for name, shape in inputs.items() if not (shape.write_only or shape.in_path)
    }
    outputs |= {name: parse_shape(text) for name, text in entry.get("out", {}).items()}
    return inputs, outputs


@dataclass(frozen=True)
class PathTemplate:
    """The URL of a resource with the inputs that fill it."""

    text: str

    @cached_property
    def inputs(self) -> dict[str, str]:
        """Return the inputs in the path with their fixed values, if they have one."""
        return dict(PLACEHOLDER.findall(self.text))

    @cached_property
    def arm_type(self) -> str:
        """Return the type of what stands there as ARM writes it."""
        tail = self.text.rsplit("/providers/", 1)
        if len(tail) == 1:
            return "Microsoft.Resources/resourceGroups"
        namespace, *steps = tail[1].split("/")
        return "/".join([namespace, *steps[::2]])

    @cached_property
    def own_names(self) -> tuple[str, ...]:
        """Return the input that each part of the resource's name is; empty where it is fixed."""
        steps = self.text.rsplit("/providers/", 1)[-1].split("/")[2::2]
        found = (PLACEHOLDER.fullmatch(step) for step in steps)
        return tuple(match[1] if match else "" for match in found)

    @cached_property
    def last_input(self) -> str:
        """Return the input that gives the resource its name, or an empty string."""
        found = re.search(r"\{(\w+)(?::[\w.-]+)?\}$", self.text)
        return found[1] if found else ""

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = PLACEHOLDER.split(self.text)
        pattern = ""
        for index in range(0, len(parts), 3):
            pattern += re.escape(parts[index])
            if index + 1 < len(parts):
                name = parts[index + 1]
                pattern += f"(?P<{name}>{'.+' if self._is_scope(name) else '[^/]+'})"
        return re.compile(pattern, re.IGNORECASE)

    def _is_scope(self, name: str) -> bool:
        return self.text.startswith("/{" + name + "}") or "cope" in name or "ourceUri" in name

    def fill(self, values: Mapping[str, object]) -> str:
        """Return the id that these inputs give; KeyError names the one that is missing."""

        def one(found: re.Match[str]) -> str:
            value = values.get(found[1]) or found[2]
            if not isinstance(value, str) or not value:
                raise KeyError(found[1])
            return value.strip("/") if self._is_scope(found[1]) else value

        return PLACEHOLDER.sub(one, self.text)

    def read(self, arm_id: str) -> dict[str, str] | None:
        """Return the inputs that an id gives, or nothing for an id of another type."""
        found = self._pattern.fullmatch("/" + arm_id.strip("/"))
        return found.groupdict() if found else None


@dataclass(frozen=True)
class ResourceShape:
    """All that is known about a resource type."""

    token: str
    module: ModuleShapes
    path: PathTemplate
    version: str
    inputs: Shapes
    outputs: Shapes
    method: str
    verified: bool
    singleton: bool
    arm: bool  # False: azure-native makes it without an ARM resource of its own
    immutable: tuple[str, ...]
    name_rule: tuple[str, str] | None  # a pattern, and the same in words
    default_body: dict[str, Any]  # what a singleton goes back to when it is deleted

    @cached_property
    def arm_type(self) -> str:
        """Return the type as ARM writes it, for instance Microsoft.Storage/storageAccounts."""
        return self.path.arm_type


@dataclass(frozen=True)
class FunctionShape:
    """All that is known about a function."""

    token: str
    module: ModuleShapes
    path: PathTemplate | None
    method: str
    version: str
    inputs: Shapes
    outputs: Shapes
    secret: bool


class ModuleShapes:
    """One module's file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._data: dict[str, dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text())
        self._types: dict[str, tuple[dict[str, Shape], dict[str, Shape]]] = {}

    @property
    def resource_names(self) -> list[str]:
        """Return the names of the module's resource types."""
        return list(self._data["resources"])

    def arm_types(self) -> Iterator[tuple[str, str]]:
        """Yield the ARM type of each resource type that is an ARM resource, with its token."""
        for name, entry in self._data["resources"].items():
            if entry["path"] and not entry.get("notArm", False):
                yield PathTemplate(entry["path"]).arm_type, f"azure-native:{self.name}:{name}"

    def enum(self, name: str) -> list[str]:
        """Return an enum's values."""
        return self._data["enums"].get(name, [])

    def inputs(self, name: str) -> Shapes:
        """Return the properties that a program sets on a nested type."""
        return self._sides_of(name)[0]

    def outputs(self, name: str) -> Shapes:
        """Return the properties that the service shows of a nested type."""
        return self._sides_of(name)[1]

    def _sides_of(self, name: str) -> tuple[dict[str, Shape], dict[str, Shape]]:
        if name not in self._types:
            self._types[name] = _sides(self._data["types"].get(name, {}))
        return self._types[name]

    def resource(self, name: str) -> ResourceShape:
        """Return a resource type; UnknownTokenError when there is none."""
        token = f"azure-native:{self.name}:{name}"
        entry = self._data["resources"].get(name)
        if entry is None:
            msg = f"azure-native 3.29.0 has no resource type {token}"
            raise UnknownTokenError(msg)
        inputs, outputs = _sides(entry)
        return ResourceShape(
            token,
            self,
            PathTemplate(entry["path"]),
            entry["version"],
            inputs,
            outputs,
            entry.get("method", "PUT"),
            not entry.get("unverified", False),
            entry.get("singleton", False),
            not entry.get("notArm", False),
            tuple(entry.get("immutable", ())),
            tuple(entry["name"]) if "name" in entry else None,
            entry.get("default", {"properties": {}}),
        )

    def function(self, name: str) -> FunctionShape:
        """Return a function; UnknownTokenError when there is none."""
        token = f"azure-native:{self.name}:{name}"
        entry = self._data["functions"].get(name)
        if entry is None:
            msg = f"azure-native 3.29.0 has no function {token}"
            raise UnknownTokenError(msg)
        if twin := entry.get("of"):
            of = self.resource(twin)
            inputs = {key: shape for key, shape in of.inputs.items() if shape.in_path}
            return FunctionShape(
                token, self, of.path, "GET", of.version, inputs, of.outputs, secret=False
            )
        inputs, outputs = _sides(entry)
        return FunctionShape(
            token,
            self,
            PathTemplate(entry["path"]) if "path" in entry else None,
            entry.get("method", "POST"),
            entry["version"],
            inputs,
            outputs,
            entry.get("secret", False),
        )


@lru_cache(maxsize=512)
def module(name: str) -> ModuleShapes:
    """Return a module's shapes; UnknownTokenError when azure-native has no such module."""
    if not (FOLDER / f"{name}.json").exists():
        msg = f"azure-native 3.29.0 has no module {name!r}"
        raise UnknownTokenError(msg)
    return ModuleShapes(name)


def _split(token: str) -> tuple[str, str]:
    found = TOKEN.match(token)
    if found is None:
        msg = f"{token!r} is not of the form azure-native:module:Name"
        raise UnknownTokenError(msg)
    return found[1], found[2]


@lru_cache(maxsize=4096)
def resource(token: str) -> ResourceShape:
    """Return the shape behind a type token."""
    name, kind = _split(token)
    return module(name).resource(kind)


@lru_cache(maxsize=4096)
def function(token: str) -> FunctionShape:
    """Return the shape behind a function token."""
    name, kind = _split(token)
    return module(name).function(kind)


@cache
def by_arm_type() -> Mapping[str, tuple[str, ...]]:
    """Return the type tokens of each ARM type in lower case; a few types have several."""
    found: dict[str, tuple[str, ...]] = {}
    for file in sorted(FOLDER.glob("*.json")):
        for arm_type, token in module(file.stem).arm_types():
            found[arm_type.lower()] = (*found.get(arm_type.lower(), ()), token)
    return found
