"""Invents inputs that a program could write for any resource type."""

from __future__ import annotations

import string

from hypothesis import strategies as st

from shapes.catalog import ModuleShapes, ResourceShape, Shapes
from shapes.grammar import Type

DEPTH = 3
WORDS = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=8)


def inputs_of(shape: ResourceShape) -> st.SearchStrategy[dict]:
    """Return inputs for a resource, its path left out."""
    return _properties(shape.inputs, shape.module, 0)


def _properties(shapes: Shapes, module: ModuleShapes, depth: int) -> st.SearchStrategy[dict]:
    must: dict[str, st.SearchStrategy] = {}
    may: dict[str, st.SearchStrategy] = {}
    for name, shape in shapes.items():
        if shape.in_path or shape.wire[:1] == ("?",) or shape.type.kind == "asset":
            continue
        value = _value(shape.type, module, depth)
        if shape.keys_of_map:
            value = st.lists(WORDS, unique=True, min_size=1, max_size=3)
        (must if shape.required or shape.type.kind == "const" else may)[name] = value
    return st.fixed_dictionaries(must, optional=may if depth < DEPTH else {})


def _value(  # noqa: PLR0911 - one return for each kind of type
    kind: Type, module: ModuleShapes, depth: int
) -> st.SearchStrategy:
    match kind.kind:
        case "bool":
            return st.booleans()
        case "int" | "num":
            return st.integers(0, 1000)
        case "enum":
            return st.sampled_from(module.enum(kind.name) or ["x"])
        case "const":
            return st.just(kind.name)
        case "list":
            return st.lists(_value(kind.items[0], module, depth + 1), max_size=2)
        case "map":
            return st.dictionaries(WORDS, _value(kind.items[0], module, depth + 1), max_size=2)
        case "object":
            return st.deferred(lambda: _properties(module.inputs(kind.name), module, depth + 1))
        case "union":
            return st.sampled_from(kind.items).flatmap(
                lambda member: _properties(module.inputs(member.name), module, depth + 1)
            )
    return WORDS
