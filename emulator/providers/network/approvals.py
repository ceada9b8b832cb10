"""Private endpoint connections of a service's own networks, which the target's owner approves."""

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource, Store
from emulator.providers.checks import one_of
from emulator.providers.network.connections import KIND
from emulator.providers.network.link_groups import GROUPS

_STATE = "privateLinkServiceConnectionState"
# What a connection may become, and from what.
_NEXT = {
    "Approved": ("Pending",),
    "Rejected": ("Pending", "Approved"),
    "Disconnected": ("Pending", "Approved", "Rejected"),
}


def ask(store: Store, target_id: str, name: str, endpoint: tuple[str, str]) -> None:
    """Put a connection before the owner of a resource; `endpoint` is its id and its group."""
    id_, group = endpoint
    state = _state("Pending", "Requested by a managed network.")
    properties = {
        "privateEndpoint": {"id": id_},
        "groupIds": [group],
        _STATE: state,
        "provisioningState": "Succeeded",
    }
    store.put({"id": f"{target_id}/{KIND}/{name}", "properties": properties})


def withdraw(store: Store, target_id: str, name: str) -> None:
    """Take a connection away whose endpoint is gone."""
    store.delete(f"{target_id}/{KIND}/{name}")


def state_of(store: Store, target_id: str, name: str) -> Mapping[str, Any]:
    """Return what became of a connection."""
    found = store.get(f"{target_id}/{KIND}/{name}")
    if found is None:
        return _state("Disconnected", "The connection was removed from the resource.")
    return found["properties"][_STATE]


def _state(status: str, description: str) -> dict[str, str]:
    return {"status": status, "description": description, "actionsRequired": "None"}


class _Connection(Behaviour):
    """A connection that waits for its owner, or has his answer."""

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        if previous is None:
            raise ArmError(
                404,
                "PrivateEndpointConnectionNotFound",
                f"'{resource['id']}' does not exist; a connection is made by a private endpoint, "
                "and only decided here.",
            )
        asked = resource["properties"].get(_STATE) or {}
        path = f"properties.{_STATE}.status"
        status = one_of(asked.get("status"), ("Pending", *_NEXT), path)
        before = previous["properties"][_STATE]["status"]
        if status != before and before not in _NEXT.get(status, ()):
            sentence = f"The connection is {before}, which cannot become {status}."
            raise ArmError(409, "InvalidConnectionState", sentence, path)
        described = str(asked.get("description") or "")
        # The rest says who asked; only the answer is the owner's.
        resource["properties"] = {**previous["properties"], _STATE: _state(status, described)}


for _target in GROUPS:
    behaviour(type("Connection", (_Connection,), {"type": f"{_target}/{KIND}"}))
