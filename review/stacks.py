"""Reading a stack's resources from what Pulumi writes: an exported state or a preview as JSON."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from review.errors import ReviewError
from review.resources import Resource

# The same resources in both: version 4 names the features that the state needs.
STATE_VERSIONS = (3, 4)
_GONE = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "remove-pending"})
_URN_PARTS = 4


@dataclass(frozen=True)
class Stack:
    """The resources of one stack, and where they were read."""

    name: str | None
    origin: str
    resources: tuple[Resource, ...]


def of_file(path: Path, *, preview: bool) -> Stack:
    """Read a file that `pulumi stack export` or `pulumi preview --json --show-sames` wrote."""
    try:
        written = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ReviewError(f"{path} cannot be read: {error}; give the path of a JSON file") from None
    return of_preview(written, str(path)) if preview else of_state(written, str(path))


def of_state(written: str, origin: str) -> Stack:
    """Read an exported state; what waits for deletion or belongs to others is left out."""
    wanted = "the output of `pulumi stack export`"
    document = _document(written, origin, wanted)
    version = document.get("version")
    if version not in STATE_VERSIONS:
        known = " or ".join(str(number) for number in STATE_VERSIONS)
        raise ReviewError(
            f"{origin}: version is {version!r}; wanted {known}: give {wanted}"
            + (", or read it with --preview" if "steps" in document else "")
        )
    deployment = document.get("deployment")
    if not isinstance(deployment, Mapping):
        raise ReviewError(f"{origin} has no deployment; give {wanted}")
    states = deployment.get("resources")
    states = [] if states is None else states
    if not isinstance(states, list):
        raise ReviewError(f"{origin}: deployment.resources is no list; give {wanted}")
    return _stack(
        origin,
        (_state(state, origin, f"resource {place}") for place, state in enumerate(states)),
    )


def of_preview(written: str, origin: str) -> Stack:
    """Read a preview: the resources that exist after it."""
    wanted = "the output of `pulumi preview --json --show-sames`"
    document = _document(written, origin, wanted)
    steps = document.get("steps")
    if not isinstance(steps, list):
        has = ", or read it with --state" if "deployment" in document else ""
        raise ReviewError(f"{origin} has no list of steps; give {wanted}{has}")

    def states() -> Iterator[Mapping[str, object]]:
        for place, step in enumerate(steps):
            if not isinstance(step, Mapping):
                raise ReviewError(f"{origin}: step {place} is no object; give {wanted}")
            if step.get("op") in _GONE:
                continue
            state = step.get("newState") or step.get("oldState")
            yield _state(state, origin, f"step {place}")

    return _stack(origin, states())


def _document(written: str, origin: str, wanted: str) -> Mapping[str, object]:
    if not written.strip():
        raise ReviewError(f"{origin} is empty; give {wanted}")
    try:
        document = json.loads(written)
    except json.JSONDecodeError as error:
        raise ReviewError(f"{origin} is not JSON: {error}; give {wanted}") from None
    if not isinstance(document, dict):
        raise ReviewError(f"{origin} is {type(document).__name__}, not an object; give {wanted}")
    return document


def _state(state: object, origin: str, place: str) -> Mapping[str, object]:
    if not isinstance(state, Mapping):
        raise ReviewError(f"{origin}: {place} is no object with a urn and a type")
    for key in ("urn", "type"):
        if not isinstance(state.get(key), str):
            raise ReviewError(f"{origin}: {place} has no {key}")
    return state


def _stack(origin: str, states: Iterator[Mapping[str, object]]) -> Stack:
    # A replacement is two steps with one URN: what counts is one resource.
    found: dict[str, Resource] = {}
    name: str | None = None
    for state in states:
        urn, token = str(state["urn"]), str(state["type"])
        pieces = urn.split("::", _URN_PARTS - 1)
        if len(pieces) != _URN_PARTS:
            raise ReviewError(f"{origin}: {urn!r} is not the URN of a resource")
        name = name or pieces[0].removeprefix("urn:pulumi:")
        if _counts(state, token):
            inputs = state.get("inputs")
            given = inputs if isinstance(inputs, Mapping) else {}
            found[urn] = Resource(token, pieces[-1], given)
    return Stack(name, origin, tuple(found.values()))


def _counts(state: Mapping[str, object], token: str) -> bool:
    """Tell what somebody pays for from components, providers, other stacks' and doomed things."""
    return (
        state.get("custom") is True
        and not token.startswith("pulumi:")
        and state.get("external") is not True
        and state.get("delete") is not True
    )
