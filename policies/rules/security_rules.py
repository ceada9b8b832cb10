"""Reads security rules: one or many sources and ports, inline in a group or as resources."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from ipaddress import ip_network

from policies.engine.props import Many, Props
from policies.engine.resource import Resource
from policies.engine.values import Value
from policies.engine.verdict import PASS, Evidence, Verdict, all_of, any_of

GROUP, SECURITY_RULE = "network:NetworkSecurityGroup", "network:SecurityRule"
Ports = Mapping[int, str]
"""Ports with what they are for."""

_PORTS = re.compile(r"\s*([0-9]{1,5})\s*(?:-\s*([0-9]{1,5})\s*)?")
_EVERYONE = (
    "*",
    "any",
    "internet",
    "0.0.0.0/0",
    "::/0",
    "0.0.0.0",  # noqa: S104 - what is refused here
)
# No private range is shorter than 10.0.0.0/8, so what is wider holds public addresses: two /1
# are the whole internet as much as one /0.
_SHORTEST_PRIVATE_PREFIX = 8


def entries(resource: Resource, check: Callable[[Props], Verdict]) -> Verdict:
    if resource.kind.is_one_of((SECURITY_RULE,)):
        return check(resource)
    return resource["securityRules"].elements().all(check)


def shut(entry: Props) -> Verdict:
    """Whether a security rule lets nobody in, whatever else it says."""
    verdict = entry["direction"].must_equal("Outbound", known=["Inbound"])
    return verdict | entry["access"].must_equal("Deny", known=["Allow"])


def unless_shut(entry: Props, then: Callable[[], Verdict]) -> Verdict:
    """Ask of a security rule that may let somebody in; most of them need no second look."""
    verdict = shut(entry)
    return verdict if verdict.outcome is PASS else verdict | then()


def sources(entry: Props) -> Many:
    return entry.one_or_many("sourceAddressPrefix", "sourceAddressPrefixes")


def ports_of(entry: Props) -> Many:
    return entry.one_or_many("destinationPortRange", "destinationPortRanges")


def of_bastion(all_entries: Iterable[Props]) -> Verdict:
    """Whether these are the rules of a bastion host, by what Azure refuses to do without.

    https://learn.microsoft.com/azure/bastion/bastion-nsg
    """
    tag, port = "GatewayManager", "443"
    controlled = (
        all_of(
            (
                entry["direction"].must_equal("Inbound", known=["Outbound"]),
                entry["access"].must_equal("Allow", known=["Deny"]),
                sources(entry).any(lambda source: source.must_equal(tag), wanted=tag),
                ports_of(entry).any(lambda ports: ports.must_equal(port), wanted=port),
            )
        )
        for entry in all_entries
    )
    missing = Evidence("securityRules", "without such a rule", f"{tag} let in on {port}")
    return any_of(controlled, otherwise=missing)


def not_everyone(source: Props) -> Verdict:
    # A shown text is one that this rule knows, or an address range: never a secret.
    text = source.text
    known = [*_EVERYONE, *([text] if text and _is_wide(text) else [])]
    return source.must(is_narrow, wanted="named sources", known=known)


def without(refused: Ports) -> Callable[[Props], Verdict]:
    """Ask of ports whether they hold none of these."""
    wanted = "ports without " + ", ".join(f"{port} ({name})" for port, name in refused.items())

    def check(ports: Props) -> Verdict:
        text = ports.text
        known = ["*", *([text] if text and _span(text) else [])]
        return ports.must(lambda value: not _holds(value, refused), wanted=wanted, known=known)

    return check


def within(allowed: Collection[int]) -> Callable[[Props], Verdict]:
    """Ask of ports whether they hold no others than these."""
    wanted = "only ports " + ", ".join(map(str, allowed))
    return lambda ports: ports.must(lambda value: _only(value, allowed), wanted=wanted)


def holds(port: int) -> Callable[[Props], Verdict]:
    """Ask of ports whether they hold this one."""
    return lambda ports: ports.must(lambda value: _holds(value, [port]), wanted=str(port))


def is_narrow(value: Value) -> bool:
    if not isinstance(value, str):
        return True
    return value.strip().casefold() not in _EVERYONE and not _is_wide(value)


def _is_wide(text: str) -> bool:
    try:
        return ip_network(text.strip(), strict=False).prefixlen < _SHORTEST_PRIVATE_PREFIX
    except ValueError:
        return False  # a service tag


def _holds(value: Value, ports: Iterable[int]) -> bool:
    if isinstance(value, int | float):
        return value in set(ports)
    if not isinstance(value, str):
        return False
    if value.strip() == "*":
        return True
    span = _span(value)
    return span is not None and any(span[0] <= port <= span[1] for port in ports)


def _only(value: Value, allowed: Collection[int]) -> bool:
    if isinstance(value, int | float):
        return value in allowed
    span = _span(value) if isinstance(value, str) else None
    return span is not None and all(port in allowed for port in range(span[0], span[1] + 1))


def _span(text: str) -> tuple[int, int] | None:
    match = _PORTS.fullmatch(text)
    return (int(match[1]), int(match[2] or match[1])) if match else None
