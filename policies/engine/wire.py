"""Property trees as the engine sends them: read once per resource, mended in place."""

from collections.abc import Mapping, Sequence

from google.protobuf import struct_pb2

from policies.engine.values import (
    OPAQUE,
    OUTPUT,
    SECRET,
    SIGNATURE,
    UNKNOWN,
    UNKNOWNS,
    Value,
)


def decode(struct: struct_pb2.Struct) -> dict[str, Value]:
    """Copy a resource's properties; secrets are judged like anything else and never shown."""
    return {name: _decode(value) for name, value in struct.fields.items()}


def _decode(value: struct_pb2.Value) -> Value:
    match value.WhichOneof("kind"):
        case "string_value":
            text = value.string_value
            return UNKNOWN if text in UNKNOWNS else text
        case "bool_value":
            return value.bool_value
        case "number_value":
            number = value.number_value
            return int(number) if float(number).is_integer() else number
        case "list_value":
            return [_decode(item) for item in value.list_value.values]
        case "struct_value":
            fields = value.struct_value.fields
            if SIGNATURE not in fields:
                return decode(value.struct_value)
            if fields[SIGNATURE].string_value in {SECRET, OUTPUT}:
                return _decode(fields["value"]) if "value" in fields else UNKNOWN
            return OPAQUE
    return None


def put(struct: struct_pb2.Struct, path: str, value: Value) -> None:
    """Set what stands at a dotted path; everything else stays as it came, secrets and unknowns."""
    first, _, rest = path.partition(".")
    # The key as the program wrote it, in whatever casing, or there would be two.
    name = next((key for key in struct.fields if key.casefold() == first.casefold()), first)
    if rest:
        put(_inside(struct.fields[name]), rest, value)
    else:
        _encode(value, struct.fields[name])


def _inside(value: struct_pb2.Value) -> struct_pb2.Struct:
    """The object that a value holds, through the wrapper of a secret."""
    if value.WhichOneof("kind") != "struct_value":
        value.struct_value.SetInParent()
    fields = value.struct_value.fields
    return _inside(fields["value"]) if SIGNATURE in fields else value.struct_value


def _encode(value: Value, target: struct_pb2.Value) -> None:
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, Mapping):
        target.struct_value.Clear()
        target.struct_value.SetInParent()
        for name, item in value.items():
            _encode(item, target.struct_value.fields[name])
    elif isinstance(value, Sequence):
        target.list_value.Clear()
        target.list_value.SetInParent()
        for item in value:
            _encode(item, target.list_value.values.add())
    else:
        raise TypeError(f"{value} cannot be sent to the engine; a rule's mend wants plain values")
