"""Network security groups and subnets, whether they are written inline or as resources."""

import re
from collections.abc import Callable
from ipaddress import ip_network

from policies.engine.levels import Severity
from policies.engine.props import Many, Props
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.settings import texts
from policies.engine.values import Value
from policies.engine.verdict import Verdict

GROUP, SECURITY_RULE = "network:NetworkSecurityGroup", "network:SecurityRule"
NETWORK, SUBNET = "network:VirtualNetwork", "network:Subnet"
_DOCS = "https://learn.microsoft.com/azure/virtual-network"

_PORTS = re.compile(r"\s*([0-9]{1,5})\s*(?:-\s*([0-9]{1,5})\s*)?")
_MANAGEMENT = {22: "ssh", 3389: "rdp"}
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
_GATEWAYS = (
    "GatewaySubnet",
    "AzureFirewallSubnet",
    "AzureFirewallManagementSubnet",
    "RouteServerSubnet",
)
_WITHOUT_GROUP = texts("Further subnets that may go without a security group.")
_WITH_WAY_OUT = texts("Further subnets that may keep Azure's default way out.")


@rule(
    "network-no-inbound-from-anywhere",
    types=[GROUP, SECURITY_RULE],
    severity=Severity.CRITICAL,
    requirements=["N-01"],
    title="No security rule lets everyone in",
    fix="Name the sources in source_address_prefix(es): address ranges, VirtualNetwork or another "
    "service tag; or make the rule's access Deny.",
    url=f"{_DOCS}/network-security-groups-overview",
)
def no_inbound_from_anywhere(resource: Resource) -> Verdict:
    """A rule from everywhere is a hole whatever its port: the next service behind it is open."""
    return _rules(resource, lambda entry: _shut(entry) | _sources(entry).all(_not_everyone))


@rule(
    "network-no-management-from-internet",
    types=[GROUP, SECURITY_RULE],
    severity=Severity.CRITICAL,
    requirements=["N-02", "N-03"],
    title="No security rule opens ssh or rdp to the internet",
    fix="Use Azure Bastion, or name the sources in source_address_prefix(es).",
    url="https://learn.microsoft.com/azure/bastion/bastion-overview",
)
def no_management_from_internet(resource: Resource) -> Verdict:
    """These two ports are tried within minutes of being open."""

    def check(entry: Props) -> Verdict:
        udp = entry["protocol"].or_default("*").must_equal("Udp", "Icmp", "Esp", "Ah")
        return (
            _shut(entry) | udp | _sources(entry).all(_not_everyone) | _ports(entry).all(_harmless)
        )

    return _rules(resource, check)


@rule(
    "network-subnet-security-group",
    types=[SUBNET, NETWORK],
    severity=Severity.CRITICAL,
    requirements=["N-10"],
    title="A subnet has a network security group",
    fix='Pass network_security_group={"id": group.id}.',
    url=f"{_DOCS}/network-security-groups-overview",
    parameters={"subnets": _WITHOUT_GROUP},
)
def subnet_security_group(resource: Resource) -> Verdict:
    """Without one, everything in the network reaches everything in the subnet."""
    return _subnets(resource, lambda subnet: subnet["networkSecurityGroup.id"].must_be_linked())


@rule(
    "network-subnet-no-default-way-out",
    types=[SUBNET, NETWORK],
    severity=Severity.HIGH,
    requirements=["N-11"],
    title="A subnet has no default way out to the internet",
    fix="Pass default_outbound_access=False; where a way is needed, add a NAT gateway.",
    url=f"{_DOCS}/ip-services/default-outbound-access",
    parameters={"subnets": _WITH_WAY_OUT},
)
def subnet_no_default_way_out(resource: Resource) -> Verdict:
    """Azure's default address is shared and changes: nobody can allow, watch or block it."""
    return _subnets(
        resource,
        lambda subnet: subnet["defaultOutboundAccess"].or_default(True).must_equal(False),
    )


def _rules(resource: Resource, check: Callable[[Props], Verdict]) -> Verdict:
    if resource.kind.is_one_of((SECURITY_RULE,)):
        return check(resource)
    return resource["securityRules"].elements().all(check)


def _subnets(resource: Resource, check: Callable[[Props], Verdict]) -> Verdict:
    # These take neither a group nor a route of the owner's; Azure looks after them.
    exempt = (*_GATEWAYS, *resource.settings.texts("subnets"))

    def checked(subnet: Props, name: str) -> Verdict:
        verdict = check(subnet)
        excused = subnet[name].must_equal(*exempt)
        # Only the setting is worth a message: that the name is no gateway's goes without saying.
        return (verdict | excused).because(*verdict.evidence)

    if resource.kind.is_one_of((SUBNET,)):
        return checked(resource, "subnetName" if resource["subnetName"].given else "name")
    return resource["subnets"].elements().all(lambda subnet: checked(subnet, "name"))


def _shut(entry: Props) -> Verdict:
    """Whether a security rule lets nobody in, whatever else it says."""
    verdict = entry["direction"].must_equal("Outbound", known=["Inbound"])
    return verdict | entry["access"].must_equal("Deny", known=["Allow"])


def _sources(entry: Props) -> Many:
    return entry.one_or_many("sourceAddressPrefix", "sourceAddressPrefixes")


def _ports(entry: Props) -> Many:
    return entry.one_or_many("destinationPortRange", "destinationPortRanges")


def _not_everyone(source: Props) -> Verdict:
    # A shown text is one that this rule knows, or an address range: never a secret.
    text = source.text
    known = [*_EVERYONE, *([text] if text and _is_wide(text) else [])]
    return source.must(_is_narrow, wanted="named sources", known=known)


def _harmless(ports: Props) -> Verdict:
    text = ports.text
    known = ["*", *([text] if text and _span(text) else [])]
    wanted = "ports without " + ", ".join(f"{port} ({name})" for port, name in _MANAGEMENT.items())
    return ports.must(lambda value: not _opens_management(value), wanted=wanted, known=known)


def _is_narrow(value: Value) -> bool:
    if not isinstance(value, str):
        return True
    return value.strip().casefold() not in _EVERYONE and not _is_wide(value)


def _is_wide(text: str) -> bool:
    try:
        return ip_network(text.strip(), strict=False).prefixlen < _SHORTEST_PRIVATE_PREFIX
    except ValueError:
        return False  # a service tag


def _opens_management(value: Value) -> bool:
    if isinstance(value, int | float):
        return value in _MANAGEMENT
    if not isinstance(value, str):
        return False
    if value.strip() == "*":
        return True
    span = _span(value)
    return span is not None and any(span[0] <= port <= span[1] for port in _MANAGEMENT)


def _span(text: str) -> tuple[int, int] | None:
    match = _PORTS.fullmatch(text)
    return (int(match[1]), int(match[2] or match[1])) if match else None
