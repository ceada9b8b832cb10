"""Puts together all that is known of one azure-native module, ready to be written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from emulator.pulumi_provider.grammar import Shape, Type
from tools.shapes import reviewed
from tools.shapes.functions import FunctionMatch, match_function
from tools.shapes.mapping import NOTHING, Body, Mapper
from tools.shapes.matching import PLACEHOLDER, Match, match_resource, singular
from tools.shapes.native import Function, Module, Resource
from tools.shapes.packages import packages_of

Entry = dict[str, object]


@dataclass
class Built:
    """One module's data, and what could not be settled."""

    resources: dict[str, Entry] = field(default_factory=dict)
    functions: dict[str, Entry] = field(default_factory=dict)
    types: dict[str, Entry] = field(default_factory=dict)
    enums: dict[str, list[str]] = field(default_factory=dict)
    unmapped: dict[str, list[str]] = field(default_factory=dict)


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
        names = merge_equal(self.mapper)
        self._write_types(names)
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
        in_path = {name.split(":")[0] for name in re.findall(r"\{([\w:]+)\}", path)}
        inputs = self.mapper.properties(resource.inputs, *bodies, top=resource.name)
        outputs = self.mapper.properties(resource.outputs, *reversed(bodies), top=resource.name)
        for name, shape in inputs.items():
            inputs[name] = self._refine(key, name, shape, name in in_path)
        outputs.pop("azureApiVersion", None)
        outputs.pop("id", None)
        for name, shape in outputs.items():
            outputs[name] = replace(shape, secret=is_secret(name, shape.type))
        children = self._children(key, path, inputs)
        inputs |= {name: replace(inputs[name], children=True) for name in children}
        unmapped = [name for name, shape in inputs.items() if shape.guessed and not shape.in_path]
        if unmapped and match:
            self.built.unmapped[key] = unmapped
        entry: Entry = {"path": path, "version": resource.version}
        if match is None and key not in reviewed.PATHS:
            entry["unverified"] = True
        if key in reviewed.NOT_ARM:
            entry["notArm"] = True
        if match and match.operation.method != "PUT":
            entry["method"] = match.operation.method
        if key in reviewed.SINGLETONS or is_singleton(path, match):
            entry["singleton"] = True
        if key in reviewed.NAMES:
            entry["name"] = list(reviewed.NAMES[key])
        if key in reviewed.DEFAULTS:
            entry["default"] = reviewed.DEFAULTS[key]
        deep = [text for text in reviewed.IMMUTABLE.get(key, ()) if "." in text]
        if deep:
            entry["immutable"] = deep
        return entry | write_sides(inputs, outputs)

    def _refine(self, key: str, name: str, shape: Shape, in_path: bool) -> Shape:
        if in_path:
            return Shape(shape.type, (), required=shape.required, in_path=True)
        wire = reviewed.WIRES.get(key, {}).get(name)
        if wire == "":
            return Shape(shape.type, required=shape.required, in_path=True)
        if wire is not None:
            shape = replace(shape, wire=tuple(wire.split("/")), guessed=False)
        immutable = name in reviewed.IMMUTABLE.get(key, ()) or name == "location" or shape.replaces
        # a tag or identity can always be set again, whatever a create-only model says
        immutable = immutable and name not in {"tags", "identity"}
        return replace(shape, replaces=immutable, secret=is_secret(name, shape.type))

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
            needed = {name.split(":")[0] for name in re.findall(r"\{([\w:]+)\}", path)}
            if needed - {"subscriptionId"} <= set(function.inputs) | defaults(path):
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
            used = {name.split(":")[0] for name in PLACEHOLDER.findall(found.path)}
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
        self.built.enums = {
            name: values for name, values in self.module.enums.items() if name in used
        }


def read_model(match: Match) -> str:
    """Return the model that GET on the same path answers with."""
    return next(
        (
            other.answer
            for other in match.package.operations
            if other.method == "GET"
            and other.answer
            and fold(other.path) == fold(match.operation.path)
        ),
        "",
    )


def is_singleton(path: str, match: Match | None) -> bool:
    """Tell whether a resource always exists: its name is fixed and nothing deletes it."""
    if match is None:
        return path.endswith("/default") or path.endswith(":default}")
    fixed = not path.rsplit("/", 1)[-1].startswith("{") or ":" in path.rsplit("/", 1)[-1]
    return fixed and not any(
        other.method == "DELETE" and fold(other.path) == fold(match.operation.path)
        for other in match.package.operations
    )


def fold(path: str) -> str:
    """Make two spellings of one URL equal."""
    return PLACEHOLDER.sub("{}", re.sub(r":\w+\}", "}", "/" + path.strip("/"))).lower()


def defaults(path: str) -> set[str]:
    """Return the inputs of a path that have a value of their own."""
    return {
        name
        for name, _, value in (item.partition(":") for item in re.findall(r"\{([\w:]+)\}", path))
        if value
    }


def guess_path(module: str, resource: Resource) -> str:
    """Guess the path of a type no package knows: parents first, the type's own name last."""
    names = [
        name
        for name, prop in resource.inputs.items()
        if prop.type.kind == "str" and name.endswith("Name")
    ]
    own = next(
        (
            n
            for n in reversed(names)
            if singular(n.removesuffix("Name").lower()) in resource.name.lower()
            and not resource.inputs[n].required
        ),
        None,
    )
    own = own or next(
        (n for n in names if not resource.inputs[n].required and n != "resourceGroupName"), ""
    )
    parents = [
        n for n in names if n not in {own, "resourceGroupName"} and resource.inputs[n].required
    ]
    scope = "/{scope}" if "scope" in resource.inputs else "/subscriptions/{subscriptionId}"
    if "resourceGroupName" in resource.inputs:
        scope += "/resourceGroups/{resourceGroupName}"
    steps = "".join(f"/{plural(n.removesuffix('Name'))}/{{{n}}}" for n in parents)
    kind = plural(resource.name[:1].lower() + resource.name[1:])
    last = f"{{{own}}}" if own else "default"
    return f"{scope}/providers/Microsoft.{module[:1].upper()}{module[1:]}{steps}/{kind}/{last}"


def plural(word: str) -> str:
    """`policy` becomes `policies`."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch")) else "s")


def is_secret(name: str, kind: Type) -> bool:
    """Tell whether a value must be shown as secret."""
    return kind.kind in {"str", "any"} and bool(reviewed.SECRET_NAME.search(name))


def write_sides(inputs: dict[str, Shape], outputs: dict[str, Shape]) -> Entry:
    """Write the inputs, and of the outputs only what differs."""
    entry: Entry = {}
    written: dict[str, str] = {}
    differing: dict[str, str] = {}
    for name, shape in inputs.items():
        written[name] = str(replace(shape, write_only=name not in outputs))
    for name, shape in outputs.items():
        plain = replace(shape, required=False, replaces=False)
        twin = inputs.get(name)
        same = twin and replace(twin, required=False, replaces=False, children=False) == plain
        if not same:
            differing[name] = str(plain)
    if written:
        entry["in"] = written
    if differing:
        entry["out"] = differing
    return entry


REFERENCE = re.compile(r"(?<!')#([\w.]+)")  # not the constants that begin with a hash


def rename_references(entry: Entry, names: dict[str, str]) -> None:
    """Point references at the type that stands for all equal ones."""
    for side in ("in", "out"):
        table = entry.get(side)
        if isinstance(table, dict):
            for prop, text in table.items():
                table[prop] = REFERENCE.sub(lambda found: "#" + names[found[1]], text)


def merge_equal(mapper: Mapper) -> dict[str, str]:
    """Map each written type to the first equal one: most pairs of a native type look the same."""
    entries = dict(mapper.pairs.values())
    first: dict[str, str] = {name: entry.base for name, entry in entries.items()}
    while True:
        groups: dict[tuple[str, str], str] = {}
        new: dict[str, str] = {}
        for name, entry in entries.items():
            text = repr(write_sides(entry.inputs, entry.outputs))
            signature = REFERENCE.sub(lambda found: "#" + first[found[1]], text)
            new[name] = groups.setdefault((first[name], signature), name)
        if len(set(new.values())) == len(set(first.values())):
            return new
        first = new
