"""Small checks and conversions that all of Azure ML's resources share."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from emulator.arm.errors import ArmError

NAMESPACE = "Microsoft.MachineLearningServices"


def bad(message: str, target: str | None = None, code: str = "ValidationError") -> ArmError:
    """A request that Azure ML refuses as malformed."""
    return ArmError(400, code, message, target)


def one_of(value: object, choices: Iterable[str], target: str) -> str:
    """`value` with the case that the service uses, or a refusal naming the choices."""
    known = list(choices)
    for choice in known:
        if str(value).lower() == choice.lower():
            return choice
    msg = f"{target} is {value!r}; give one of {', '.join(known)}."
    raise bad(msg, target)


def named(value: str, pattern: str, what: str, rule: str) -> None:
    """Refuse a name that does not fit its rule."""
    if re.fullmatch(pattern, value) is None:
        msg = f"{what} name {value!r} is not allowed: {rule}."
        raise bad(msg, "name", "InvalidResourceName")


def iso(seconds: float | None) -> str | None:
    """A time as Azure writes it."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def epoch(text: object) -> float:
    """The seconds of a time as Azure writes it; 0 when there is none."""
    return datetime.fromisoformat(str(text)).timestamp() if text else 0.0


def last(id_: str) -> str:
    """The last segment of an id: a resource's name."""
    return id_.rstrip("/").rsplit("/", 1)[-1]


def workspace_of(id_: str) -> str:
    """The id of the workspace that a resource belongs to."""
    found = re.match(
        r"(?i)^(/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.machinelearningservices/workspaces/[^/]+)",
        id_,
    )
    if found is None:
        msg = f"{id_!r} is not within an Azure Machine Learning workspace."
        raise bad(msg, "id", "InvalidResourceId")
    return found[1]


def truth(value: object) -> bool:
    """A query parameter that is true or false."""
    return str(value).lower() == "true"
