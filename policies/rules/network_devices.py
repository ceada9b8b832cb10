"""What stands in a network: interfaces, ways in for people, firewalls, and the record of it all."""

from policies.engine.levels import ADVICE, Severity
from policies.engine.props import Props
from policies.engine.resource import Graph, Node, Resource
from policies.engine.rule import graph_rule, rule
from policies.engine.verdict import PASSED, Evidence, Verdict, any_of
from policies.rules.network import NETWORK
from policies.rules.security_rules import GROUP

INTERFACE, BASTION, FLOW_LOG = "network:NetworkInterface", "network:BastionHost", "network:FlowLog"
FIREWALL, FIREWALL_POLICY = "network:AzureFirewall", "network:FirewallPolicy"
_DOCS = "https://learn.microsoft.com/azure"
_MODES = ("Alert", "Deny", "Off")


@rule(
    "network-interface-no-public-address",
    types=[INTERFACE],
    severity=Severity.MEDIUM,
    requirements=["N-16"],
    title="A machine has no public address",
    fix="Leave public_ip_address out of ip_configurations; people come in through Bastion.",
    url=f"{_DOCS}/bastion/bastion-overview",
)
def no_public_address(interface: Resource) -> Verdict:
    """Between the machine and the internet is nothing but its own security rules."""
    return (
        interface["ipConfigurations"].elements().all(lambda one: _nothing(one["publicIPAddress"]))
    )


@rule(
    "network-interface-no-forwarding",
    types=[INTERFACE],
    severity=Severity.MEDIUM,
    requirements=["N-17"],
    title="A machine passes no traffic of others on",
    fix="Leave enable_ip_forwarding out, or pass False.",
    url=f"{_DOCS}/virtual-network/virtual-network-network-interface",
)
def no_forwarding(interface: Resource) -> Verdict:
    """It could lead traffic around the firewall, and look into it."""
    return interface["enableIPForwarding"].or_default(False).must_equal(False)


@rule(
    "bastion-no-shareable-links",
    types=[BASTION],
    severity=Severity.MEDIUM,
    requirements=["U-40"],
    title="A bastion host hands out no links",
    fix="Leave enable_shareable_link out, or pass False.",
    url=f"{_DOCS}/bastion/shareable-link",
)
def no_shareable_links(bastion: Resource) -> Verdict:
    """Whoever has the link is asked by the machine, not by the directory."""
    return bastion["enableShareableLink"].or_default(False).must_equal(False)


@rule(
    "firewall-denies-known-threats",
    types=[FIREWALL, FIREWALL_POLICY],
    severity=Severity.MEDIUM,
    requirements=["U-41"],
    title="A firewall denies addresses that are known to be bad",
    fix="Pass threat_intel_mode=AzureFirewallThreatIntelMode.DENY.",
    url=f"{_DOCS}/firewall/threat-intel",
)
def denies_known_threats(firewall: Resource) -> Verdict:
    """An alert is read when the data has gone; the tier Basic can do no more than alert."""
    basic = firewall["sku.tier"].or_default("Standard").must_equal("Basic")
    mode = firewall["threatIntelMode"].or_default("Alert").must_equal("Deny", known=_MODES)
    by_policy = firewall["firewallPolicy.id"].must_be_linked()
    return (mode | basic | by_policy).because(*mode.evidence)


@graph_rule(
    "network-flow-log",
    types=[NETWORK],
    severity=Severity.MEDIUM,
    # A network's watcher, and with it the log, may be looked after in another stack.
    levels=ADVICE,
    requirements=["N-12"],
    title="A record is kept of who talks to whom in a network",
    fix="Add a network.FlowLog with target_resource_id=<the network>.id and enabled=True.",
    url=f"{_DOCS}/network-watcher/vnet-flow-logs-overview",
)
def flow_log(network: Node) -> Verdict:
    """After a break-in it is the only one that tells how far it went."""
    wanted = Evidence("flow log", "missing", "an enabled one of this network")
    found = (log["enabled"].must_equal(True) for log in _logs(network))
    return any_of(found, otherwise=wanted)


def _logs(network: Node) -> list[Node]:
    """The logs of a network: its own, and those of the security groups of its subnets."""
    own = [one for one in network.used_by(FLOW_LOG) if _targets(one, network)]
    name = (network["virtualNetworkName"].text or network["name"].text or "").casefold()
    by_id = network.graph.cached(_by_target).get(f"virtualnetworks/{name}", [])
    groups = [
        source
        for place in (network, *network.used_by("network:Subnet"))
        for key in ("subnets", "networkSecurityGroup")
        for source in place.sources(key)
        if source.kind.is_one_of((GROUP,))
    ]
    theirs = [log for group in groups for log in group.used_by(FLOW_LOG) if _targets(log, group)]
    return [*own, *by_id, *theirs]


def _targets(log: Node, target: Node) -> bool:
    return target.facts.urn in log.needs.get("targetResourceId", ())


def _by_target(graph: Graph) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for log in graph.of(FLOW_LOG):
        parts = (log["targetResourceId"].text or "").casefold().rstrip("/").split("/")
        found.setdefault("/".join(parts[-2:]), []).append(log)
    return found


def _nothing(value: Props) -> Verdict:
    """Not there; an id that is not known yet is one, but its holder may turn out to be null."""
    return value.must(lambda _: False, wanted="nothing") if value.given else PASSED
