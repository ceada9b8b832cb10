"""The networks of a cluster: of its pods and services, its API server, its way out."""

import ipaddress
import re
from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.providers.checks import (
    bad,
    choice,
    default,
    flag,
    ip_range,
    of_type,
    one_of,
    refer,
)
from emulator.providers.containerservice.pools import CLUSTER
from emulator.providers.network.subnets import TYPE as SUBNET
from emulator.providers.network.subnets import ranges_of

_ZONE = "Microsoft.Network/privateDnsZones"
_POLICIES = ("none", "calico", "azure", "cilium")
_OUTBOUND = (
    "loadBalancer",
    "userDefinedRouting",
    "managedNATGateway",
    "userAssignedNATGateway",
    "none",
    "block",
)
# What the subnets of nodes must have for a way out that their owner made.
_NEEDS = {
    "userDefinedRouting": ("routeTable", "ExistingRouteTableNotAssociatedWithSubnet"),
    "userAssignedNATGateway": ("natGateway", "ExistingNatGatewayNotAssociatedWithSubnet"),
}
_API_PREFIX = 28  # the smallest subnet that an API server takes


def complete(resource: Resource) -> None:
    """Check and complete how pods and services get their addresses.

    Raises:
        ArmError: 400.
    """
    network = default(resource["properties"], "networkProfile", {})
    plugin = choice(network, "networkPlugin", ("kubenet", "azure", "none"), "kubenet")
    mode = network.get("networkPluginMode")
    path = "properties.networkProfile"
    if mode is not None:
        network["networkPluginMode"] = one_of(mode, ("overlay",), f"{path}.networkPluginMode")
        if plugin != "azure":
            sentence = f"'{path}.networkPluginMode' is overlay, which needs networkPlugin azure."
            raise bad(f"{path}.networkPluginMode", sentence)
    _complete_policy(network, path)
    choice(network, "outboundType", _OUTBOUND, "loadBalancer")
    choice(network, "loadBalancerSku", ("standard", "basic"), "standard")
    if network["outboundType"] == "loadBalancer":
        profile = default(network, "loadBalancerProfile", {"managedOutboundIPs": {"count": 1}})
        default(profile, "backendPoolType", "nodeIPConfiguration")
    default(network, "ipFamilies", ["IPv4"])
    pods_are_apart = plugin == "kubenet" or mode is not None
    if pods_are_apart:
        default(network, "podCidr", "10.244.0.0/16")
        default(network, "podCidrs", [network["podCidr"]])
        ip_range(network["podCidr"], f"{path}.podCidr")
    elif network.get("podCidr") and plugin == "azure":
        sentence = f"'{path}.podCidr' needs networkPluginMode overlay with networkPlugin azure."
        raise bad(f"{path}.podCidr", sentence)
    default(network, "serviceCidr", "10.0.0.0/16")
    default(network, "serviceCidrs", [network["serviceCidr"]])
    services = ip_range(network["serviceCidr"], f"{path}.serviceCidr")
    server = default(network, "dnsServiceIP", str(services[10]))
    try:
        inside = ipaddress.ip_address(server) in services and server != str(services[1])
    except ValueError:
        inside = False
    if not inside:
        sentence = (
            f"'{path}.dnsServiceIP' is {server!r}; wanted: an address of serviceCidr {services}, "
            "not its first one."
        )
        raise bad(f"{path}.dnsServiceIP", sentence, "InvalidDNSServiceIP")
    if pods_are_apart and services.overlaps(ip_range(network["podCidr"], f"{path}.podCidr")):
        sentence = f"'{path}.podCidr' {network['podCidr']} overlaps with serviceCidr {services}."
        raise bad(f"{path}.podCidr", sentence, "PodCidrOverlapServiceCidr")


def _complete_policy(network: dict[str, Any], path: str) -> None:
    plugin, plane = network["networkPlugin"], network.get("networkDataplane")
    if plugin == "azure":
        plane = choice(network, "networkDataplane", ("azure", "cilium"), "azure")
    elif plane is not None:
        sentence = f"'{path}.networkDataplane' is {plane!r}, which needs networkPlugin azure."
        raise bad(f"{path}.networkDataplane", sentence)
    if plane == "cilium":
        default(network, "networkPolicy", "cilium")
    policy = choice(network, "networkPolicy", _POLICIES, "none")
    if (policy == "cilium") != (plane == "cilium") and policy != "none":
        sentence = (
            f"'{path}.networkPolicy' is {policy} and networkDataplane is {plane}; cilium is both "
            "or neither."
        )
        raise bad(f"{path}.networkPolicy", sentence)
    if policy == "azure" and plugin != "azure":
        sentence = f"'{path}.networkPolicy' is azure, which needs networkPlugin azure."
        raise bad(f"{path}.networkPolicy", sentence)


def check_subnets(ctx: Context, resource: Resource, pools: list[Resource]) -> None:
    """Refuse ranges that overlap with those of the nodes, and a way out that is not there.

    Raises:
        ArmError: 400.
    """
    network = resource["properties"]["networkProfile"]
    outbound = network["outboundType"]
    needed, code = _NEEDS.get(outbound, ("", ""))
    for pool in pools:
        id_ = pool["properties"].get("vnetSubnetID")
        subnet = of_type(ctx.store, id_, SUBNET)
        if subnet is None:
            if needed:
                sentence = (
                    f"properties.networkProfile.outboundType is {outbound}, which needs a subnet "
                    f"of your own; agent pool '{pool['name']}' has no vnetSubnetID."
                )
                raise bad("properties.networkProfile.outboundType", sentence, code)
            continue
        if needed and not subnet["properties"].get(needed):
            sentence = (
                f"properties.networkProfile.outboundType is {outbound}, but the subnet {id_} of "
                f"agent pool '{pool['name']}' has no {needed}; associate one first."
            )
            raise bad("properties.networkProfile.outboundType", sentence, code)
        for name in ("serviceCidr", "podCidr"):
            if not network.get(name):
                continue
            path = f"properties.networkProfile.{name}"
            mine = ip_range(network[name], path)
            for theirs in ranges_of(subnet):
                if mine.version == theirs.version and mine.overlaps(theirs):
                    sentence = f"'{path}' {mine} conflicts with the range {theirs} of subnet {id_}."
                    raise bad(
                        path, sentence, f"{name[0].upper()}{name[1:]}OverlapExistingSubnetsCidr"
                    )


def complete_api_server(ctx: Context, resource: Resource, previous: Resource | None) -> None:
    """Check and complete from where the API server is reached.

    Raises:
        ArmError: 400.
    """
    path = "properties.apiServerAccessProfile"
    profile = resource["properties"].get("apiServerAccessProfile")
    old = ((previous or {}).get("properties") or {}).get("apiServerAccessProfile") or {}
    if profile is None:
        if not old:
            return
        profile = resource["properties"]["apiServerAccessProfile"] = {
            name: old[name]
            for name in ("enablePrivateCluster", "enableVnetIntegration", "privateDNSZone")
            if name in old
        }
    private = flag(profile, "enablePrivateCluster", initial=False)
    integrated = flag(profile, "enableVnetIntegration", initial=False)
    flag(profile, "disableRunCommand", initial=False)
    was_private, was_integrated = (
        old.get("enablePrivateCluster", False),
        old.get("enableVnetIntegration", False),
    )
    if was_integrated and not integrated:
        sentence = f"'{path}.enableVnetIntegration' of '{resource['name']}' cannot be turned off."
        raise bad(f"{path}.enableVnetIntegration", sentence, "OperationNotAllowed")
    if previous is not None and private != was_private and not integrated:
        sentence = (
            f"Changing property '{path}.enablePrivateCluster' of '{resource['name']}' is not "
            "allowed without the API server's integration into a network."
        )
        raise ArmError(
            400, "PropertyChangeNotAllowed", sentence, "apiServerAccessProfile.enablePrivateCluster"
        )
    ranges = profile.get("authorizedIPRanges") or []
    for one in ranges:
        ip_range(one, f"{path}.authorizedIPRanges")
    if ranges and private and not integrated:
        sentence = f"'{path}.authorizedIPRanges' is not supported for a private cluster."
        raise bad(f"{path}.authorizedIPRanges", sentence)
    if private:
        flag(profile, "enablePrivateClusterPublicFQDN", initial=True)
        _check_zone(ctx, resource, default(profile, "privateDNSZone", "system"))
    elif profile.get("privateDNSZone") not in {None, "none"}:
        sentence = f"'{path}.privateDNSZone' needs '{path}.enablePrivateCluster' to be true."
        raise bad(f"{path}.privateDNSZone", sentence)
    _check_api_subnet(ctx, resource, integrated=integrated)


def _check_zone(ctx: Context, resource: Resource, zone: object) -> None:
    path = "properties.apiServerAccessProfile.privateDNSZone"
    profile = resource["properties"]["apiServerAccessProfile"]
    if str(zone).lower() == "none" and not profile["enablePrivateClusterPublicFQDN"]:
        sentence = f"'{path}' is none, which needs enablePrivateClusterPublicFQDN to be true."
        raise bad(path, sentence)
    if str(zone).lower() in {"system", "none"}:
        if resource["properties"].get("fqdnSubdomain"):
            sentence = f"properties.fqdnSubdomain needs a zone of your own in '{path}'."
            raise bad("properties.fqdnSubdomain", sentence)
        return
    found = refer(ctx, resource, path, _ZONE, "PrivateDNSZoneNotFound")
    region = resource["location"]
    pattern = rf"([\w-]{{1,32}}\.)?(privatelink|private)\.{region}\.azmk8s\.io"
    if found is None or not re.fullmatch(pattern, found["name"].lower()):
        sentence = (
            f"'{path}' is {zone!r}; wanted: a zone named privatelink.{region}.azmk8s.io or "
            f"subzone.privatelink.{region}.azmk8s.io."
        )
        raise bad(path, sentence, "InvalidPrivateDNSZone")
    _need_own_identity(resource, path, "CustomPrivateDNSZoneNotSupportedForSystemAssignedIdentity")


def _check_api_subnet(ctx: Context, resource: Resource, *, integrated: bool) -> None:
    path = "properties.apiServerAccessProfile.subnetId"
    subnet = refer(ctx, resource, path, SUBNET, "LinkedInvalidPropertyId")
    if subnet is None:
        return
    if not integrated:
        raise bad(path, f"'{path}' needs enableVnetIntegration to be true.")
    delegated = {
        str((one.get("properties") or {}).get("serviceName")).lower()
        for one in subnet["properties"].get("delegations") or []
    }
    if CLUSTER.lower() not in delegated:
        sentence = f"Subnet {subnet['id']} of '{path}' must be delegated to {CLUSTER}."
        raise bad(path, sentence, "SubnetMissingRequiredDelegation")
    if all(one.prefixlen > _API_PREFIX for one in ranges_of(subnet)):
        sentence = f"Subnet {subnet['id']} of '{path}' is too small; wanted: /{_API_PREFIX}."
        raise bad(path, sentence)
    _need_own_identity(resource, path, "ApiServerSubnetNotSupportedForSystemAssignedIdentity")


def _need_own_identity(resource: Resource, path: str, code: str) -> None:
    if not (resource.get("identity") or {}).get("userAssignedIdentities"):
        sentence = f"'{path}' needs a user-assigned identity with rights on it; found none."
        raise bad(path, sentence, code)
