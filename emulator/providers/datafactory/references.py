"""How the parts of a factory name each other: `{"type": "...Reference", "referenceName": ...}`."""

from collections.abc import Iterator
from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import bad, named

FACTORY = "Microsoft.DataFactory/factories"
# The collection in which each kind of reference is looked up.
_KINDS = {
    "linkedservicereference": "linkedservices",
    "datasetreference": "datasets",
    "pipelinereference": "pipelines",
    "integrationruntimereference": "integrationRuntimes",
    "credentialreference": "credentials",
    "dataflowreference": "dataflows",
    "triggerreference": "triggers",
    "managedvirtualnetworkreference": "managedVirtualNetworks",
}
# Every factory has it without anybody making it.
_BUILT_IN = ("integrationRuntimes", "autoresolveintegrationruntime")
# What the service adds to every resource, which these documents do not have.
_EXTRA = "provisioningState"


def factory_of(ctx: Context, resource: Resource) -> Resource:
    """Return the factory that a part belongs to.

    Raises:
        ArmError: 400: it is not there.
    """
    parent = parse(resource["id"]).parent
    while parent is not None and parent.type.lower() != FACTORY.lower():
        parent = parent.parent
    factory = ctx.store.get(parent.text) if parent else None
    if factory is None:
        raise bad("id", f"The factory of '{resource['id']}' was not found; create it first.")
    return factory


def check_name(resource: Resource) -> None:
    """Refuse a name that no part of a factory may have.

    Raises:
        ArmError: 400.
    """
    named(
        resource,
        r"[A-Za-z0-9_][^<>*#.%&:\\+?/]{0,259}",
        "InvalidResourceName",
        "The name '{name}' is not valid: wanted are at most 260 characters, none of "
        r"< > * # . % & : \ + ? /, a letter, digit or underscore first.",
    )


def check(ctx: Context, resource: Resource) -> None:
    """Refuse a part that names what its factory does not have.

    Raises:
        ArmError: 400, as the service words it.
    """
    factory = factory_of(ctx, resource)
    for kind, name in _named(resource["properties"]):
        if (kind, name.lower()) == _BUILT_IN:
            continue
        if ctx.store.get(f"{factory['id']}/{kind}/{name}") is None:
            raise ArmError(
                400,
                "BadRequest",
                "The document creation or update failed because of invalid reference "
                f"'{name}': '{factory['name']}' has none among its {kind}; create it first.",
                resource["id"],
            )


def refuse_if_referenced(ctx: Context, resource: Resource) -> None:
    """Refuse the deletion of what another part names.

    Raises:
        ArmError: 400, as the service words it.
    """
    own = parse(resource["id"])
    mine = (own.type.rpartition("/")[2].lower(), own.name.lower())
    for other in ctx.store.under(factory_of(ctx, resource)["id"]):
        names = {(kind.lower(), name.lower()) for kind, name in _named(other["properties"])}
        if other["id"].lower() != own.key and mine in names:
            raise ArmError(
                400,
                "BadRequest",
                f"The document cannot be deleted since it is referenced by {other['name']}.",
                resource["id"],
            )


def _named(part: object) -> Iterator[tuple[str, str]]:
    """Yield collection and name of each reference in a body."""
    if isinstance(part, list):
        for item in part:
            yield from _named(item)
    elif isinstance(part, dict):
        kind = _KINDS.get(str(part.get("type")).lower())
        name = part.get("referenceName")
        if kind and isinstance(name, str) and not name.startswith("@"):
            yield kind, name
        for item in part.values():
            yield from _named(item)


def bare(resource: Resource) -> Resource:
    """Return a document as a GET shows it: as it was written."""
    properties: dict[str, Any] = resource["properties"]
    shown = {name: value for name, value in properties.items() if name != _EXTRA}
    return {**resource, "properties": shown}
