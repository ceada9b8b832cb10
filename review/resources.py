"""A resource of a stack as its program describes it, and safe ways into its inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

# What a preview writes where a value is known only after deployment.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
AZURE = "azure-native"
_TOKEN_PARTS = 3


class NotKnownError(Exception):
    """An input that is needed is absent, has another shape, or is known only after deployment."""


@dataclass(frozen=True)
class Resource:
    """One resource: the type token of azure-native, its name in the program, and its inputs."""

    type: str
    name: str
    inputs: Mapping[str, object] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """`network:PrivateEndpoint`: the token without package and API version."""
        parts = self.type.split(":")
        if parts[0] != AZURE or len(parts) != _TOKEN_PARTS:
            return self.type
        return f"{parts[1].partition('/')[0]}:{parts[2]}"

    def at(self, *path: str) -> object | None:
        """Return what stands at a path of the inputs; None if it is absent or not known yet."""
        return at(self.inputs, *path)

    def text(self, *path: str) -> str:
        """Return the text at a path.

        Raises:
            NotKnownError: there is none.
        """
        return text(self.inputs, *path)


def at(holder: Mapping[str, object], *path: str) -> object | None:
    """Return what stands at a path; None if it is absent or not known before deployment."""
    found: object = holder
    for key in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(key)
    return None if found == UNKNOWN else found


def text(holder: Mapping[str, object], *path: str) -> str:
    """Return the text at a path, or raise NotKnownError."""
    found = at(holder, *path)
    if isinstance(found, str) and found:
        return found
    raise NotKnownError(f"{'.'.join(path)} is not known")


def number(holder: Mapping[str, object], *path: str, default: int | None = None) -> Decimal:
    """Return the number at a path, the default if the path is absent, or raise NotKnownError."""
    found = holder
    for key in path[:-1]:
        below = found.get(key)
        found = below if isinstance(below, Mapping) else {}
    value = found.get(path[-1])
    if value is None and default is not None:
        return Decimal(default)
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return Decimal(str(value))
    raise NotKnownError(f"{'.'.join(path)} is not a number from 0 up")


def parts(holder: Mapping[str, object], *path: str) -> Sequence[Mapping[str, object]]:
    """Return the objects in the list, or the values of the map, at a path; none if it is absent."""
    found = at(holder, *path)
    if isinstance(found, Mapping):
        found = list(found.values())
    if not isinstance(found, Sequence) or isinstance(found, str):
        return ()
    return tuple(part for part in found if isinstance(part, Mapping))
