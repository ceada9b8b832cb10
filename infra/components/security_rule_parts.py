"""What the security rules of a subnet are made of."""

from collections.abc import Sequence
from typing import NamedTuple

from pulumi_azure_native.network import (
    SecurityRuleAccess,
    SecurityRuleArgsDict,
    SecurityRuleDirection,
    SecurityRuleProtocol,
)

IN, OUT = SecurityRuleDirection.INBOUND, SecurityRuleDirection.OUTBOUND
TCP, UDP = SecurityRuleProtocol.TCP, SecurityRuleProtocol.UDP
ANY = SecurityRuleProtocol.ASTERISK
NETWORK = "VirtualNetwork"
HTTPS = ("443",)
_LOGINS = ("22", "3389")
_ALWAYS, _FIRST, _STEP, _LAST = 100, 110, 10, 4096


class Peer(NamedTuple):
    """Who may be talked with: a service tag or address range, by what it is allowed for."""

    purpose: str
    address: str
    ports: Sequence[str] = HTTPS
    protocol: SecurityRuleProtocol = TCP


def closed(
    direction: SecurityRuleDirection, peers: Sequence[Peer], here: str
) -> list[SecurityRuleArgsDict]:
    return [*allowed(direction, peers, here), deny_all(direction)]


def allowed(
    direction: SecurityRuleDirection, peers: Sequence[Peer], here: str = NETWORK
) -> list[SecurityRuleArgsDict]:
    return rules_of(direction, [(peer, here) for peer in peers])


def rules_of(
    direction: SecurityRuleDirection, peers: Sequence[tuple[Peer, str]]
) -> list[SecurityRuleArgsDict]:
    """One rule for each peer and this subnet's own end of the connection."""
    rules: list[SecurityRuleArgsDict] = []
    for index, (peer, here) in enumerate(peers):
        rule: SecurityRuleArgsDict = {
            "name": f"allow-{peer.purpose}-{direction.value.lower()}",
            "priority": _FIRST + _STEP * index,
            "direction": direction,
            "access": SecurityRuleAccess.ALLOW,
            "protocol": peer.protocol,
            "source_address_prefix": peer.address if direction is IN else here,
            "source_port_range": "*",
            "destination_address_prefix": peer.address if direction is OUT else here,
        }
        # Azure takes one port in one property and several in another.
        if len(peer.ports) == 1:
            rule["destination_port_range"] = peer.ports[0]
        else:
            rule["destination_port_ranges"] = list(peer.ports)
        rules.append(rule)
    return rules


def deny_all(direction: SecurityRuleDirection) -> SecurityRuleArgsDict:
    return {
        "name": f"deny-all-{direction.value.lower()}",
        "priority": _LAST,
        "direction": direction,
        "access": SecurityRuleAccess.DENY,
        "protocol": ANY,
        "source_address_prefix": "*",
        "source_port_range": "*",
        "destination_address_prefix": "*",
        "destination_port_range": "*",
    }


def deny_logins() -> SecurityRuleArgsDict:
    """No SSH and no remote desktop to neighbours, whatever else the rules allow."""
    return {
        "name": "deny-logins-outbound",
        "priority": _ALWAYS,
        "direction": OUT,
        "access": SecurityRuleAccess.DENY,
        "protocol": ANY,
        "source_address_prefix": "*",
        "source_port_range": "*",
        "destination_address_prefix": NETWORK,
        "destination_port_ranges": list(_LOGINS),
    }
