"""Checks of the network's options: what excludes what, and what cannot work alone."""

import re

from infra.addresses import DOCKER_BRIDGE, KUBERNETES_PODS, KUBERNETES_SERVICES, stamp_addresses
from infra.checks.addresses import room_for_regions
from infra.problems import Problem
from infra.settings import Egress, FirewallSku, Isolation, Outbound, Settings

_GROUP_ID = r"/subscriptions/[^/]+/resource[gG]roups/[^/]+"
_NETWORK_ID = _GROUP_ID + r"/providers/Microsoft\.Network/virtualNetworks/[^/]+"


def managed_or_own(settings: Settings, prefix: str) -> list[Problem]:
    """Rules of the managed network say nothing where training runs in a network of our own."""
    workspace = settings.workspace
    if settings.isolation is Isolation.MANAGED:
        return []
    given = {
        "outbound": workspace.outbound is Outbound.APPROVED,
        "allowed_hosts": bool(workspace.allowed_hosts),
        "allowed_services": bool(workspace.allowed_services),
        "firewall_sku": workspace.firewall_sku is not FirewallSku.BASIC,
    }
    return [
        Problem(
            f"{prefix}workspace.{key}",
            "a rule of the managed network while isolation is own_vnet",
            "isolation: managed, or no such rule",
            "remove it; network.egress: firewall and network.allowed_hosts do the same there",
        )
        for key, is_given in given.items()
        if is_given
    ]


def hosts_with_firewall(settings: Settings, prefix: str) -> list[Problem]:
    """A list of hosts needs the firewall that knows hosts."""
    if settings.network.egress is Egress.FIREWALL or not settings.network.allowed_hosts:
        return []
    return [
        Problem(
            f"{prefix}network.allowed_hosts",
            "a list while network.egress is nat",
            "network.egress: firewall",
            "set it, or remove the list",
        )
    ]


def usable_hub(settings: Settings, prefix: str) -> list[Problem]:
    """A hub is a network, its gateway is the only one, its zones are in a group."""
    network = settings.network
    problems: list[Problem] = []
    if network.hub and not re.fullmatch(_NETWORK_ID, network.hub):
        wanted = "the id of a virtual network (.../Microsoft.Network/virtualNetworks/NAME)"
        problems.append(Problem(f"{prefix}network.hub", network.hub, wanted, "correct it"))
    if network.zones_group and not re.fullmatch(_GROUP_ID, network.zones_group):
        wanted = "the id of a resource group (/subscriptions/ID/resourceGroups/NAME)"
        found = network.zones_group
        problems.append(Problem(f"{prefix}network.zones_group", found, wanted, "correct it"))
    key = f"{prefix}network.hub_gateway"
    if network.hub_gateway and network.hub is None:
        found, fix = "true without network.hub", "add the hub's id, or remove hub_gateway"
        problems.append(Problem(key, found, "a hub with a gateway", fix))
    if network.hub_gateway and settings.entry.vpn.enabled:
        found = "true beside entry.vpn, which makes a gateway of the stamp's own"
        wanted = "one gateway: Azure lets no network use two"
        problems.append(Problem(key, found, wanted, "turn one of the two off"))
    return problems


def one_monitoring_scope(settings: Settings, prefix: str) -> list[Problem]:
    """Two private link scopes write the same names into the same zones: the last one wins."""
    shared = settings.network.zones_group is not None and settings.monitoring.private
    if not shared or len(settings.regions) == 1:
        return []
    return [
        Problem(
            f"{prefix}monitoring.private",
            f"true in {len(settings.regions)} regions that share network.zones_group",
            "one private link scope for each set of zones",
            "set it to false and use the hub's scope, or keep zones of our own",
        )
    ]


def usable_bastion(settings: Settings, prefix: str) -> list[Problem]:
    """A jump host takes no password, so it needs a key; and people come from somewhere."""
    bastion = settings.entry.bastion
    if not bastion.enabled:
        return []
    wanted = {
        "ssh_public_key": (
            bastion.ssh_public_key,
            "a public key",
            "make one with `ssh-keygen -t ed25519` and give the .pub file's line",
        ),
        "allowed_from": (
            bastion.allowed_from,
            "the public ranges that people come from",
            "add the office's or the proxy's, such as 203.0.113.0/24",
        ),
    }
    return [
        Problem(
            f"{prefix}entry.bastion.{key}",
            "nothing",
            f"{what} while entry.bastion.enabled is true",
            fix,
        )
        for key, (given, what, fix) in wanted.items()
        if not given
    ]


def separate_clients(settings: Settings, prefix: str) -> list[Problem]:
    """Clients, pods and services get addresses that no network has."""
    if room_for_regions(settings, prefix):
        return []
    taken = [
        (f"network of {region}", stamp_addresses(settings, region).space)
        for region in dict.fromkeys(settings.regions)
    ]
    taken += [("network.reserved", network) for network in settings.network.reserved]
    inside = [("Kubernetes pods", KUBERNETES_PODS), ("Kubernetes services", KUBERNETES_SERVICES)]
    problems: list[Problem] = []
    if settings.entry.vpn.enabled:
        clients = settings.entry.vpn.clients
        others = [*taken, ("Docker in Azure Machine Learning", DOCKER_BRIDGE)]
        others += inside if settings.kubernetes.enabled else []
        problems += [
            Problem(
                f"{prefix}entry.vpn.clients",
                f"{clients}, which overlaps {other} ({name})",
                "a range that nothing else uses",
                "choose another, such as 172.31.240.0/24",
            )
            for name, other in others
            if clients.overlaps(other)
        ]
    if settings.kubernetes.enabled:
        problems += [
            Problem(
                f"{prefix}network",
                f"{space} ({name}), which overlaps {range_} ({what})",
                "networks outside what Kubernetes hands out inside the cluster",
                "choose another range for the network",
            )
            for name, space in taken
            for what, range_ in inside
            if space.overlaps(range_)
        ]
    return problems
