"""Children that a parent's body may list: both ways of writing them are one truth."""

from collections.abc import Callable

from emulator.arm.behaviours import Context
from emulator.arm.store import Resource
from emulator.providers.checks import bad

# Checks and completes one child, given the children before it in the list.
Complete = Callable[[Resource, Resource | None, list[Resource]], None]


def settle(
    ctx: Context,
    parent: Resource,
    kind: str,
    complete: Complete,
    removing: Callable[[Resource], None],
) -> None:
    """Make a parent's children what its body lists, and take the list out of the body.

    A body without the list keeps the children; an empty list removes them all.

    Raises:
        ArmError: a child is wrong, listed twice, or is removed while it is in use.
    """
    path = f"properties.{kind}"
    listed = parent["properties"].pop(kind, None)
    existing = {one["name"].lower(): one for one in ctx.store.children(parent["id"], kind)}
    kept: list[Resource] = []
    if listed is None:
        for child in existing.values():
            complete(child, child, kept)
            kept.append(child)
        return
    for index, entry in enumerate(listed):
        name = entry.get("name")
        if not name:
            raise bad(f"{path}[{index}].name", f"'{path}[{index}]' has no name; wanted: a name.")
        if name.lower() in {one["name"].lower() for one in kept}:
            sentence = f"'{path}' names '{name}' twice; wanted: each name once."
            raise bad(path, sentence, "InvalidRequestFormat")
        child = {
            "id": f"{parent['id']}/{kind}/{name}",
            "name": name,
            "type": f"{parent['type']}/{kind}",
            "properties": dict(entry.get("properties") or {}),
        }
        previous = existing.get(name.lower())
        complete(child, previous, kept)
        kept.append(child)
    names = {one["name"].lower() for one in kept}
    for name, child in existing.items():
        if name not in names:
            removing(child)
            ctx.store.delete(child["id"])
    for child in kept:
        before = existing.get(child["name"].lower())
        if before is None or before["properties"] != child["properties"]:
            ctx.store.put(child)
