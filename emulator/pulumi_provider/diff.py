"""Decides what a change of inputs means: nothing, an update, or a new resource."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from emulator.pulumi_provider.compare import Change, resource_changes
from emulator.pulumi_provider.values import Path, Value, plain_properties
from shapes.catalog import ResourceShape


@dataclass
class Difference:
    """The answer to the engine's Diff."""

    changes: dict[str, tuple[str, bool]] = field(default_factory=dict)  # path -> kind, replaces
    delete_before_replace: bool = False

    @property
    def replaces(self) -> list[str]:
        """Return the top-level properties that force a new resource."""
        return sorted(
            {path.split(".")[0].split("[")[0] for path, (_, hard) in self.changes.items() if hard}
        )


def difference(
    old: Mapping[str, Value],
    new: Mapping[str, Value],
    shape: ResourceShape,
    ignored: Collection[str] = (),
) -> Difference:
    """Compare the inputs a resource was made with to those it should have.

    The engine takes what `ignoreChanges` names out of the inputs itself, but not in a refresh:
    then the provider has to.
    """
    result = Difference()
    for change in resource_changes(old, new, shape):
        text = path_text(change.path)
        if not any(_covers(path, text) for path in ignored):
            result.changes[text] = (change.kind, needs_new(change, shape))
    if result.replaces:
        # the same id cannot be made before the old one is gone; a random or changed name can
        result.delete_before_replace = _same_id(old, new, shape)
    return result


def needs_new(change: Change, shape: ResourceShape) -> bool:
    """Tell whether Azure can only take this change on a new resource."""
    top = str(next(iter(change.path)))
    own = shape.inputs.get(top)
    if own and own.in_path:
        return top in shape.path.inputs
    if own and own.replaces:
        # an unset property that the service fills is not a change of it
        return change.kind != "add" or len(change.path) > 1 or top != "location"
    if _fixed_inside(change.path, shape):
        return True
    dotted = ".".join(step for step in change.path if isinstance(step, str))
    return any(dotted == text or dotted.startswith(text + ".") for text in shape.immutable)


def _fixed_inside(path: Path, shape: ResourceShape) -> bool:
    """Tell whether a nested property on the way is one that Azure only takes at creation."""
    shapes = shape.inputs
    for step in path:
        if isinstance(step, int):
            continue
        known = shapes.get(step)
        if known is None:
            return False
        if known.replaces:
            return True
        inner = known.type
        while inner.kind in {"list", "map"}:
            inner = inner.items[0]
        # the members of a union share no create-only properties that we know of
        shapes = shape.module.inputs(inner.name) if inner.kind == "object" else {}
    return False


def _same_id(old: Mapping[str, Value], new: Mapping[str, Value], shape: ResourceShape) -> bool:
    names = {"subscriptionId": "-"}
    try:
        before = shape.path.fill({**plain_properties(old), **names})
        return before.lower() == shape.path.fill({**plain_properties(new), **names}).lower()
    except KeyError:
        return False  # a part of the new id is not known yet, so it is a change


def _covers(ignored: str, text: str) -> bool:
    pattern = re.escape(ignored).replace(r"\[\*\]", r"\[\d+\]").replace(r"\*", r"[^.\[]+")
    return re.match(rf"{pattern}($|[.\[])", text) is not None


def path_text(path: Path) -> str:
    """Write a path the way the engine reads it."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("_", "").replace("-", "").isalnum():
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text
