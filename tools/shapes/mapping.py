"""Pairs azure-native's types with Microsoft's models, property by property, all the way down."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from shapes.grammar import ANY, Shape, Type
from tools.shapes.arm_models import SCALAR, Field, Models, WireType, reachable
from tools.shapes.native import Module, Property

Path = tuple[str, ...]
Pair = tuple[str, str, str]  # native type, package, model

ENVELOPE = frozenset(
    {
        "location",
        "tags",
        "sku",
        "identity",
        "kind",
        "plan",
        "zones",
        "extendedLocation",
        "etag",
        "eTag",
        "managedBy",
        "managedByExtended",
        "scale",
        "placement",
        "systemData",
        "name",
        "type",
        "id",
    }
)


def norm(name: str) -> str:
    """Strip what the generators of names disagree about: `i_p_address` and `ipAddress`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@dataclass
class TypeEntry:
    """A nested type, seen from the program (inputs) and from the service (outputs)."""

    base: str
    inputs: dict[str, Shape] = field(default_factory=dict)
    outputs: dict[str, Shape] = field(default_factory=dict)


@dataclass
class Body:
    """The model behind a native type, if one is known."""

    models: Models | None = None
    model: str = ""

    @property
    def known(self) -> bool:
        """Whether there is a model to read."""
        return self.models is not None and self.model in self.models


NOTHING = Body()


class Mapper:
    """Maps the types of one azure-native module; remembers each pair it has met."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.pairs: dict[Pair, tuple[str, TypeEntry]] = {}
        self._names: dict[str, int] = {}

    def pair(self, base: str, body: Body) -> str:
        """Return the name under which this pairing of a native type and a model is written."""
        key = (base, body.models.name, body.model) if body.models and body.known else (base, "", "")
        if key not in self.pairs:
            count = self._names[base] = self._names.get(base, 0) + 1
            name = base if count == 1 else f"{base}.{count}"
            entry = TypeEntry(base)
            self.pairs[key] = (name, entry)
            entry.inputs = self.properties(self.module.inputs.get(base, {}), body)
            entry.outputs = self.properties(self.module.outputs.get(base, {}), body)
        return self.pairs[key][0]

    def properties(
        self, props: dict[str, Property], *bodies: Body, top: str = ""
    ) -> dict[str, Shape]:
        """Map properties; `top` names the resource when they are its own."""
        wires = [
            (body.models, list(reachable(body.models, body.model)))
            for body in bodies
            if body.models and body.known
        ]
        result: dict[str, Shape] = {}
        for prop in props.values():
            found = next(
                ((models, hit) for models, wire in wires if (hit := find(prop, wire, top))), None
            )
            if found is None:
                kind, _ = self.retype(prop.type, SCALAR, None)
                wire = envelope(prop) if top else (prop.name,)
                result[prop.name] = self._shape(prop, kind, wire, guessed=bool(wires))
                continue
            models, (path, item) = found
            kind, keys = self.retype(prop.type, item.type, models)
            shape = self._shape(prop, kind, path, keys_of_map=keys)
            result[prop.name] = replace(shape, replaces=item.create_only)
        return result

    def _shape(
        self,
        prop: Property,
        kind: Type,
        wire: Path,
        *,
        guessed: bool = False,
        keys_of_map: bool = False,
    ) -> Shape:
        short = () if wire == (prop.name,) else wire
        return Shape(kind, short, required=prop.required, guessed=guessed, keys_of_map=keys_of_map)

    def retype(self, kind: Type, wire: WireType, models: Models | None) -> tuple[Type, bool]:
        """Rewrite the objects in a type to the pairs they form; tell if a list is a map's keys."""
        match kind.kind:
            case "enum" if kind.name not in self.module.enums:
                known = kind.name in self.module.inputs or kind.name in self.module.outputs
                return (
                    self.retype(Type("object", kind.name), wire, models) if known else (ANY, False)
                )
            case "object":
                if kind.name not in self.module.inputs and kind.name not in self.module.outputs:
                    return ANY, False
                if models and wire.kind == "model" and wire.model in models:
                    model = self.subtype(kind.name, models, wire.model)
                    return Type("object", self.pair(kind.name, Body(models, model))), False
                return Type("object", self.pair(kind.name, NOTHING)), False
            case "list" | "map":
                inner = kind.items[0]
                keys = kind.kind == "list" and inner.kind == "str" and wire.kind == "map"
                item = wire.item if wire.item and wire.kind == kind.kind else SCALAR
                return replace(kind, items=(self.retype(inner, item, models)[0],)), keys
            case "union":
                return replace(
                    kind, items=tuple(self.retype(item, wire, models)[0] for item in kind.items)
                ), False
        return kind, False

    def subtype(self, base: str, models: Models, model: str) -> str:
        """Choose the model that a native type stands for when the wire has several."""
        subs = models.subtypes(model)
        if not subs:
            return model
        sides = (self.module.inputs.get(base, {}), self.module.outputs.get(base, {}))
        constants = {
            norm(p.type.name) for side in sides for p in side.values() if p.type.kind == "const"
        }
        by_value = [sub for value, sub in subs.items() if norm(value) in constants]
        by_name = [sub for sub in subs.values() if norm(sub) == norm(base)]
        return next(
            iter(by_name if by_name and (not by_value or by_name[0] in by_value) else by_value),
            model,
        )


def find(
    prop: Property, wire: list[tuple[Path, Field]], top: str = ""
) -> tuple[Path, Field] | None:
    """Find where a property stands; nearest level first, the client's name before the wire's."""
    names = {norm(prop.name), norm(prop.python)}
    depths = sorted({len(path) for path, _ in wire})
    hits = [
        (path, item)
        for depth in depths
        for attribute in ("client", "wire")
        for path, item in wire
        if len(path) == depth and norm(getattr(item, attribute)) in names
    ]
    if (
        not hits
        and top
        and prop.type.kind in {"object", "union"}
        and norm(prop.name).endswith("properties")
    ):
        hits = [(path, item) for path, item in wire if path == ("properties",)]
    fitting = [hit for hit in hits if fits(prop.type, hit[1].type)]
    return next(iter(fitting or hits), None)


def fits(kind: Type, wire: WireType) -> bool:
    """Tell whether a native type can stand for a wire type."""
    match kind.kind:
        case "object" | "union":
            return wire.kind == "model"
        case "list":
            return wire.kind in {"list", "map"}
        case "map":
            return wire.kind in {"map", "model"}
        case "any":
            return True
    return wire.kind == "scalar"


def envelope(prop: Property) -> Path:
    """Say where a property usually stands when no model tells."""
    if prop.name in ENVELOPE:
        return (prop.name,)
    if prop.name == "properties" or (
        norm(prop.name).endswith("properties") and prop.type.kind in {"object", "union"}
    ):
        return ("properties",)
    return ("properties", prop.name)


def settle(shapes: dict[str, Shape]) -> dict[str, Shape]:
    """Undo what cannot be: one property that is all of `properties`, and others inside it."""
    placed = {name: shape for name, shape in shapes.items() if not shape.in_path}
    holders = {name for name, shape in placed.items() if (shape.wire or (name,)) == ("properties",)}
    inside = {n for n, s in placed.items() if len(s.wire) > 1 and s.wire[0] == "properties"}
    if not holders or not (inside or len(holders) > 1):
        return shapes
    if holders == {"properties"}:
        return shapes | {name: replace(shapes[name], wire=()) for name in inside}
    moved = holders - {"properties"}
    return shapes | {name: replace(shapes[name], wire=("properties", name)) for name in moved}
