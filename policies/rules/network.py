"""Network security groups and subnets, whether they are written inline or as resources."""

from collections.abc import Callable

from policies.engine.levels import Severity
from policies.engine.props import Props
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.settings import texts
from policies.engine.verdict import Verdict
from policies.rules.security_rules import (
    GROUP,
    SECURITY_RULE,
    entries,
    not_everyone,
    ports_of,
    sources,
    unless_shut,
    without,
)

NETWORK, SUBNET = "network:VirtualNetwork", "network:Subnet"
_DOCS = "https://learn.microsoft.com/azure/virtual-network"

_MANAGEMENT = {22: "ssh", 3389: "rdp"}
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
    return entries(
        resource,
        lambda entry: unless_shut(entry, lambda: sources(entry).all(not_everyone)),
    )


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
        return unless_shut(
            entry,
            lambda: (
                udp | sources(entry).all(not_everyone) | ports_of(entry).all(without(_MANAGEMENT))
            ),
        )

    return entries(resource, check)


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
