"""Reads Microsoft's azure-mgmt models: which property stands where in the body that ARM sees."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MSREST_KEY = re.compile(r"(?<!\\)\.")  # `properties.a` is nested, `odata\.type` is one name


@dataclass(frozen=True)
class WireType:
    """What a field holds: `scalar`, `list`, `map`, or `model` with its name."""

    kind: str
    model: str = ""
    item: WireType | None = None


SCALAR = WireType("scalar")


@dataclass
class Field:
    """One property of a body."""

    wire: str
    client: str
    type: WireType = SCALAR
    read_only: bool = False
    create_only: bool = False
    flattened: bool = False  # its own properties are shown one level up by the client


@dataclass
class Model:
    """One object of a body."""

    name: str
    bases: tuple[str, ...] = ()
    own: dict[str, Field] = field(default_factory=dict)
    flattened: frozenset[str] = frozenset()
    discriminator: str = ""  # the value that selects this model
    subtypes: dict[str, str] = field(default_factory=dict)


class Models:
    """All models of one package version."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.models: dict[str, Model] = {}
        self._fields: dict[str, dict[str, Field]] = {}
        for path in sorted((folder / "models").glob("_models*.py")):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef):
                    self._read(node)
        for model in list(self.models.values()):
            for base in model.bases if model.discriminator else ():
                if base in self.models:
                    self.models[base].subtypes.setdefault(model.discriminator, model.name)

    def __contains__(self, name: str) -> bool:
        return name in self.models

    def fields(self, name: str) -> dict[str, Field]:
        """Return a model's fields, inherited ones first, by wire name."""
        if name not in self._fields:
            model = self.models[name]
            merged: dict[str, Field] = {}
            for base in model.bases:
                if base in self.models:
                    merged |= self.fields(base)
            self._fields[name] = merged | model.own
        return self._fields[name]

    def is_flattened(self, owner: str, item: Field) -> bool:
        """Tell whether clients show the properties of this field as the owner's own."""
        if item.flattened or item.wire == "properties":
            return True
        inner = {sub.client for sub in self.fields(item.type.model).values()}
        # all of them: single names such as `parameters` stand in many places
        return any(names <= inner for names in self._flattened(owner))

    def _flattened(self, name: str) -> list[frozenset[str]]:
        model = self.models[name]
        above = [names for b in model.bases if b in self.models for names in self._flattened(b)]
        return [model.flattened, *above] if model.flattened else above

    def subtypes(self, name: str) -> dict[str, str]:
        """Return every model that may stand in place of this one, by discriminator value."""
        found: dict[str, str] = {}
        for value, sub in self.models[name].subtypes.items():
            if sub in self.models and sub != name:
                found |= {value: sub} | self.subtypes(sub)
        return found

    def _read(self, node: ast.ClassDef) -> None:
        # some packages call a class like the base they take from elsewhere
        bases = tuple(name for base in node.bases if (name := _last(base)) != node.name)
        model = Model(node.name, bases)
        for keyword in node.keywords:
            if keyword.arg == "discriminator" and isinstance(keyword.value, ast.Constant):
                model.discriminator = str(keyword.value.value)
        read_only: set[str] = set()
        for item in node.body:
            match item:
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call() as call):
                    if _last(call.func) in {"rest_field", "rest_discriminator"}:
                        found = _rest_field(name, item.annotation, call)
                        model.own[found.wire] = found
                case ast.Assign(targets=[ast.Name(id=name)]):
                    self._assign(model, name, item.value, read_only)
        self.models[node.name] = model
        if read_only:
            self._mark(model, read_only)

    def _assign(self, model: Model, name: str, value: ast.expr, read_only: set[str]) -> None:
        if name.endswith("__flattened_items"):
            model.flattened = frozenset(ast.literal_eval(value))
        elif name == "_validation":
            rules: dict[str, dict[str, object]] = ast.literal_eval(value)
            read_only |= {client for client, rule in rules.items() if rule.get("readonly")}
        elif name == "_subtype_map":
            for values in ast.literal_eval(value).values():
                model.subtypes |= values
        elif name == "_attribute_map":
            for client, spec in ast.literal_eval(value).items():
                parts = [part.replace("\\.", ".") for part in MSREST_KEY.split(spec["key"])]
                self._place(model, parts, Field(parts[-1], client, msrest_type(spec["type"])))

    def _place(self, model: Model, parts: list[str], leaf: Field) -> None:
        """Put a field that msrest shows flattened under a container of its own."""
        if len(parts) == 1:
            model.own[leaf.wire] = leaf
            return
        name = f"{model.name}/{parts[0]}"
        inner = self.models.setdefault(name, Model(name))
        model.own.setdefault(
            parts[0], Field(parts[0], parts[0], WireType("model", name), flattened=True)
        )
        self._place(inner, parts[1:], leaf)

    def _mark(self, model: Model, read_only: set[str]) -> None:
        for item in model.own.values():
            if item.client in read_only:
                item.read_only = True
            if item.type.kind == "model" and item.type.model.startswith(f"{model.name}/"):
                self._mark(self.models[item.type.model], read_only)


def _rest_field(name: str, annotation: ast.expr, call: ast.Call) -> Field:
    wire, visibility = name, ()
    for keyword in call.keywords:
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
            wire = str(keyword.value.value)
        elif keyword.arg == "visibility":
            visibility = ast.literal_eval(keyword.value)
    return Field(
        wire,
        name,
        annotation_type(annotation),
        read_only=tuple(visibility) == ("read",),
        create_only="create" in visibility and "update" not in visibility,
    )


def annotation_type(node: ast.expr) -> WireType:
    """Read `Optional[list["_models.X"]]` and its like."""
    match node:
        case ast.Constant(value=str() as text):
            return annotation_type(ast.parse(text, mode="eval").body)
        case ast.Subscript(value=head, slice=inside):
            parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
            name = _last(head).lower()
            if name == "optional":
                return annotation_type(parts[0])
            if name in {"list", "sequence"}:
                return WireType("list", item=annotation_type(parts[0]))
            if name in {"dict", "mapping"}:
                return WireType("map", item=annotation_type(parts[1]))
            if name == "union":
                kinds = [annotation_type(part) for part in parts]
                return next((kind for kind in kinds if kind.kind != "scalar"), SCALAR)
        case ast.Attribute(value=ast.Name() | ast.Attribute() as owner, attr=name):
            if _last(owner).endswith("models"):
                return WireType("model", name)
    return SCALAR


def msrest_type(text: str) -> WireType:
    """Read `[{str}]`, `{VirtualNetwork}` and their like."""
    if text.startswith("["):
        return WireType("list", item=msrest_type(text[1:-1]))
    if text.startswith("{"):
        return WireType("map", item=msrest_type(text[1:-1]))
    return WireType("model", text) if text[:1].isupper() else SCALAR


def _last(node: ast.expr) -> str:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case ast.Constant(value=str() as text):
            return text.rsplit(".", 1)[-1]
    return ""


def reachable(models: Models, name: str, depth: int = 3) -> Iterator[tuple[tuple[str, ...], Field]]:
    """Yield the fields of a body by level: its own, then those under what clients flatten."""
    level: list[tuple[tuple[str, ...], str]] = [((), name)]
    seen: set[str] = set()
    for _ in range(depth + 1):
        below: list[tuple[tuple[str, ...], str]] = []
        for path, model in level:
            if model in seen or model not in models:
                continue
            seen.add(model)
            for item in models.fields(model).values():
                here = (*path, item.wire)
                yield here, item
                if (
                    item.type.kind == "model"
                    and item.type.model in models
                    and models.is_flattened(model, item)
                ):
                    below.append((here, item.type.model))
                    below += [(here, sub) for sub in models.subtypes(item.type.model).values()]
        level = below
