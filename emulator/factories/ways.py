"""How a factory gets to what it works with: its identity, and its way through the network."""

from typing import Any

from emulator.access.network import reaches
from emulator.arm.behaviours import Services
from emulator.arm.store import Resource, Store
from emulator.factories.problems import ActivityError
from emulator.login.callers import INTERNET, Principal
from emulator.providers.network import approvals

Json = dict[str, Any]
_STORAGE = "microsoft.storage/storageaccounts"


def part(store: Store, factory: Resource, kind: str, reference: Json | None) -> Resource:
    """What a reference of a factory's document names.

    Raises:
        ActivityError: it was deleted since.
    """
    name = str((reference or {}).get("referenceName") or "")
    found = store.get(f"{factory['id']}/{kind}/{name}") if name else None
    if found is None:
        msg = f"The factory {factory['name']!r} has no {kind} {name!r}."
        raise ActivityError("UserErrorInvalidReference", msg)
    return found


def identity(services: Services, factory: Resource, credential: Json | None) -> Principal:
    """Who a factory is: the identity of a credential, or its own.

    Raises:
        ActivityError: it has none.
    """
    if credential is None:
        id_ = (factory.get("identity") or {}).get("principalId")
        what = f"a system-assigned identity of {factory['name']!r}"
    else:
        document = part(services.store, factory, "credentials", credential)
        inner = document["properties"].get("typeProperties") or {}
        assigned = services.store.get(str(inner.get("resourceId") or "")) or {"properties": {}}
        id_ = assigned["properties"].get("principalId")
        what = f"the identity of the credential {document['name']!r}"
    found = services.principals.by_object_id(str(id_)) if id_ else None
    if found is None:
        raise ActivityError("UserErrorManagedIdentityNotFound", f"There is no {what}.")
    return found


def check_way(
    store: Store, factory: Resource, via: Json | None, target: Resource, group: str
) -> None:
    """Refuse a call for which there is no way from the factory's runtime.

    Raises:
        ActivityError: with what is missing.
    """
    waiting = ""
    if via is not None and via.get("referenceName") != "AutoResolveIntegrationRuntime":
        runtime = part(store, factory, "integrationRuntimes", via)
        if runtime["properties"].get("managedVirtualNetwork"):
            state = _endpoint_state(store, factory, target, group)
            if state == "Approved":
                return
            waiting = (
                f" The managed private endpoint to it ({group}) is {state}; its owner has to"
                " approve it."
                if state
                else f" The managed network has no private endpoint to it ({group})."
            )
    # only storage lets the service in on its own account
    place = f"service:{factory['id']}" if target["type"].lower() == _STORAGE else INTERNET
    refusal = reaches(store, place, target, group)
    if refusal is not None:
        raise ActivityError("UserErrorNetworkAccessDenied", f"{refusal.message}{waiting}")


def _endpoint_state(store: Store, factory: Resource, target: Resource, group: str) -> str:
    """The state of the endpoint to a target, empty where there is none."""
    for endpoint in store.under(f"{factory['id']}/managedVirtualNetworks"):
        properties = endpoint["properties"]
        same = str(properties.get("privateLinkResourceId")).lower() == target["id"].lower()
        if same and str(properties.get("groupId")).lower() == group.lower():
            name = f"{factory['name']}.{endpoint['name']}"
            return str(approvals.state_of(store, target["id"], name)["status"])
    return ""
