"""The difference between what should be deployed and what is; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

MADE_BY, CONTENT, TASK = "made_by", "content", "task"
OURS = "mlops-deploy"


class Kind(StrEnum):
    """What can be deployed, in the order in which it is."""

    ENVIRONMENT = "environment"
    COMPONENT = "component"
    DEPLOYMENT = "batch deployment"
    DEFAULT = "default deployment"
    SCHEDULE = "schedule"


class Change(StrEnum):
    """What becomes of something."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"
    PRUNE = "prune"


@dataclass(frozen=True, order=True)
class Item:
    """Something with a name and the digest of its content; what has a version is never changed."""

    kind: Kind
    name: str
    content: str
    version: str = ""

    @property
    def key(self) -> tuple[Kind, str, str]:
        """What it is known by."""
        return self.kind, self.name, self.version

    def __str__(self) -> str:
        return f"{self.kind} {self.name}{f':{self.version}' if self.version else ''}"


@dataclass(frozen=True)
class Step:
    """One change."""

    change: Change
    item: Item

    @property
    def document(self) -> dict[str, str]:
        """The change for programs."""
        item = self.item
        return {
            "change": str(self.change),
            "kind": str(item.kind),
            "name": item.name,
            "version": item.version,
            "content": item.content,
        }


def difference(wanted: Iterable[Item], found: Iterable[Item]) -> list[Step]:
    """Return what is to be done, in an order in which it can be.

    `found` are things that were deployed by this command, and no others: nobody else's are ever
    pruned. What is wanted no longer is pruned last, and what depends on something before it.
    """
    order = list(Kind)
    there = {item.key: item for item in found}
    steps = []
    for item in sorted(wanted, key=lambda each: (order.index(each.kind), each.name)):
        known = there.pop(item.key, None)
        if known is None:
            steps.append(Step(Change.CREATE, item))
        elif known.content != item.content:
            steps.append(Step(Change.UPDATE, item))
        else:
            steps.append(Step(Change.KEEP, item))
    left = sorted(there.values(), key=lambda each: (-order.index(each.kind), each.name))
    return [*steps, *(Step(Change.PRUNE, item) for item in left)]


def changes(steps: Iterable[Step], *, prune: bool) -> list[Step]:
    """Return the steps that do something; pruning is one only where it is wished."""
    unwished = {Change.KEEP} if prune else {Change.KEEP, Change.PRUNE}
    return [step for step in steps if step.change not in unwished]
