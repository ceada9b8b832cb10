"""Network reachability: does a caller at a place get to a resource's data plane?"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from emulator.access import firewall, managed, places
from emulator.access.places import Stand
from emulator.arm.store import Resource, Store

ENDPOINTS = "Microsoft.Network/privateEndpoints"
LINKS = "Microsoft.Network/privateDnsZones/virtualNetworkLinks"
# The zone in which the address of an endpoint is found, by the group that it leads to.
_ZONES = {
    "vault": "privatelink.vaultcore.azure.net",
    "registry": "privatelink.azurecr.io",
    "amlworkspace": "privatelink.api.azureml.ms",
    "amlregistry": "privatelink.api.azureml.ms",
}


@dataclass(frozen=True)
class Refusal:
    """Why a caller does not get through, with the code that the service answers with."""

    code: str
    message: str


@dataclass(frozen=True)
class _Words:
    """Code and sentence of a service: for a closed public side, and for its firewall."""

    closed: tuple[str, str]
    filtered: tuple[str, str]


_STORAGE = ("AuthorizationFailure", "This request is not authorized to perform this operation.")
_ML = (
    "PublicNetworkAccessDisabled",
    "Public network access is disabled. Please use a private endpoint.",
)
_REGISTRY = (
    "client with IP is not allowed access, refer https://aka.ms/acr/firewall to grant access"
)
_WORDS = {
    "microsoft.storage/storageaccounts": _Words(_STORAGE, _STORAGE),
    "microsoft.keyvault/vaults": _Words(
        (
            "ForbiddenByConnection",
            (
                "Public network access is disabled and request is not from a trusted service nor "
                "via an approved private link."
            ),
        ),
        (
            "ForbiddenByFirewall",
            "Client address is not authorized and caller is not a trusted service.",
        ),
    ),
    "microsoft.containerregistry/registries": _Words(("DENIED", _REGISTRY), ("DENIED", _REGISTRY)),
}
_OTHERS = _Words(_ML, _ML)

# The approved endpoints by the id of their target, for one state of the store.
_Approved = dict[str, list[tuple[frozenset[str], Resource]]]
_cache: WeakKeyDictionary[Store, tuple[int, _Approved]] = WeakKeyDictionary()


def reaches(store: Store, place: str, resource: Resource, group: str) -> Refusal | None:
    """Return None if a caller at `place` gets to the sub-resource `group`, else why not."""
    stand = places.understand(store, place)
    kind = firewall.CLOSED
    if stand.workspace:
        reason = managed.refusal(store, stand, resource, group)
    else:
        shut = firewall.refusal(resource, stand)
        reason = shut.reason if shut else None
        kind = shut.kind if shut else kind
        if shut and _through_endpoint(store, stand, resource, group):
            reason = None
    if reason is None:
        return None
    words = _WORDS.get(resource["type"].lower(), _OTHERS)
    code, sentence = words.closed if kind == firewall.CLOSED else words.filtered
    way = _way_in(store, stand, resource, group)
    told = f"{resource['name']} ({group}) does not answer {stand.word}: {reason}. {way}"
    return Refusal(code, f"{sentence} (Local Azure: {told})")


def endpoints(store: Store, resource: Resource, group: str) -> list[Resource]:
    """Return the approved private endpoints to a sub-resource."""
    found = _approved(store).get(resource["id"].lower(), ())
    return [endpoint for groups, endpoint in found if group.lower() in groups]


def _approved(store: Store) -> _Approved:
    revision = store.revision
    cached = _cache.get(store)
    if cached is not None and cached[0] == revision:
        return cached[1]
    found: _Approved = {}
    for endpoint in store.find(ENDPOINTS):
        for connection in _connections(endpoint):
            state = connection.get("privateLinkServiceConnectionState") or {}
            if state.get("status", "Approved") == "Approved":
                target = str(connection.get("privateLinkServiceId", "")).lower()
                groups = frozenset(str(one).lower() for one in connection.get("groupIds") or ())
                found.setdefault(target, []).append((groups, endpoint))
    _cache[store] = (revision, found)
    return found


def _connections(endpoint: Resource) -> list[dict]:
    properties = endpoint["properties"]
    both = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
    return [one.get("properties") or {} for name in both for one in properties.get(name) or ()]


def _through_endpoint(store: Store, stand: Stand, resource: Resource, group: str) -> bool:
    found = endpoints(store, resource, group)
    if stand.is_private:
        return bool(found)
    if not found or not stand.subnets:
        return False
    homes = {_network_of(endpoint) for endpoint in found}
    near: set[str] = set()
    for subnet in stand.subnets:
        network = subnet["id"].lower().rpartition("/subnets/")[0]
        near |= {network, *_linked(store, network, group)}
    return not homes.isdisjoint(near)


def _network_of(endpoint: Resource) -> str:
    subnet = endpoint["properties"].get("subnet") or {}
    return str(subnet.get("id", "")).lower().rpartition("/subnets/")[0]


def _linked(store: Store, network: str, group: str) -> set[str]:
    """Return the networks that resolve a group's names in a zone that this one is linked to."""
    wanted = _ZONES.get(group.lower(), f"privatelink.{group.lower()}.core.windows.net")
    zones: dict[str, set[str]] = {}
    for link in store.find(LINKS):
        zone = link["id"].lower().rpartition("/virtualnetworklinks/")[0]
        if zone.endswith(f"/{wanted}"):
            linked = str((link["properties"].get("virtualNetwork") or {}).get("id", "")).lower()
            zones.setdefault(zone, set()).add(linked)
    return {one for linked in zones.values() if network in linked for one in linked}


def _way_in(store: Store, stand: Stand, resource: Resource, group: str) -> str:
    if stand.workspace:
        return (
            f"Give the managed network a PrivateEndpoint rule to {resource['name']} (subresource "
            f"{group})."
        )
    found = endpoints(store, resource, group)
    if not found:
        return (
            f"It has no approved private endpoint of group {group}: make one in the caller's "
            "network, or open its public side to the caller."
        )
    homes = sorted({_network_of(endpoint).rpartition("/")[2] for endpoint in found})
    return (
        f"It has a private endpoint in {', '.join(homes)}: call from there (`azlocal exec --from "
        "private` or a subnet)."
    )
