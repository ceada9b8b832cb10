"""Puts together all that is known of one azure-native module, ready to be written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from shapes.grammar import Shape, Type
from tools.shapes import reviewed
from tools.shapes.entries import Entry, merge_equal, rename_references, write_sides
from tools.shapes.functions import FunctionMatch, match_function
from tools.shapes.mapping import NOTHING, Body, Mapper, settle
from tools.shapes.matching import Match, match_resource
from tools.shapes.native import Function, Module, Resource
from tools.shapes.packages import packages_of
from tools.shapes.paths import (
    defaults_of,
    fold,
    guess_path,
    inputs_of,
    is_singleton,
    read_model,
)


@dataclass
class Built:
    """One module's data, and what could not be settled."""

    resources: dict[str, Entry] = field(default_factory=dict)
    functions: dict[str, Entry] = field(default_factory=dict)
    types: dict[str, Entry] = field(default_factory=dict)
    enums: dict[str, list[str]] = field(default_factory=dict)
    unmapped: dict[str, list[str]] = field(default_factory=dict)
    mapped: int = 0  # top-level properties that a model places


class Builder:
    """Builds one module."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.packages = packages_of(module.name)
        self.mapper = Mapper(module)
        self.built = Built()
        self.paths: dict[str, str] = {}

    def build(self) -> Built:
        """Return everything about the module."""
        matches = {name: self._match(resource) for name, resource in self.module.resources.items()}
        for name, found in matches.items():
            self.paths[name] = found.path if found else self._path(self.module.resources[name])
        for name, resource in self.module.resources.items():
            self.built.resources[name] = self._resource(resource, matches[name])
        for name, function in self.module.functions.items():
            self.built.functions[name] = self._function(function)
        self._write_types(merge_equal(self.mapper))
        self._keep_used_enums()
        return self.built

    def _match(self, resource: Resource) -> Match | None:
        key = f"{self.module.name}:{resource.name}"
        if key in reviewed.PATHS or key in reviewed.NOT_ARM:
            return None
        return match_resource(resource, self.packages)

    def _path(self, resource: Resource) -> str:
        key = f"{self.module.name}:{resource.name}"
        return reviewed.PATHS.get(key) or guess_path(self.module.name, resource)

    def _resource(self, resource: Resource, match: Match | None) -> Entry:
        key = f"{self.module.name}:{resource.name}"
        path = self.paths[resource.name]
        bodies = [NOTHING]
        if match:
            names = dict.fromkeys((match.operation.body, match.operation.answer, read_model(match)))
            bodies = [Body(match.package.models, name) for name in names if name]
        in_path = inputs_of(path)
        inputs = {
            name: self._refine(key, name, shape, inside=name in in_path)
            for name, shape in self.mapper.properties(
                resource.inputs, *bodies, top=resource.name
            ).items()
        }
        inputs = settle(inputs)
        for name in self._children(key, path, inputs):
            inputs[name] = replace(inputs[name], children=True)
        outputs = {
            name: replace(shape, secret=is_secret(name, shape.type))
            for name, shape in self.mapper.properties(
                resource.outputs, *reversed(bodies), top=resource.name
            ).items()
            # the provider fills these itself
            if name not in {"azureApiVersion", "id"}
        }
        outputs = settle(outputs)
        if match:
            self._count(key, inputs)
        entry: Entry = {"path": path, "version": resource.version}
        return entry | self._traits(key, path, match) | write_sides(inputs, outputs)

    def _count(self, key: str, inputs: dict[str, Shape]) -> None:
        unmapped = [name for name, shape in inputs.items() if shape.guessed]
        if unmapped:
            self.built.unmapped[key] = unmapped
        self.built.mapped += sum(not (s.in_path or s.guessed) for s in inputs.values())

    def _traits(self, key: str, path: str, match: Match | None) -> Entry:
        deep = [text for text in reviewed.IMMUTABLE.get(key, ()) if "." in text]
        traits: Entry = {
            "unverified": match is None and key not in reviewed.PATHS,
            "notArm": key in reviewed.NOT_ARM,
            "method": match.operation.method if match and match.operation.method != "PUT" else "",
            "singleton": key in reviewed.SINGLETONS or is_singleton(path, match),
            "name": list(reviewed.NAMES.get(key, ())),
            "default": reviewed.DEFAULTS.get(key, {}),
            "immutable": deep,
        }
        return {name: value for name, value in traits.items() if value}

    def _refine(self, key: str, name: str, shape: Shape, *, inside: bool) -> Shape:
        if inside:
            return Shape(shape.type, (), required=shape.required, in_path=True)
        wire = reviewed.WIRES.get(key, {}).get(name)
        if wire == "":
            return Shape(shape.type, required=shape.required, in_path=True)
        if wire is not None:
            shape = replace(shape, wire=tuple(wire.split("/")), guessed=False)
        fixed = name in reviewed.IMMUTABLE.get(key, ()) or name == "location" or shape.replaces
        # a tag or identity can always be set again, whatever a create-only model says
        fixed = fixed and name not in {"tags", "identity"}
        return replace(shape, replaces=fixed, secret=is_secret(name, shape.type))

    def _children(self, key: str, path: str, inputs: dict[str, Shape]) -> list[str]:
        base = fold(path)
        segments = {
            fold(other)[len(base) :].strip("/").split("/")[0]
            for other in self.paths.values()
            if fold(other).startswith(base + "/")
        }
        named = reviewed.CHILDREN.get(key, ())
        return [
            name
            for name, shape in inputs.items()
            if not shape.in_path
            and shape.type.kind == "list"
            and shape.type.items[0].kind == "object"
            and ((shape.wire[-1] if shape.wire else name).lower() in segments or name in named)
        ]

    def _function(self, function: Function) -> Entry:
        resource = self.module.resources.get(function.name.removeprefix("get"))
        entry: Entry = {"version": function.version}
        if resource and function.name.startswith("get"):
            path = self.paths[resource.name]
            given = set(function.inputs) | defaults_of(path) | {"subscriptionId"}
            if inputs_of(path) <= given:
                return entry | {"of": resource.name}
        found = match_function(function, self.packages)
        if found is None:
            return entry | {"unverified": True} | self._sides(function, None)
        entry |= {"path": found.path, "method": found.operation.method}
        if reviewed.SECRET_ANSWER.match(function.name):
            entry["secret"] = True
        return entry | self._sides(function, found)

    def _sides(self, function: Function, found: FunctionMatch | None) -> Entry:
        body, answer = NOTHING, NOTHING
        used: set[str] = set()
        if found:
            body = Body(found.package.models, found.operation.body)
            answer = Body(found.package.models, found.operation.answer)
            used = inputs_of(found.path)
        inputs = self.mapper.properties(function.inputs, body)
        inputs = {
            name: Shape(shape.type, required=shape.required, in_path=True)
            if name in used
            else shape
            for name, shape in inputs.items()
        }
        for query in found.operation.query if found else ():
            name = query.lstrip("$")
            if name in inputs and name not in used:
                inputs[name] = replace(inputs[name], wire=("?", query), guessed=False)
        return write_sides(inputs, self.mapper.properties(function.outputs, answer))

    def _write_types(self, names: dict[str, str]) -> None:
        for name, entry in self.mapper.pairs.values():
            if names[name] != name:
                continue
            secrets = reviewed.SECRETS.get((self.module.name, entry.base), ())
            for side in (entry.inputs, entry.outputs):
                for prop, shape in side.items():
                    if prop in secrets or is_secret(prop, shape.type):
                        side[prop] = replace(shape, secret=True)
            self.built.types[name] = write_sides(entry.inputs, entry.outputs)
            unmapped = [prop for prop, shape in entry.inputs.items() if shape.guessed]
            if unmapped:
                self.built.unmapped[f"{self.module.name}:#{name}"] = unmapped
        for table in (self.built.resources, self.built.functions, self.built.types):
            for value in table.values():
                rename_references(value, names)

    def _keep_used_enums(self) -> None:
        text = repr((self.built.resources, self.built.types, self.built.functions))
        used = set(re.findall(r"\$(\w+)", text))
        enums = self.module.enums
        self.built.enums = {name: values for name, values in enums.items() if name in used}


def is_secret(name: str, kind: Type) -> bool:
    """Tell whether a value must be shown as secret."""
    return kind.kind in {"str", "any"} and bool(reviewed.SECRET_NAME.search(name))
