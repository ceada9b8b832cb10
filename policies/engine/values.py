"""Plain copies of property trees in which an unknown is a value, not an exception."""

import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TypeAlias


class Mark(Enum):
    """What stands where there is no value."""

    ABSENT = "absent"
    UNKNOWN = "unknown"
    OPAQUE = "opaque"
    """An asset, an archive: there, but nothing that a rule can look into."""


ABSENT, UNKNOWN, OPAQUE = Mark.ABSENT, Mark.UNKNOWN, Mark.OPAQUE

Scalar: TypeAlias = bool | int | float | str
Value: TypeAlias = "Scalar | list[Value] | dict[str, Value] | Mark | None"

# The engine's own marks. They differ by type, but the engine sends the string's for every type.
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWNS = frozenset(
    {
        UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # an array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # an asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # an archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
    }
)
# How the engine writes what JSON has no kind for: an object with a signature.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the engine's marker, not a secret
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
# What the engine writes instead of a secret that it does not show.
_HIDDEN = "[secret]"


def from_json(tree: object) -> Value:
    """Copy a property tree as the engine writes it into its files; a hidden secret is unknown."""
    if tree is None or isinstance(tree, bool | int | float):
        return tree
    if isinstance(tree, str):
        return UNKNOWN if tree in UNKNOWNS or tree == _HIDDEN else tree
    if isinstance(tree, Mapping):
        if SIGNATURE in tree:
            return _signed(tree)
        return {str(key): from_json(value) for key, value in tree.items()}
    if isinstance(tree, Sequence):
        return [from_json(value) for value in tree]
    return OPAQUE


def _signed(tree: Mapping[str, object]) -> Value:
    if tree[SIGNATURE] not in {SECRET, OUTPUT}:
        return OPAQUE
    if isinstance(text := tree.get("plaintext"), str):
        try:
            return from_json(json.loads(text))
        except ValueError:
            return UNKNOWN
    return from_json(tree["value"]) if "value" in tree else UNKNOWN
