"""The checks of one security rule."""

import ipaddress
import re
from typing import Any

from emulator.arm.store import Resource
from emulator.providers.checks import bad, default, named, one_of

_LOWEST, _HIGHEST = 100, 4096
_LAST_PORT = 65535
_PROTOCOLS = ("Tcp", "Udp", "Icmp", "Esp", "Ah", "*")
_SERVICE_TAG = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*")
_PORTS = re.compile(r"(\d+)(?:-(\d+))?")


def complete(rule: Resource, others: list[Resource]) -> None:
    """Check and complete a rule beside the others of its group.

    Raises:
        ArmError: 400.
    """
    named(
        rule,
        r"[A-Za-z0-9]([\w.-]{0,78}\w)?",
        "InvalidResourceName",
        "Resource name '{name}' is invalid: at most 80 letters, digits, underscores, periods and "
        "hyphens, a letter or digit first, a letter, digit or underscore last.",
    )
    properties, name = rule["properties"], rule["name"]
    for word, allowed in (
        ("access", ("Allow", "Deny")),
        ("direction", ("Inbound", "Outbound")),
        ("protocol", _PROTOCOLS),
    ):
        path = f"securityRules.{name}.properties.{word}"
        properties[word] = one_of(properties.get(word), allowed, path, "InvalidRequestFormat")
    _check_priority(rule, others)
    for side in ("source", "destination"):
        _check_ports(properties, name, f"{side}PortRange")
        _check_addresses(properties, name, side)
    for listed in (
        "sourcePortRanges",
        "destinationPortRanges",
        "sourceAddressPrefixes",
        "destinationAddressPrefixes",
    ):
        default(properties, listed, [])
    properties["provisioningState"] = "Succeeded"


def _check_priority(rule: Resource, others: list[Resource]) -> None:
    name, priority = rule["name"], rule["properties"].get("priority")
    whole = isinstance(priority, int) and not isinstance(priority, bool)
    if not whole or not _LOWEST <= priority <= _HIGHEST:
        raise bad(
            "properties.priority",
            f"Security rule has invalid Priority. Value provided: {priority!r} Allowed range "
            f"{_LOWEST}-{_HIGHEST}. Rule: {name}.",
            "SecurityRuleInvalidPriority",
        )
    for other in others:
        theirs = other["properties"]
        if (theirs["priority"], theirs["direction"]) == (priority, rule["properties"]["direction"]):
            raise bad(
                "properties.priority",
                f"Security rule {name} conflicts with rule {other['name']}. Rules cannot have the "
                f"same Priority and Direction; both have {priority} {theirs['direction']}.",
                "SecurityRuleConflict",
            )


def _given(properties: dict[str, Any], one: str, many: str, name: str) -> list[object]:
    values = [properties[one]] if properties.get(one) else list(properties.get(many) or [])
    if properties.get(one) and properties.get(many):
        sentence = f"Security rule {name} has both {one} and {many}; wanted: one of them."
        raise bad(f"properties.{one}", sentence, "SecurityRuleParameterContainsUnsupportedValue")
    return values


def _missing(one: str, name: str) -> Exception:
    sentence = f"Required security rule parameters are missing for security rule {name}: {one}."
    return bad(f"properties.{one}", sentence, "SecurityRuleParameterNotSpecified")


def _check_ports(properties: dict[str, Any], name: str, word: str) -> None:
    values = _given(properties, word, f"{word}s", name)
    if not values:
        raise _missing(word, name)
    for value in values:
        match = _PORTS.fullmatch(str(value))
        low = int(match[1]) if match else -1
        high = int(match[2] or match[1]) if match else -1
        if value != "*" and not 0 <= low <= high <= _LAST_PORT:
            raise bad(
                f"properties.{word}",
                f"Security rule has invalid Port range. Value provided: {value}. Value should be "
                f"an integer OR integer range with '-' delimiter. Valid range 0-{_LAST_PORT}. "
                f"Rule: {name}.",
                "SecurityRuleInvalidPortRange",
            )


def _check_addresses(properties: dict[str, Any], name: str, side: str) -> None:
    word = f"{side}AddressPrefix"
    values = _given(properties, word, f"{word}es", name)
    if not values and not properties.get(f"{side}ApplicationSecurityGroups"):
        raise _missing(word, name)
    for value in values:
        if value != "*" and not _is_address(str(value)):
            raise bad(
                f"properties.{word}",
                f"Security rule has invalid Address prefix. Value provided: {value}; wanted: *, a "
                f"service tag, an address or a range in CIDR notation. Rule: {name}.",
                "SecurityRuleInvalidAddressPrefix",
            )


def _is_address(text: str) -> bool:
    if _SERVICE_TAG.fullmatch(text):
        return True
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
