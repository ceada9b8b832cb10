"""What a resource shows of the private endpoints that lead to it."""

from typing import Any

from emulator.arm.store import Store

KIND = "privateEndpointConnections"
ENDPOINTS = "Microsoft.Network/privateEndpoints"
LISTS = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")


def connections_of(store: Store, target_id: str) -> list[dict[str, Any]]:
    """Return the `privateEndpointConnections` of a resource."""
    wanted = target_id.lower()
    # Those of networks that services manage are kept, with the answer of the resource's owner.
    found: list[dict[str, Any]] = [
        {name: one[name] for name in ("id", "name", "properties")}
        for one in store.children(target_id, KIND)
    ]
    for endpoint in store.find(ENDPOINTS):
        for connection in sent(endpoint["properties"]):
            inner = connection["properties"]
            if inner["privateLinkServiceId"].lower() != wanted:
                continue
            name = f"{endpoint['name']}.{connection['name']}"
            shown = {
                "privateEndpoint": {"id": endpoint["id"]},
                "groupIds": inner["groupIds"],
                "privateLinkServiceConnectionState": inner["privateLinkServiceConnectionState"],
                "provisioningState": "Succeeded",
            }
            id_ = f"{target_id}/{KIND}/{name}"
            found.append({"id": id_, "name": name, "properties": shown})
    return found


def sent(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the connections that an endpoint asks for, automatic and manual."""
    return [connection for name in LISTS for connection in properties.get(name) or []]
