"""Tells whether two property values mean the same to Azure, and what differs if not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from emulator.pulumi_provider.values import Path, Value, has_unknown, plain
from shapes.catalog import ModuleShapes, ResourceShape, Shapes
from shapes.convert import choose
from shapes.grammar import Type

IDENTITY_KEYS = ("name", "id", "key", "keyName", "containerName")
# Lists of plain values whose order carries no meaning; any other list is compared in order.
UNORDERED = frozenset(
    {
        "actiongroups",
        "actions",
        "allowedheaders",
        "allowedmethods",
        "allowedorigins",
        "assignablescopes",
        "audiences",
        "categories",
        "certificates",
        "dataactions",
        "exposedheaders",
        "groups",
        "ids",
        "includedeventtypes",
        "keys",
        "locations",
        "notactions",
        "notdataactions",
        "owners",
        "permissions",
        "roles",
        "scopes",
        "secrets",
        "serviceendpointpolicies",
        "storage",
        "tenantids",
        "userassignedidentities",
        "users",
        "zones",
    }
)
UNORDERED_ENDINGS = (
    "ids",
    "prefixes",
    "ranges",
    "rules",
    "locations",
    "scopes",
    "zones",
    "groups",
    "identities",
)


@dataclass(frozen=True)
class Change:
    """One difference."""

    path: Path
    kind: str  # add, delete or update


def resource_changes(
    old: Mapping[str, Value], new: Mapping[str, Value], shape: ResourceShape
) -> list[Change]:
    """Return what differs between the inputs a resource was made with and those it should have."""
    return list(_Comparer(shape.module).properties((), _plain(old), _plain(new), shape.inputs))


def same(old: Value, new: Value, kind: Type, module: ModuleShapes, name: str = "") -> bool:
    """Tell whether two values are one to Azure."""
    return not any(_Comparer(module).value((name,), plain(old), plain(new), kind))


def same_text(old: str, new: str, kind: Type, name: str) -> bool:
    """Compare text: ids, locations and enums without case, the rest exactly."""
    if old == new:
        return True
    if is_location(name):
        return canonical_location(old) == canonical_location(new)
    loose = (
        kind.kind in {"enum", "const"}
        or (is_arm_id(old) and is_arm_id(new))
        or name == "resourceGroupName"
    )
    return loose and old.strip("/").lower() == new.strip("/").lower()


def is_location(name: str) -> bool:
    """Tell whether a property holds an Azure region."""
    return name == "location" or name.endswith("Location")


def canonical_location(text: str) -> str:
    """`West Europe` is `westeurope`."""
    return text.replace(" ", "").lower()


def is_arm_id(text: str) -> bool:
    """Tell whether text is a resource's id; those are compared without case."""
    return text.lower().startswith(("/subscriptions/", "/providers/", "subscriptions/"))


def item_key(item: Value) -> Callable[[Value], str] | None:
    """Return how to tell the items of a list apart, judged by one of them."""
    if isinstance(item, dict):
        for name in IDENTITY_KEYS:
            if isinstance(item.get(name), str):
                return lambda other, name=name: (
                    str(other.get(name)).lower() if isinstance(other, dict) else ""
                )
    return None


def pair_items(
    old: list[Value], new: list[Value], name: str
) -> list[tuple[int | None, int | None]]:
    """Pair two lists' items: by key, as a set where order is nothing, else in order."""
    sample = (old or new)[0] if old or new else None
    key = item_key(sample)
    if key is None and isinstance(sample, str) and unordered(name):
        key = lambda item: str(item).lower()  # noqa: E731 - one of two ways to build the key
    if key is not None:
        olds = {key(item): index for index, item in enumerate(old)}
        news = {key(item): index for index, item in enumerate(new)}
        if len(olds) == len(old) and len(news) == len(new) and not has_unknown(new):
            pairs: list[tuple[int | None, int | None]] = [
                (olds.get(k), index) for k, index in news.items()
            ]
            return pairs + [(index, None) for k, index in olds.items() if k not in news]
    longest = max(len(old), len(new))
    return [(i if i < len(old) else None, i if i < len(new) else None) for i in range(longest)]


def unordered(name: str) -> bool:
    """Tell whether the order of a list of plain values means nothing."""
    folded = name.lower()
    return folded in UNORDERED or folded.endswith(UNORDERED_ENDINGS)


class _Comparer:
    def __init__(self, module: ModuleShapes) -> None:
        self.module = module

    def properties(
        self, at: Path, old: Mapping[str, Value], new: Mapping[str, Value], shapes: Shapes
    ) -> Iterator[Change]:
        for name in sorted({**old, **new}):
            shape = shapes.get(name)
            kind = shape.type if shape else Type("any")
            yield from self.value((*at, name), old.get(name), new.get(name), kind)

    def value(self, at: Path, old: Value, new: Value, kind: Type) -> Iterator[Change]:
        name = next((str(step) for step in reversed(at) if isinstance(step, str)), "")
        if old is None or new is None:
            if old is not None:
                yield Change(at, "delete")
            elif new is not None:
                yield Change(at, "add")
            return
        match old, new:
            case dict(), dict():
                yield from self.mapping(at, old, new, kind)
            case list(), list():
                inner = kind.items[0] if kind.kind == "list" else Type("any")
                for left, right in pair_items(old, new, name):
                    index = right if right is not None else left
                    yield from self.value(
                        (*at, index if index is not None else 0),
                        None if left is None else old[left],
                        None if right is None else new[right],
                        inner,
                    )
            case str(), str():
                if not same_text(old, new, kind, name):
                    yield Change(at, "update")
            case _:
                if old != new or (
                    type(old) is not type(new) and {type(old), type(new)} != {int, float}
                ):
                    yield Change(at, "update")

    def mapping(
        self, at: Path, old: dict[str, Value], new: dict[str, Value], kind: Type
    ) -> Iterator[Change]:
        if kind.kind in {"object", "union"}:
            member = choose(new, kind, self.module)
            yield from self.properties(at, old, new, self.module.inputs(member.name))
            return
        inner = kind.items[0] if kind.kind == "map" else Type("any")
        for key in sorted({**old, **new}):
            yield from self.value((*at, key), old.get(key), new.get(key), inner)


def _plain(properties: Mapping[str, Value]) -> dict[str, Value]:
    return {name: plain(value) for name, value in properties.items() if value is not None}
