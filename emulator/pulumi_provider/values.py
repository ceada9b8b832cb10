"""Property values between the engine's wire form and Python: secrets and unknowns survive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from google.protobuf import struct_pb2

from shapes.values import UNKNOWN, UNKNOWN_TEXT, Properties, Secret, Unknown, Value

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the engine's marker, not a secret
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

__all__ = ["UNKNOWN", "Path", "Properties", "Secret", "Unknown", "Value"]

Path: TypeAlias = "tuple[str | int, ...]"


def decode(struct: struct_pb2.Struct) -> Properties:
    """Read the engine's properties."""
    return {name: _decode(value) for name, value in struct.fields.items()}


def _decode(value: struct_pb2.Value) -> Value:
    match value.WhichOneof("kind"):
        case "string_value":
            text = value.string_value
            return UNKNOWN if text == UNKNOWN_TEXT else text
        case "bool_value":
            return value.bool_value
        case "number_value":
            number = value.number_value
            return int(number) if number == int(number) else number
        case "list_value":
            return [_decode(item) for item in value.list_value.values]
        case "struct_value":
            fields = value.struct_value.fields
            sign = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
            if sign == SECRET:
                return Secret(_decode(fields["value"]))
            if sign == OUTPUT:
                inner = _decode(fields["value"]) if "value" in fields else UNKNOWN
                return Secret(inner) if fields["secret"].bool_value else inner
            return decode(value.struct_value)
    return None


def encode(properties: Mapping[str, Value]) -> struct_pb2.Struct:
    """Write properties for the engine."""
    struct = struct_pb2.Struct()
    for name, value in properties.items():
        _encode(value, struct.fields[name])
    return struct


def _encode(value: Value, target: struct_pb2.Value) -> None:  # noqa: C901 - one case a kind
    match value:
        case None:
            target.null_value = struct_pb2.NULL_VALUE
        case Unknown():
            target.string_value = UNKNOWN_TEXT
        case bool():
            target.bool_value = value
        case int() | float():
            target.number_value = value
        case str():
            target.string_value = value
        case Secret(inner):
            target.struct_value.fields[SIGNATURE].string_value = SECRET
            _encode(inner, target.struct_value.fields["value"])
        case list():
            target.list_value.SetInParent()
            for item in value:
                _encode(item, target.list_value.values.add())
        case dict():
            target.struct_value.SetInParent()
            for name, item in value.items():
                _encode(item, target.struct_value.fields[name])


def plain(value: Value) -> Value:
    """Return the value without its secret wrappers."""
    match value:
        case Secret(inner):
            return plain(inner)
        case list():
            return [plain(item) for item in value]
        case dict():
            return {name: plain(item) for name, item in value.items()}
    return value


def plain_properties(properties: Mapping[str, Value]) -> Properties:
    """Return properties without secret wrappers."""
    return {name: plain(value) for name, value in properties.items()}


def secret_paths(value: Value, here: Path = ()) -> Iterator[Path]:
    """Yield where the secrets stand."""
    match value:
        case Secret():
            yield here
        case list():
            for index, item in enumerate(value):
                yield from secret_paths(item, (*here, index))
        case dict():
            for name, item in value.items():
                yield from secret_paths(item, (*here, name))


def mark(value: Value, paths: list[Path]) -> Value:
    """Wrap what stands at the given paths as secret again."""
    if () in paths:
        return value if isinstance(value, Secret) else Secret(value)
    match value:
        case list():
            return [mark(item, _below(paths, index)) for index, item in enumerate(value)]
        case dict():
            return {name: mark(item, _below(paths, name)) for name, item in value.items()}
    return value


def _below(paths: list[Path], step: str | int) -> list[Path]:
    return [path[1:] for path in paths if path and path[0] == step]


def has_unknown(value: Value) -> bool:
    """Tell whether any part is not known yet."""
    match value:
        case Unknown():
            return True
        case Secret(inner):
            return has_unknown(inner)
        case list():
            return any(has_unknown(item) for item in value)
        case dict():
            return any(has_unknown(item) for item in value.values())
    return False
