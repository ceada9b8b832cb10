"""Security rules by port and direction: what the internet and the neighbours may try."""

from collections.abc import Iterable, Mapping

from policies.engine.levels import Severity
from policies.engine.props import Many, Props
from policies.engine.resource import Node, Resource
from policies.engine.rule import graph_rule, rule
from policies.engine.settings import Parameter, texts
from policies.engine.values import UNKNOWN, Value
from policies.engine.verdict import (
    FAIL,
    PASS,
    PASSED,
    UNDECIDED,
    Evidence,
    Verdict,
    all_of,
    any_of,
    not_applicable,
)
from policies.rules.security_rules import (
    GROUP,
    SECURITY_RULE,
    entries,
    holds,
    is_narrow,
    not_everyone,
    of_bastion,
    ports_of,
    sources,
    unless_shut,
    within,
    without,
)

_DOCS = "https://learn.microsoft.com/azure/virtual-network"
_WEB = {80: "http", 443: "https"}
_SENSITIVE = {
    21: "ftp",
    23: "telnet",
    25: "smtp",
    135: "rpc",
    139: "netbios",
    445: "smb",
    1433: "sql server",
    1521: "oracle",
    2375: "docker",
    2376: "docker",
    3306: "mysql",
    5432: "postgresql",
    5601: "kibana",
    5900: "vnc",
    5985: "winrm",
    5986: "winrm",
    6379: "redis",
    6443: "kubernetes",
    8888: "jupyter",
    9042: "cassandra",
    9092: "kafka",
    9200: "elasticsearch",
    10250: "kubelet",
    11211: "memcached",
    27017: "mongodb",
}


def _ports(description: str, default: Iterable[int]) -> Parameter:
    items = {"type": "string", "pattern": "^[0-9]{1,5}$"}
    return Parameter(
        description, [str(port) for port in default], {"type": "array", "items": items}
    )


def _named(resource: Resource, names: Mapping[int, str]) -> dict[int, str]:
    said = [int(text) for text in resource.settings.texts("ports") if text.isdecimal()]
    return {port: names.get(port, "named by the setting") for port in said}


def _closed(entry: Props, ports: Mapping[int, str]) -> Verdict:
    """Whether a rule leaves these ports, over tcp, to named sources."""

    def named() -> Verdict:
        no_tcp = entry["protocol"].or_default("*").must_equal("Udp", "Icmp", "Esp", "Ah")
        return no_tcp | sources(entry).all(not_everyone) | ports_of(entry).all(without(ports))

    return unless_shut(entry, named)


@rule(
    "network-no-web-from-internet",
    types=[GROUP, SECURITY_RULE],
    severity=Severity.HIGH,
    requirements=["N-04"],
    title="No security rule opens http or https to the internet",
    fix="Put Front Door or a gateway in front and name its service tag as the source.",
    url=f"{_DOCS}/network-security-groups-overview",
    parameters={"ports": _ports("Ports that web servers answer on.", _WEB)},
)
def no_web_from_internet(resource: Resource) -> Verdict:
    """What answers the internet stands behind a firewall for web traffic, not beside it."""
    ports = _named(resource, _WEB)
    return entries(resource, lambda entry: _closed(entry, ports))


@rule(
    "network-no-udp-from-internet",
    types=[GROUP, SECURITY_RULE],
    severity=Severity.HIGH,
    requirements=["N-05"],
    title="No security rule lets udp in from the internet",
    fix="Name the sources in source_address_prefix(es), or make the protocol Tcp.",
    url=f"{_DOCS}/network-security-groups-overview",
)
def no_udp_from_internet(resource: Resource) -> Verdict:
    """A sender of udp can claim any address, and turn the answers against others."""

    def check(entry: Props) -> Verdict:
        other = entry["protocol"].or_default("*").must_equal("Tcp", "Icmp", "Esp", "Ah")
        return unless_shut(entry, lambda: other | sources(entry).all(not_everyone))

    return entries(resource, check)


@rule(
    "network-no-sensitive-ports-from-internet",
    types=[GROUP, SECURITY_RULE],
    severity=Severity.HIGH,
    requirements=["N-06"],
    title="No security rule opens databases, shares or consoles to the internet",
    fix="Name the sources in source_address_prefix(es), or use a private endpoint.",
    url=f"{_DOCS}/network-security-groups-overview",
    parameters={"ports": _ports("Ports that the internet never needs.", _SENSITIVE)},
)
def no_sensitive_ports_from_internet(resource: Resource) -> Verdict:
    """Many of these ask for no password at all, for they were made for closed networks."""
    ports = _named(resource, _SENSITIVE)
    return entries(resource, lambda entry: _closed(entry, ports))


@rule(
    "network-no-outbound-to-anywhere",
    types=[GROUP, SECURITY_RULE],
    severity=Severity.MEDIUM,
    requirements=["N-07"],
    title="No security rule lets traffic out to everywhere",
    fix="Name the targets in destination_address_prefix(es): address ranges or service tags.",
    url=f"{_DOCS}/service-tags-overview",
    parameters={
        "open_ports": _ports(
            "Ports on which rules may reach the open targets, where something that a security rule "
            "cannot see, a firewall or a proxy, decides on names; empty: none.",
            (),
        ),
        "open_targets": texts("What may be reached on the open ports.", "Internet"),
    },
)
def no_outbound_to_anywhere(resource: Resource) -> Verdict:
    """What has got in takes data out by the same rule."""
    settings = resource.settings
    open_ports = [int(text) for text in settings.texts("open_ports") if text.isdecimal()]
    open_targets = settings.texts("open_targets")

    def check(entry: Props) -> Verdict:
        inbound = entry["direction"].must_equal("Inbound", known=["Outbound"])
        denied = entry["access"].must_equal("Deny", known=["Allow"])
        named = _targets(entry).all(not_everyone)
        if not open_ports:
            return inbound | denied | named
        excused = (
            entry["protocol"].or_default("*").must_equal("Tcp", "*")
            & ports_of(entry).any(lambda _: PASSED, wanted="ports")
            & ports_of(entry).all(within(open_ports))
            & _targets(entry).all(lambda one: not_everyone(one) | one.must_equal(*open_targets))
        )
        # What is told is the target, not why no excuse holds.
        return inbound | denied | (named | excused).because(*named.evidence)

    def judged(entry: Props) -> Verdict:
        verdict = check(entry)
        if verdict.outcome is PASS:
            return verdict
        return (verdict | _sessions_of_bastion(resource, entry)).because(*verdict.evidence)

    return entries(resource, judged)


def _sessions_of_bastion(resource: Resource, entry: Props) -> Verdict:
    """The way out that Azure itself asks of a bastion host's group."""
    targets = _targets(entry).all(lambda one: one.must_equal("Internet"))
    ports = ports_of(entry).all(lambda one: one.must_equal("80"))
    return of_bastion(resource["securityRules"].elements()) & targets & ports


@graph_rule(
    "network-no-lateral-logins",
    types=[GROUP],
    severity=Severity.MEDIUM,
    requirements=["N-08"],
    title="A subnet's machines cannot log in to their neighbours",
    fix="Add an outbound rule that denies ports 22 and 3389 to VirtualNetwork, before those that "
    "allow.",
    url=f"{_DOCS}/network-security-groups-overview",
)
def no_lateral_logins(group: Node) -> Verdict:
    """Azure's own rules let every machine reach every other; an intruder goes on from there."""
    inline = group["securityRules"].elements()
    alone = [one for one in group.used_by(SECURITY_RULE) if _belongs(one, group)]
    all_entries = [*inline, *alone]
    wanted = "ports 22 and 3389 denied to VirtualNetwork"
    missing = Evidence("securityRules", "without such an outbound rule", wanted)

    def denied(port: int) -> Verdict:
        allows = [
            (entry, verdict)
            for entry in all_entries
            if (verdict := _covers(entry, "Allow", port)).outcome is not FAIL
        ]
        denies = (
            verdict & _first(entry, allows)
            for entry in all_entries
            if (verdict := _covers(entry, "Deny", port)).outcome is not FAIL
        )
        return any_of(denies, otherwise=missing)

    verdict = (denied(22) & denied(3389)).because(missing)
    if verdict.outcome is FAIL and of_bastion(all_entries).outcome is PASS:
        return not_applicable("a bastion host logs in to its neighbours by trade")
    return verdict


def _belongs(entry: Node, group: Node) -> bool:
    return group.facts.urn in entry.needs.get("networkSecurityGroupName", ())


def _covers(entry: Props, access: str, port: int) -> Verdict:
    """Whether a rule says this of tcp from here to all neighbours."""
    whole = _targets(entry).any(
        lambda one: one.must(_is_network, wanted="VirtualNetwork"), wanted="VirtualNetwork"
    )
    return all_of(
        (
            entry["direction"].must_equal("Outbound", known=["Inbound"]),
            entry["access"].must_equal(access, known=["Allow", "Deny"]),
            entry["protocol"].or_default("*").must_equal("*", "Tcp"),
            sources(entry).any(
                lambda one: one.must(_is_network, wanted="every source"), wanted="every source"
            ),
            ports_of(entry).any(holds(port), wanted=str(port)),
            whole,
        )
    )


def _first(deny: Props, allows: list[tuple[Props, Verdict]]) -> Verdict:
    """Whether no rule with a lower number allows what this one denies."""
    mine = deny["priority"]

    def later(other: Props, allowed: Verdict) -> Verdict:
        after = other["priority"].must(
            lambda value: _is_after(value, mine.known), wanted="a higher number"
        )
        if mine.known is UNKNOWN:
            after = mine.must_be_set()
        return after | _no(allowed)

    return all_of(later(other, allowed) for other, allowed in allows if other is not deny)


def _is_after(value: Value, number: Value) -> bool:
    return isinstance(value, int | float) and isinstance(number, int | float) and value > number


def _no(verdict: Verdict) -> Verdict:
    """The opposite, told by the same evidence."""
    turned = Props(verdict.outcome is FAIL).must(bool, "another rule")
    return verdict if verdict.outcome is UNDECIDED else turned


def _targets(entry: Props) -> Many:
    return entry.one_or_many("destinationAddressPrefix", "destinationAddressPrefixes")


def _is_network(value: Value) -> bool:
    whole = isinstance(value, str) and value.strip().casefold() == "virtualnetwork"
    return whole or not is_narrow(value)
