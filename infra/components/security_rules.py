"""The security rules of each subnet; what no rule allows is denied."""

from pulumi_azure_native.network import (
    SecurityRuleAccess,
    SecurityRuleArgsDict,
    SecurityRuleDirection,
    SecurityRuleProtocol,
)

from infra.addresses import Purpose

_IN, _OUT = SecurityRuleDirection.INBOUND, SecurityRuleDirection.OUTBOUND
_NETWORK = "VirtualNetwork"
_FIRST, _STEP, _LAST = 100, 10, 4096


def rules_for(purpose: Purpose) -> list[SecurityRuleArgsDict]:
    """The rules of a subnet, in the order of their priorities."""
    match purpose:
        case Purpose.PRIVATE_ENDPOINTS:
            # Endpoints answer; they never open a connection.
            return [*_allowed(_IN, {"clients": _NETWORK}), _deny_all(_IN), _deny_all(_OUT)]
        case Purpose.ACCESS:
            out = {
                "platform": _NETWORK,
                "sign-in": "AzureActiveDirectory",
                "management": "AzureResourceManager",
                # The studio's own pages come from there.
                "studio": "AzureFrontDoor.Frontend",
            }
            return [_deny_all(_IN), *_allowed(_OUT, out), _deny_all(_OUT)]


def _allowed(direction: SecurityRuleDirection, peers: dict[str, str]) -> list[SecurityRuleArgsDict]:
    """HTTPS with each peer: a service tag or address range, by what it is allowed for."""
    return [
        {
            "name": f"allow-{name}-{direction.value.lower()}",
            "priority": _FIRST + _STEP * index,
            "direction": direction,
            "access": SecurityRuleAccess.ALLOW,
            "protocol": SecurityRuleProtocol.TCP,
            "source_address_prefix": peer if direction is _IN else _NETWORK,
            "source_port_range": "*",
            "destination_address_prefix": peer if direction is _OUT else _NETWORK,
            "destination_port_range": "443",
        }
        for index, (name, peer) in enumerate(peers.items())
    ]


def _deny_all(direction: SecurityRuleDirection) -> SecurityRuleArgsDict:
    return {
        "name": f"deny-all-{direction.value.lower()}",
        "priority": _LAST,
        "direction": direction,
        "access": SecurityRuleAccess.DENY,
        "protocol": SecurityRuleProtocol.ASTERISK,
        "source_address_prefix": "*",
        "source_port_range": "*",
        "destination_address_prefix": "*",
        "destination_port_range": "*",
    }
