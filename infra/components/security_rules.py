"""The security rules of each subnet; what no rule allows is denied."""

from pulumi_azure_native.network import (
    SecurityRuleAccess,
    SecurityRuleArgsDict,
    SecurityRuleDirection,
    SecurityRuleProtocol,
)

from infra.addresses import Purpose

_IN, _OUT = SecurityRuleDirection.INBOUND, SecurityRuleDirection.OUTBOUND
_ALLOW, _DENY = SecurityRuleAccess.ALLOW, SecurityRuleAccess.DENY
_TCP, _ANY = SecurityRuleProtocol.TCP, SecurityRuleProtocol.ASTERISK
_LAST_PRIORITY = 4096


def rules_for(purpose: Purpose) -> list[SecurityRuleArgsDict]:
    """The rules of a subnet, in the order of their priorities."""
    match purpose:
        case Purpose.PRIVATE_ENDPOINTS:
            return [
                _rule(
                    100, "allow-clients-in", _IN, _ALLOW, "VirtualNetwork", "VirtualNetwork", "443"
                ),
                _deny_all_in(),
                # Endpoints answer; they never open a connection.
                _rule(_LAST_PRIORITY, "deny-all-out", _OUT, _DENY, "*", "*", "*"),
            ]
        case Purpose.ACCESS:
            return [
                _deny_all_in(),
                _rule(100, "allow-platform-out", _OUT, _ALLOW, "*", "VirtualNetwork", "443"),
                _rule(110, "allow-sign-in-out", _OUT, _ALLOW, "*", "AzureActiveDirectory", "443"),
                _rule(120, "allow-manage-out", _OUT, _ALLOW, "*", "AzureResourceManager", "443"),
                # The studio's own pages come from there.
                _rule(130, "allow-studio-out", _OUT, _ALLOW, "*", "AzureFrontDoor.FrontEnd", "443"),
                _rule(_LAST_PRIORITY, "deny-all-out", _OUT, _DENY, "*", "*", "*"),
            ]


def _deny_all_in() -> SecurityRuleArgsDict:
    return _rule(_LAST_PRIORITY, "deny-all-in", _IN, _DENY, "*", "*", "*")


def _rule(
    priority: int,
    name: str,
    direction: SecurityRuleDirection,
    access: SecurityRuleAccess,
    source: str,
    destination: str,
    ports: str,
) -> SecurityRuleArgsDict:
    return {
        "name": name,
        "priority": priority,
        "direction": direction,
        "access": access,
        "protocol": _ANY if ports == "*" else _TCP,
        "source_address_prefix": source,
        "source_port_range": "*",
        "destination_address_prefix": destination,
        "destination_port_range": ports,
    }
