"""Gives a resource its physical name when the program does not, the way azure-native does."""

from __future__ import annotations

import hashlib
import secrets
import uuid

from shapes.catalog import ResourceShape

# azure-native fills these with a random GUID: Azure takes nothing else
GUID_NAMES = frozenset(
    {
        "roleAssignmentName",
        "roleDefinitionId",
        "roleAssignmentScheduleRequestName",
        "roleEligibilityScheduleRequestName",
    }
)
HEX_DIGITS = 8


def logical_name(urn: str) -> str:
    """Return the name a program gave to a resource."""
    return urn.rsplit("::", 1)[-1]


def can_be_named(shape: ResourceShape) -> bool:
    """Tell whether azure-native invents a name for this type when none is given."""
    name = shape.path.last_input
    own = shape.inputs.get(name)
    return bool(name) and own is not None and not own.required and not shape.path.inputs.get(name)


def invent(shape: ResourceShape, name: str, seed: bytes) -> str:
    """Return a name: random for what stands alone, the logical name for a child of something."""
    kind = shape.path.last_input
    if kind in GUID_NAMES:
        return str(uuid.UUID(bytes=_random(name, seed, 16), version=4))
    if _is_child(shape):
        return name
    return name + _random(name, seed, HEX_DIGITS // 2).hex()


def _is_child(shape: ResourceShape) -> bool:
    own = shape.path.text.rsplit("/providers/", 1)
    return len(own) > 1 and own[1].count("/") > 2  # namespace/type/name has two


def _random(name: str, seed: bytes, size: int) -> bytes:
    # the engine gives the same seed to preview and update: the name shown is the name made
    return (
        hashlib.sha256(seed + name.encode()).digest()[:size] if seed else secrets.token_bytes(size)
    )
