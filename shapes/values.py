"""Property values: what JSON has, and secrets and unknowns beside it."""

from dataclasses import dataclass
from typing import TypeAlias

UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands for a value that is not known yet where only JSON can stand."""


class Unknown:
    """A value that is only known after the update; there is one instance."""

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN = Unknown()

Value: TypeAlias = (
    "str | bool | int | float | list[Value] | dict[str, Value] | Unknown | Secret | None"
)
Properties: TypeAlias = dict[str, "Value"]


@dataclass(frozen=True)
class Secret:
    """A value that must never be shown."""

    value: Value
