"""Management locks; what they forbid stands in `emulator.arm.locks`."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm import locks
from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.store import Resource
from emulator.providers.checks import bad, one_of, required

_LEVELS = ("CanNotDelete", "ReadOnly")
_LONGEST_NOTES = 512


@behaviour
class Lock(Behaviour):
    """A lock has a level."""

    type: ClassVar[str] = locks.TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        wanted = " or ".join(_LEVELS)
        level = required(resource, "properties.level", wanted, "LockLevelNotSpecified")
        resource["properties"]["level"] = one_of(
            level, _LEVELS, "properties.level", "InvalidLockLevel"
        )
        notes = resource["properties"].get("notes")
        if notes is not None and (not isinstance(notes, str) or len(notes) > _LONGEST_NOTES):
            sentence = f"'properties.notes' must be a text of at most {_LONGEST_NOTES} characters."
            raise bad("properties.notes", sentence, "InvalidLockNotes")
