"""Pulumi's own files: a state export, a state file, the output of `pulumi preview --json`."""

from collections.abc import Iterable, Mapping

from policies.engine.resource import Facts
from policies.engine.values import from_json
from policies.scan.items import NO_EDGES, InputError, Item, Lines

# Steps after which the resource in `newState` is not there, or is another step's business.
_NOT_MADE = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "read-discard"})


def is_state(document: Mapping[str, object]) -> bool:
    return "deployment" in document or "checkpoint" in document


def read_state(document: Mapping[str, object], file: str, stack: str, lines: Lines) -> list[Item]:
    """The resources of `pulumi stack export`, or of a file backend's stack file."""
    del stack  # each resource has its own
    holder = document.get("deployment")
    if holder is None and isinstance(checkpoint := document.get("checkpoint"), dict):
        holder = checkpoint.get("latest") or {}
    if not isinstance(holder, dict):
        raise InputError(f"{file}: deployment is no object; want what `pulumi stack export` writes")
    resources = holder.get("resources", [])
    resources = [] if resources is None else resources
    if not isinstance(resources, list):
        raise InputError(f"{file}: resources is no list; want what `pulumi stack export` writes")
    # What waits for its deletion after a replacement has the same URN as its successor.
    return _items(
        [one for one in resources if not (isinstance(one, dict) and one.get("delete") is True)],
        file,
        lines,
    )


def is_preview(document: Mapping[str, object]) -> bool:
    return "steps" in document or "changeSummary" in document


def read_preview(document: Mapping[str, object], file: str, stack: str, lines: Lines) -> list[Item]:
    """The resources as they are to be after the previewed update."""
    del stack  # each resource has its own
    steps = document.get("steps", [])
    if not isinstance(steps, list):
        raise InputError(f"{file}: steps is no list; want what `pulumi preview --json` writes")
    states: dict[object, object] = {}
    for step in steps:
        if not isinstance(step, dict):
            raise InputError(
                f"{file}: a step is no object; want what `pulumi preview --json` writes"
            )
        if step.get("op") in _NOT_MADE or step.get("newState") is None:
            continue
        # A replacement has several steps; the last one knows most.
        states.pop(step.get("urn"), None)
        states[step.get("urn")] = step["newState"]
    return _items(states.values(), file, lines)


def edges(resource: Mapping[str, object]) -> Mapping[str, tuple[str, ...]]:
    """URNs that a resource and each of its properties were made from."""
    by_property = resource.get("propertyDependencies")
    found = {
        str(name): _texts(urns)
        for name, urns in (by_property.items() if isinstance(by_property, dict) else ())
    }
    direct = _texts(resource.get("dependencies"))
    return {**found, "": direct} if found or direct else NO_EDGES


def _items(resources: Iterable[object], file: str, lines: Lines) -> list[Item]:
    items: list[Item] = []
    for resource in resources:
        if not isinstance(resource, dict):
            raise InputError(f"{file}: a resource is no object; want Pulumi's own output")
        kind, urn = resource.get("type"), resource.get("urn")
        if not isinstance(kind, str) or not isinstance(urn, str):
            raise InputError(f"{file}: a resource has no type or no urn; want Pulumi's own output")
        inputs = resource.get("inputs")
        inputs = {} if inputs is None else inputs
        if not isinstance(inputs, dict):
            raise InputError(f"{file}: the inputs of {urn} are no object; want Pulumi's own output")
        facts = Facts(
            type=kind,
            name=urn.rpartition("::")[2],
            urn=urn,
            protected=resource.get("protect") is True,
        )
        line = lines.of("urn", urn)
        items.append(Item(facts, from_json(inputs), file, line, edges(resource)))
    return items


def _texts(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else []
    return tuple(item for item in items if isinstance(item, str))
