"""What a resource shows the program: outputs from ARM's answer, and inputs read back from it."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.pulumi_provider.compare import pair_items, same
from emulator.pulumi_provider.values import (
    UNKNOWN,
    Path,
    Properties,
    Secret,
    Unknown,
    Value,
    mark,
    plain,
    secret_paths,
)
from shapes.catalog import ModuleShapes, ResourceShape, Shapes
from shapes.convert import choose, from_body
from shapes.grammar import Shape, Type


def outputs_of(
    body: Mapping[str, object], shape: ResourceShape, inputs: Mapping[str, Value]
) -> Properties:
    """Return a resource's outputs; what the program gave as secret stays secret."""
    outputs = from_body(body, shape.outputs, shape.module)
    outputs["azureApiVersion"] = shape.version
    for name, known in shape.inputs.items():
        # services do not show secrets again; the program may still read what it gave
        if known.secret and name in inputs and name not in outputs and not known.in_path:
            outputs[name] = plain(inputs[name])
    outputs = hide(outputs, shape.outputs, shape.module)
    return _marked(outputs, inputs)


def hide(properties: Properties, shapes: Shapes, module: ModuleShapes) -> Properties:
    """Wrap as secret what the shapes say is secret."""
    return {
        name: _hide(value, shapes[name], module) if name in shapes else value
        for name, value in properties.items()
    }


def _hide(value: Value, shape: Shape, module: ModuleShapes) -> Value:
    if shape.secret and value is not None:
        return value if isinstance(value, Secret | Unknown) else Secret(value)
    return _hide_inside(value, shape.type, module)


def _hide_inside(value: Value, kind: Type, module: ModuleShapes) -> Value:
    match kind.kind, value:
        case (("list" | "map"), list()):
            return [_hide_inside(item, kind.items[0], module) for item in value]
        case "map", dict():
            return {key: _hide_inside(item, kind.items[0], module) for key, item in value.items()}
        case (("object" | "union"), dict()):
            member = choose(value, kind, module)
            return hide(value, module.outputs(member.name), module)
    return value


def _marked(outputs: Properties, inputs: Mapping[str, Value]) -> Properties:
    paths: list[Path] = [
        path for name, value in inputs.items() for path in secret_paths(value, (name,))
    ]
    marked = mark(outputs, paths) if paths else outputs
    return marked if isinstance(marked, dict) else outputs


def expected_outputs(
    shape: ResourceShape, inputs: Mapping[str, Value], known: Mapping[str, Value]
) -> Properties:
    """Return what can be said of the outputs before anything is made; the rest is unknown.

    `known` holds outputs that will not change (those of the resource that is updated).
    """
    outputs: Properties = {}
    for name, output in shape.outputs.items():
        if name in inputs and name in shape.inputs and inputs[name] is not None:
            outputs[name] = _expected(inputs[name], shape.inputs[name].type, output, shape.module)
        else:
            outputs[name] = known.get(name, UNKNOWN)
    name = inputs.get(shape.path.last_input)
    if "name" not in inputs:
        outputs["name"] = known.get("name", UNKNOWN if name is None else name)
    if "type" not in inputs:
        outputs["type"] = known.get("type", shape.arm_type)
    outputs["azureApiVersion"] = shape.version
    return _marked(hide(outputs, shape.outputs, shape.module), inputs)


def _expected(value: Value, kind: Type, output: Shape, module: ModuleShapes) -> Value:
    if output.type.kind not in {kind.kind, "str"}:
        return UNKNOWN  # a list of identities goes in, a map of principals comes out
    return _fill(value, kind, module)


def _fill(value: Value, kind: Type, module: ModuleShapes) -> Value:
    match kind.kind, value:
        case _, Secret(inner):
            return Secret(_fill(inner, kind, module))
        case "list", list():
            return [_fill(item, kind.items[0], module) for item in value]
        case "map", dict():
            return {key: _fill(item, kind.items[0], module) for key, item in value.items()}
        case (("object" | "union"), dict()):
            member = choose(value, kind, module)
            inputs, outputs = module.inputs(member.name), module.outputs(member.name)
            filled: Properties = {}
            for name, shape in outputs.items():
                if value.get(name) is not None and name in inputs:
                    filled[name] = _expected(value[name], inputs[name].type, shape, module)
                else:
                    filled[name] = UNKNOWN
            return filled
    return value


def imported_inputs(arm_id: str, body: Mapping[str, object], shape: ResourceShape) -> Properties:
    """Return the inputs with which a program would describe an existing resource."""
    inputs = from_body(body, shape.inputs, shape.module, inputs=True)
    inputs = {name: value for name, value in inputs.items() if value not in ({}, [], "")}
    path = shape.path.read(arm_id) or {}
    return {**inputs, **{name: value for name, value in path.items() if name in shape.inputs}}


def refreshed_inputs(
    old: Mapping[str, Value], arm_id: str, body: Mapping[str, object], shape: ResourceShape
) -> Properties:
    """Return the inputs as Azure has them now: only what the program set, drift included."""
    actual = from_body(body, shape.inputs, shape.module, inputs=True)
    path = shape.path.read(arm_id) or {}
    result: Properties = {}
    for name, value in old.items():
        known = shape.inputs.get(name)
        if known is None or known.in_path:
            given = path.get(name)
            keep = given is None or same(value, given, Type("str"), shape.module, "id")
            result[name] = value if keep else given
        else:
            merged = _merge(value, actual.get(name), known, shape.module, name)
            if merged is not None:
                result[name] = merged
    return result


def _merge(old: Value, actual: Value, shape: Shape, module: ModuleShapes, name: str) -> Value:
    if isinstance(old, Secret):
        inner = _merge(old.value, actual, shape, module, name)
        return None if inner is None else Secret(inner)
    if actual is None:
        # not shown: a secret, an empty collection, or taken away by someone
        empty = old in ([], {}, "", None)
        return (
            old
            if shape.secret or shape.write_only or empty or (shape.wire or ("",))[0] == "?"
            else None
        )
    return _merge_inside(old, actual, shape.type, module, name)


def _merge_inside(old: Value, actual: Value, kind: Type, module: ModuleShapes, name: str) -> Value:
    if same(old, actual, kind, module, name):
        return old
    match kind.kind, old, actual:
        case (("object" | "union"), dict(), dict()):
            member = choose(old, kind, module)
            shapes = module.inputs(member.name)
            merged: Properties = {}
            for key, value in old.items():
                inner = shapes.get(key, Shape(Type("any")))
                found = _merge(value, actual.get(key), inner, module, key)
                if found is not None:
                    merged[key] = found
            return merged
        case "any", dict(), dict() if name == "userAssignedIdentities":
            # which identities there are is the program's to say, who they are the service's
            own = {id_.lower(): id_ for id_ in old}
            known = [own.get(id_.lower(), id_) for id_ in actual]
            return {id_: old.get(id_, {}) for id_ in known}
        case "map", dict(), dict():
            # what the service adds inside an entry is no drift; an entry more or less is
            found = {
                key: _merge_inside(old[key], value, kind.items[0], module, name)
                if key in old
                else value
                for key, value in actual.items()
            }
            return {key: found[key] for key in (*[k for k in old if k in found], *found)}
        case "list", list(), list():
            return _merge_list(old, actual, kind.items[0], module, name)
    return actual


def _merge_list(
    old: list[Value], actual: list[Value], kind: Type, module: ModuleShapes, name: str
) -> list[Value]:
    ordered: list[tuple[float, Value]] = []
    for left, right in pair_items(old, actual, name):
        if right is None:
            continue
        item = actual[right]
        if left is not None:
            item = _merge_inside(old[left], item, kind, module, name)
        ordered.append((left if left is not None else len(old) + right, item))
    return [item for _, item in sorted(ordered, key=lambda pair: pair[0])]
