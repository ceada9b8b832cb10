"""Reads property trees through the proxies of the SDK, which raise at each unknown value."""

from collections.abc import Mapping, Sequence

from pulumi_policy import proxy

from policies.engine.values import OPAQUE, UNKNOWN, UNKNOWNS, Value


def snapshot(tree: object) -> Value:
    """Copy what a policy of the SDK is given; each access is guarded."""
    if tree is None or isinstance(tree, bool | int | float):
        return tree
    if isinstance(tree, str):
        return UNKNOWN if tree in UNKNOWNS else tree
    if isinstance(tree, Mapping):
        return {str(key): _read(tree, key) for key in list(tree)}
    if isinstance(tree, Sequence):
        return [_read(tree, index) for index in range(len(tree))]
    return OPAQUE


def _read(tree, key) -> Value:
    try:
        return snapshot(tree[key])
    except proxy.UnknownValueError:
        return UNKNOWN
