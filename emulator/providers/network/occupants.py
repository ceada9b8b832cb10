"""What stands in subnets and holds addresses, private and public."""

from collections.abc import Iterator
from typing import Any

from emulator.arm.store import Resource, Store

INTERFACE = "Microsoft.Network/networkInterfaces"
BASTION = "Microsoft.Network/bastionHosts"
FIREWALL = "Microsoft.Network/azureFirewalls"
GATEWAY = "Microsoft.Network/virtualNetworkGateways"
NAT = "Microsoft.Network/natGateways"
INBOUND = "Microsoft.Network/dnsResolvers/inboundEndpoints"
OUTBOUND = "Microsoft.Network/dnsResolvers/outboundEndpoints"
CONTAINERS = "Microsoft.ContainerInstance/containerGroups"
_CLUSTER = "Microsoft.ContainerService/managedClusters"
_POOL = f"{_CLUSTER}/agentPools"
_STANDING = (
    INTERFACE,
    BASTION,
    FIREWALL,
    GATEWAY,
    INBOUND,
    OUTBOUND,
    CONTAINERS,
    _CLUSTER,
    _POOL,
)


def configurations(resource: Resource) -> Iterator[dict[str, Any]]:
    """Yield what a resource says of each of its places: subnet and addresses."""
    properties = resource.get("properties") or {}
    if properties.get("subnet"):
        yield properties  # an outbound endpoint
    for one in properties.get("subnetIds") or []:
        address = (properties.get("ipAddress") or {}).get("ip")
        yield {"subnet": one, **({"privateIPAddress": address} if address else {})}
    # Nodes of a cluster, their pods and the API server.
    access = properties.get("apiServerAccessProfile") or {}
    for id_ in (
        properties.get("vnetSubnetID"),
        properties.get("podSubnetID"),
        access.get("subnetId"),
    ):
        if id_:
            yield {"subnet": {"id": id_}}
    managing = properties.get("managementIpConfiguration")
    for one in [*(properties.get("ipConfigurations") or []), *([managing] if managing else [])]:
        yield one.get("properties") or one  # DNS resolvers write them flat


def _is(part: dict[str, Any], name: str, wanted: str) -> bool:
    return str((part.get(name) or {}).get("id", "")).lower() == wanted.lower()


def occupants(store: Store, subnet_id: str) -> list[Resource]:
    """Return what stands in a subnet besides private endpoints."""
    return [
        resource
        for type_ in _STANDING
        for resource in store.find(type_)
        if not (resource.get("properties") or {}).get("privateEndpoint")
        and any(_is(part, "subnet", subnet_id) for part in configurations(resource))
    ]


def addresses_in(store: Store, subnet_id: str, but: str = "") -> set[str]:
    """Return the private addresses that are taken in a subnet by others than `but`."""
    return {
        str(part.get("privateIPAddress") or part.get("privateIpAddress"))
        for type_ in _STANDING
        for resource in store.find(type_)
        if resource["id"].lower() != but.lower()
        for part in configurations(resource)
        if _is(part, "subnet", subnet_id)
    }


def holders(store: Store, address_id: str, but: str = "") -> list[Resource]:
    """Return what has a public address, other than `but`."""
    wanted = address_id.lower()
    found = [
        resource
        for type_ in _STANDING
        for resource in store.find(type_)
        if any(_is(part, "publicIPAddress", address_id) for part in configurations(resource))
    ]
    found += [
        gateway
        for gateway in store.find(NAT)
        if any(
            str(one.get("id", "")).lower() == wanted
            for one in gateway["properties"].get("publicIpAddresses") or []
        )
    ]
    return [one for one in found if one["id"].lower() != but.lower()]
