"""Plain copies of property trees in which an unknown is a value, not an exception."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TypeAlias, TypeVar

from pulumi_policy import proxy


class Mark(Enum):
    """What stands where there is no value."""

    ABSENT = "absent"
    UNKNOWN = "unknown"
    OPAQUE = "opaque"
    """An asset, an archive: there, but nothing that a rule can look into."""


ABSENT, UNKNOWN, OPAQUE = Mark.ABSENT, Mark.UNKNOWN, Mark.OPAQUE

_Key = TypeVar("_Key")

Scalar: TypeAlias = bool | int | float | str
Value: TypeAlias = "Scalar | list[Value] | dict[str, Value] | Mark | None"

# The engine's own marks. They differ by type, but the engine sends the string's for every type.
_SENTINELS = frozenset(
    {
        proxy.UNKNOWN_ARCHIVE_VALUE,
        proxy.UNKNOWN_ARRAY_VALUE,
        proxy.UNKNOWN_ASSET_VALUE,
        proxy.UNKNOWN_BOOLEAN_VALUE,
        proxy.UNKNOWN_NUMBER_VALUE,
        proxy.UNKNOWN_OBJECT_VALUE,
        proxy.UNKNOWN_STRING_VALUE,
    }
)


def snapshot(tree: object) -> Value:
    """Copy what a policy is given; the proxies raise at each unknown, so each access is guarded."""
    if tree is None or isinstance(tree, bool | int | float):
        return tree
    if isinstance(tree, str):
        return UNKNOWN if tree in _SENTINELS else tree
    if isinstance(tree, Mapping):
        return {str(key): _read(tree.__getitem__, key) for key in list(tree)}
    if isinstance(tree, Sequence):
        return [_read(tree.__getitem__, index) for index in range(len(tree))]
    return OPAQUE


def _read(get: Callable[[_Key], object], key: _Key) -> Value:
    try:
        return snapshot(get(key))
    except proxy.UnknownValueError:
        return UNKNOWN
