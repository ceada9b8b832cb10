"""Finds mistakes in a resource's inputs before anything is created, each with its property path."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from emulator.pulumi_provider.values import Secret, Unknown, Value, has_unknown
from shapes.catalog import FunctionShape, ModuleShapes, ResourceShape, Shapes
from shapes.convert import choose
from shapes.grammar import Shape, Type

FEW = 8
SMALL_ENUM = 40  # longer lists (VM sizes, regions) grow faster than any SDK
SLIP = 6  # letters that a slip adds or drops at most


@dataclass(frozen=True)
class Failure:
    """One mistake."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def check(inputs: Mapping[str, Value], shape: ResourceShape) -> list[Failure]:
    """Return all mistakes in a resource's inputs; values that are not known yet pass."""
    checker = _Checker(shape.module)
    failures = list(checker.properties("", inputs, shape.inputs, shape.token))
    name = inputs.get(shape.path.last_input)
    if shape.name_rule and isinstance(name, str) and not re.fullmatch(shape.name_rule[0], name):
        failures.append(
            Failure(
                shape.path.last_input,
                f"{name!r} is not a name Azure takes; give {shape.name_rule[1]}",
            )
        )
    return failures


def check_arguments(arguments: Mapping[str, Value], shape: FunctionShape) -> list[Failure]:
    """Return all mistakes in a function's arguments."""
    return list(_Checker(shape.module).properties("", arguments, shape.inputs, shape.token))


class _Checker:
    def __init__(self, module: ModuleShapes) -> None:
        self.module = module

    def properties(
        self, at: str, values: Mapping[str, Value], shapes: Shapes, owner: str
    ) -> Iterator[Failure]:
        for name, value in values.items():
            shape = shapes.get(name)
            if shape is not None:
                yield from self.value(_join(at, name), value, shape)
            elif value is not None:
                yield Failure(
                    _join(at, name), f"not a property of {owner}{_did_you_mean(name, list(shapes))}"
                )
        for name, shape in shapes.items():
            if shape.required and values.get(name) is None and shape.type.kind != "const":
                yield Failure(
                    _join(at, name),
                    f"required by {owner} but missing; want {self.describe(shape.type)}",
                )

    def value(self, at: str, value: Value, shape: Shape) -> Iterator[Failure]:
        yield from self.typed(at, value, shape.type)

    def typed(self, at: str, value: Value, kind: Type) -> Iterator[Failure]:
        value = value.value if isinstance(value, Secret) else value
        if value is None or isinstance(value, Unknown) or kind.kind in {"any", "asset"}:
            return
        match value:
            case list() if kind.kind == "list":
                for index, item in enumerate(value):
                    yield from self.typed(f"{at}[{index}]", item, kind.items[0])
            case dict() if kind.kind == "map":
                for key, item in value.items():
                    yield from self.typed(_join(at, key), item, kind.items[0])
            case dict() if kind.kind == "object":
                yield from self.properties(at, value, self.module.inputs(kind.name), kind.name)
            case dict() if kind.kind == "union":
                yield from self.union(at, value, kind)
            case str() if kind.kind in {"enum", "const"}:
                yield from self.word(at, value, kind)
            case _ if not _is_scalar(value, kind.kind):
                yield Failure(at, f"found {_found(value)}, want {self.describe(kind)}")

    def union(self, at: str, value: dict[str, Value], kind: Type) -> Iterator[Failure]:
        choices: dict[str, list[str]] = {}
        for member in kind.items:
            for name, shape in self.module.inputs(member.name).items():
                if shape.type.kind == "const":
                    choices.setdefault(name, []).append(shape.type.name)
        for name, allowed in choices.items():
            given = value.get(name)
            if isinstance(given, str) and given.lower() not in {item.lower() for item in allowed}:
                yield Failure(
                    _join(at, name), f"{given!r} is not one of {', '.join(sorted(allowed))}"
                )
                return
        if not has_unknown(value.get(next(iter(choices), ""))):
            member = choose(value, kind, self.module)
            yield from self.properties(at, value, self.module.inputs(member.name), member.name)

    def word(self, at: str, value: str, kind: Type) -> Iterator[Failure]:
        if kind.kind == "const":
            if value.lower() != kind.name.lower():
                yield Failure(at, f"{value!r} is not {kind.name!r}")
            return
        allowed = self.module.enum(kind.name)
        if not allowed or value in allowed:
            return
        if kind.open and not _is_slip(value, allowed):
            return
        found = f"{value!r} is not one of {', '.join(allowed)}"
        yield Failure(at, found + _did_you_mean(value, allowed))

    def describe(self, kind: Type) -> str:
        match kind.kind:
            case "enum":
                return "one of " + ", ".join(self.module.enum(kind.name))
            case "list":
                return "a list, each item " + self.describe(kind.items[0])
            case "map":
                return "a map"
            case "object":
                return f"an object ({kind.name})"
            case "union":
                return "one of the objects " + ", ".join(item.name for item in kind.items)
        return _WORDS.get(kind.kind, kind.kind)


_WORDS = {"str": "a string", "bool": "true or false", "int": "a whole number", "num": "a number"}


def _is_scalar(value: Value, kind: str) -> bool:
    match kind:
        case "str" | "enum" | "const":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "num":
            return isinstance(value, int | float) and not isinstance(value, bool)
    return False


def _found(value: Value) -> str:
    match value:
        case dict():
            return "an object"
        case list():
            return f"a list of {len(value)}"
    return repr(value)


def _is_slip(value: str, allowed: list[str]) -> bool:
    """Tell whether a value that an open enum does not list is one slip away from a listed one.

    Azure takes values that the SDK does not list yet, in any case, and several at once.
    """
    folded = {item.lower() for item in allowed}
    parts = [part.strip() for part in value.split(",")]
    if len(allowed) > SMALL_ENUM or all(part.lower() in folded for part in parts):
        return False
    near = _near(value, allowed, 0.6 if len(allowed) <= FEW else 0.8)
    # `StandardV2` and `Standard_D3s_v4` are newer than `Standard` and `Standard_D3s_v3`
    return any(
        # A slip is a few letters; `Microsoft-ContainerInsights-Group-Default` is another stream
        # than `Microsoft-InsightsMetrics`
        abs(len(item) - len(value)) <= SLIP
        and _letters(item) != _letters(value)
        and not value.lower().startswith(item.lower())
        and not item.lower().startswith(value.lower())
        for item in near
    )


def _letters(text: str) -> str:
    return "".join(sign for sign in text.lower() if not sign.isdigit())


def _near(word: str, words: list[str], cutoff: float = 0.6) -> list[str]:
    folded = {item.lower(): item for item in words}
    return [
        folded[item] for item in difflib.get_close_matches(word.lower(), folded, n=1, cutoff=cutoff)
    ]


def _did_you_mean(word: str, words: list[str]) -> str:
    return "".join(f"; did you mean {item!r}?" for item in _near(word, words) if item != word)


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
