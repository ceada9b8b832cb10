"""Network reachability: does a caller at a place get to a resource's data plane?"""

from dataclasses import dataclass

from emulator.arm.store import Resource, Store
from emulator.login.callers import INTERNET, PRIVATE

ENDPOINTS = "Microsoft.Network/privateEndpoints"
WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
SUBNETS = "Microsoft.Network/virtualNetworks/subnets"
LINKS = "Microsoft.Network/privateDnsZones/virtualNetworkLinks"
WORKSPACE_PLACE = "workspace:"


@dataclass(frozen=True)
class Refusal:
    """Why a caller does not get through, with the code that the service answers with."""

    code: str
    message: str


_CODES = {
    "microsoft.storage/storageaccounts": (
        "AuthorizationFailure",
        "This request is not authorized to perform this operation.",
    ),
    "microsoft.keyvault/vaults": (
        "Forbidden",
        "Public network access is disabled and the request is not via an approved private link.",
    ),
    "microsoft.containerregistry/registries": (
        "DENIED",
        "Public access is not allowed and the client is not in the registry's private network.",
    ),
}  # fmt: skip
_OTHERS = (
    "PublicNetworkAccessDisabled",
    "Public network access is disabled. Please use a private endpoint.",
)


def reaches(store: Store, place: str, resource: Resource, group: str) -> Refusal | None:
    """Return None if a caller at `place` gets to the sub-resource `group`, else why not."""
    if place.startswith(WORKSPACE_PLACE):
        through = _managed_network(store, place.removeprefix(WORKSPACE_PLACE), resource, group)
    elif place == INTERNET:
        through = _public(resource, subnet=None)
    elif place == PRIVATE:
        through = _public(resource, subnet=None) or bool(endpoints(store, resource, group))
    else:
        through = _from_subnet(store, place, resource, group)
    return None if through else _refusal(place, resource, group)


def _refusal(place: str, resource: Resource, group: str) -> Refusal:
    code, sentence = _CODES.get(resource["type"].lower(), _OTHERS)
    how = (
        f"an approved private endpoint (group {group}) in the caller's network"
        if place != INTERNET
        else "a call from inside the network"
    )
    return Refusal(
        code, f"{sentence} ({resource['name']} does not answer {place}: it takes {how}.)"
    )


def endpoints(store: Store, resource: Resource, group: str) -> list[Resource]:
    """Return the approved private endpoints to a sub-resource."""
    wanted = resource["id"].lower()
    return [
        endpoint
        for endpoint in store.find(ENDPOINTS)
        for connection in _connections(endpoint)
        if str(connection.get("privateLinkServiceId", "")).lower() == wanted
        and group.lower() in {str(name).lower() for name in connection.get("groupIds") or ()}
        and (connection.get("privateLinkServiceConnectionState") or {}).get("status", "Approved")
        == "Approved"
    ]


def _connections(endpoint: Resource) -> list[dict]:
    properties = endpoint["properties"]
    both = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
    return [one.get("properties") or {} for name in both for one in properties.get(name) or ()]


def _public(resource: Resource, subnet: str | None) -> bool:
    """Say whether the resource's own firewall lets a caller in who comes over its public name."""
    properties = resource["properties"]
    access = str(properties.get("publicNetworkAccess") or "Enabled").lower()
    if access in {"securedbyperimeter", "disabled"}:
        return False
    rules = properties.get("networkAcls") or properties.get("networkRuleSet") or {}
    if str(rules.get("defaultAction") or "Allow").lower() == "allow":
        return True
    allowed = {str(rule.get("id", "")).lower() for rule in rules.get("virtualNetworkRules") or ()}
    return subnet is not None and subnet.lower() in allowed


def _from_subnet(store: Store, place: str, resource: Resource, group: str) -> bool:
    wanted = place.lower()
    found = [
        one for one in store.find(SUBNETS) if wanted in {one["id"].lower(), one["name"].lower()}
    ]
    for subnet in found:
        network = subnet["id"].lower().rpartition("/subnets/")[0]
        near = {network, *_linked(store, network)}
        inside = any(
            str((endpoint["properties"].get("subnet") or {}).get("id", ""))
            .lower()
            .startswith(tuple(f"{one}/" for one in near))
            for endpoint in endpoints(store, resource, group)
        )
        if inside or _public(resource, subnet["id"]):
            return True
    return False


def _linked(store: Store, network: str) -> set[str]:
    """Return the networks that share a private DNS zone with this one."""
    zones: dict[str, set[str]] = {}
    for link in store.find(LINKS):
        linked = str((link["properties"].get("virtualNetwork") or {}).get("id", "")).lower()
        zones.setdefault(link["id"].lower().rpartition("/virtualnetworklinks/")[0], set()).add(
            linked
        )
    return {one for linked in zones.values() if network in linked for one in linked}


def _managed_network(store: Store, workspace_id: str, resource: Resource, group: str) -> bool:
    workspace = store.get(workspace_id)
    if workspace is None:
        return False
    target = resource["id"].lower()
    properties = workspace["properties"]
    network = properties.get("managedNetwork") or {}
    own = {workspace_id.lower()} | {
        str(properties.get(name) or "").lower()
        for name in ("storageAccount", "keyVault", "containerRegistry")
    }
    if str(network.get("isolationMode") or "Disabled") == "Disabled":
        return _public(resource, subnet=None)
    if target in own:
        return True  # the service makes these private endpoints by itself
    for rule in (network.get("outboundRules") or {}).values():
        destination = rule.get("destination")
        if rule.get("type") == "PrivateEndpoint" and isinstance(destination, dict):
            same = str(destination.get("serviceResourceId", "")).lower() == target
            if same and str(destination.get("subresourceTarget", "")).lower() == group.lower():
                return True
    return network.get("isolationMode") == "AllowInternetOutbound" and _public(resource, None)
