"""What a path on the management host asks for: a resource, a collection or an action."""

from dataclasses import dataclass
from enum import Enum

from emulator.arm.errors import ArmError
from emulator.arm.ids import GROUP_TYPE, SUBSCRIPTION_TYPE, ArmId, parse


class Asks(Enum):
    """The shape of a path."""

    RESOURCE = "resource"
    COLLECTION = "collection"
    ACTION = "action"


@dataclass(frozen=True)
class Target:
    """A decoded path.

    `id` is the resource, or for an action the resource it acts on; for a collection it is None,
    `scope` is what the collection stands below and `type` the type of its members.
    """

    asks: Asks
    type: str
    scope: str
    id: ArmId | None = None
    action: str = ""


def target_of(method: str, path: str) -> Target:
    """Decode a path.

    Raises:
        ArmError: 404 for a path that no API of ARM has.
    """
    parts = path.strip("/").split("/")
    low = [part.lower() for part in parts]
    if "providers" in low:
        at = len(low) - 1 - low[::-1].index("providers")
        paired = (len(parts) - at) % 2 == 0
    else:
        paired = len(parts) % 2 == 0
    if paired and len(parts) > 1:
        return _resource(path)
    if method == "POST":
        return _action(path)
    return _collection(parts, low)


def _parsed(path: str) -> ArmId:
    try:
        return parse(path)
    except ValueError as error:
        raise ArmError(404, "InvalidResourceId", f"{error}.") from error


def _resource(path: str) -> Target:
    arm_id = _parsed(path)
    return Target(Asks.RESOURCE, arm_id.type, arm_id.scope, arm_id)


def _action(path: str) -> Target:
    owner, _, action = path.rstrip("/").rpartition("/")
    arm_id = _parsed(owner)
    return Target(Asks.ACTION, arm_id.type, arm_id.scope, arm_id, action)


def _collection(parts: list[str], low: list[str]) -> Target:
    text = "/" + "/".join(parts)
    if low == ["subscriptions"]:
        return Target(Asks.COLLECTION, SUBSCRIPTION_TYPE, "")
    if len(parts) == 3 and low[2] == "resourcegroups":
        return Target(Asks.COLLECTION, GROUP_TYPE, "/" + "/".join(parts[:2]))
    if "providers" not in low:
        raise ArmError(404, "NotFound", f"No API of the management host has the path {text}.")
    at = len(low) - 1 - low[::-1].index("providers")
    tail = parts[at + 1 :]
    if len(tail) == 2:  # {scope}/providers/Microsoft.X/kind
        return Target(Asks.COLLECTION, "/".join(tail), "/" + "/".join(parts[:at]))
    owner = _parsed("/".join(parts[:-1]))
    return Target(Asks.COLLECTION, f"{owner.type}/{parts[-1]}", owner.text)
