"""Turns a program's properties into the body that ARM takes, and ARM's answers back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from shapes.catalog import ModuleShapes, Shapes
from shapes.grammar import Shape, Type
from shapes.values import UNKNOWN_TEXT, Properties, Value

Json: TypeAlias = "str | bool | int | float | list[Json] | dict[str, Json] | None"
Body: TypeAlias = "dict[str, Json]"


def to_body(
    properties: Mapping[str, Value], shapes: Shapes, module: ModuleShapes
) -> tuple[Body, dict[str, str]]:
    """Return the ARM body and the query parameters for a program's (plain, known) properties."""
    body: Body = {}
    query: dict[str, str] = {}
    for name, shape in shapes.items():
        value = properties.get(name)
        if value is None and shape.type.kind == "const":
            value = shape.type.name
        if value is None or shape.in_path:
            continue
        wire: tuple[str, ...] = shape.wire or (name,)
        encoded: Json = _to_wire(value, shape.type, module)
        if wire[0] == "?":
            query[wire[-1]] = _query_text(encoded)
            continue
        if shape.keys_of_map and isinstance(encoded, list):
            keys: Body = {str(key): {} for key in encoded}
            encoded = keys
        _place(body, wire, encoded)
    return body, query


def _query_text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _place(body: Body, wire: tuple[str, ...], value: Json) -> None:
    for step in wire[:-1]:
        inner = body.setdefault(step, {})
        if not isinstance(inner, dict):
            msg = f"{'/'.join(wire)}: {step} already holds a plain value"
            raise TypeError(msg)
        body = inner
    present = body.get(wire[-1])
    if isinstance(present, dict) and isinstance(value, dict):
        present.update(value)
    else:
        body[wire[-1]] = value


def _to_wire(value: Value, kind: Type, module: ModuleShapes) -> Json:
    match kind.kind, value:
        case "list", list():
            return [_to_wire(item, kind.items[0], module) for item in value]
        case "map", dict():
            return {key: _to_wire(item, kind.items[0], module) for key, item in value.items()}
        case (("object" | "union"), dict()):
            return to_body(value, module.inputs(choose(value, kind, module).name), module)[0]
    return _json(value)


def _json(value: Value) -> Json:
    match value:
        case None | str() | bool() | int() | float():
            return value
        case list():
            return [_json(item) for item in value]
        case dict():
            return {name: _json(item) for name, item in value.items()}
    msg = f"{type(value).__name__} cannot be sent to Azure"
    raise TypeError(msg)


def choose(
    value: Mapping[str, object], kind: Type, module: ModuleShapes, *, wire: bool = False
) -> Type:
    """Pick the member of a union that a value is: by its constant, else by its keys."""
    if kind.kind != "union":
        return kind

    def of(member: Type) -> Shapes:
        return module.outputs(member.name) if wire else module.inputs(member.name)

    def found(name: str, shape: Shape) -> object:
        return lookup(value, shape.wire or (name,)) if wire else value.get(name)

    def constants(member: Type) -> int:
        told = [
            (at, shape.type.name)
            for name, shape in of(member).items()
            if shape.type.kind == "const" and isinstance(at := found(name, shape), str)
        ]
        return sum(1 if at.lower() == constant.lower() else -1 for at, constant in told)

    def known(member: Type) -> int:
        return sum(found(name, shape) is not None for name, shape in of(member).items())

    # Some unions have a hundred members: the keys are only looked up where no constant decides.
    told = {member: constants(member) for member in kind.items}
    best = [member for member in kind.items if told[member] == max(told.values())]
    return best[0] if len(best) == 1 else max(best, key=known)


def from_body(
    body: Mapping[str, object], shapes: Shapes, module: ModuleShapes, *, inputs: bool = False
) -> Properties:
    """Return the properties that an ARM body shows; with `inputs`, those a program would write."""
    result: Properties = {}
    for name, shape in shapes.items():
        wire = shape.wire or (name,)
        if shape.in_path or wire[0] == "?":
            continue
        found = lookup(body, wire)
        if found is not None:
            result[name] = _from_wire(found, shape, module, inputs=inputs)
    return result


def _from_wire(value: object, shape: Shape, module: ModuleShapes, *, inputs: bool) -> Value:
    if shape.keys_of_map and isinstance(value, dict):
        return list(value)
    return _from_type(value, shape.type, module, inputs=inputs)


def _from_type(value: object, kind: Type, module: ModuleShapes, *, inputs: bool) -> Value:
    match kind.kind, value:
        case "list", list():
            return [_from_type(item, kind.items[0], module, inputs=inputs) for item in value]
        case "map", dict():
            return {
                str(key): _from_type(item, kind.items[0], module, inputs=inputs)
                for key, item in value.items()
            }
        case (("object" | "union"), dict()):
            name = choose(value, kind, module, wire=True).name
            return from_body(
                value,
                module.inputs(name) if inputs else module.outputs(name),
                module,
                inputs=inputs,
            )
    return _raw(value)


def _raw(value: object) -> Value:
    match value:
        case None | str() | bool() | int() | float():
            return value
        case dict():
            return {str(name): _raw(item) for name, item in value.items()}
        case Iterable():
            return [_raw(item) for item in value]
    msg = f"{type(value).__name__} is not a JSON value"
    raise TypeError(msg)


def lookup(body: Mapping[str, object], wire: Iterable[str]) -> object:
    """Return what stands at a path; services disagree about case, so that is forgiven.

    Whatever stands in an object that is not known is not known either.
    """
    here: object = body
    for step in wire:
        # Asked a hundred times a resource: the plain question is the quick one.
        if not isinstance(here, dict | Mapping):
            return here if here == UNKNOWN_TEXT else None
        found = here.get(step)
        if found is None:
            folded = step.lower()
            found = next((item for key, item in here.items() if str(key).lower() == folded), None)
        here = found
    return here
