"""Private endpoints seen from the resources that they lead to, and the names that lead to them."""

from dataclasses import dataclass

from policies.engine.levels import ADVICE, Severity
from policies.engine.props import NOT_KNOWN, Props
from policies.engine.resource import Graph, Node
from policies.engine.rule import graph_rule
from policies.engine.values import UNKNOWN
from policies.engine.verdict import FAIL, PASSED, UNDECIDED, Evidence, Verdict, any_of, only_if
from policies.rules.targets import path_in, path_of

ENDPOINT, ZONE_GROUP = "network:PrivateEndpoint", "network:PrivateDnsZoneGroup"
# The second names are those of earlier releases of the provider.
ZONE = ("privatedns:PrivateZone", "network:PrivateZone")
LINK = ("privatedns:VirtualNetworkLink", "network:VirtualNetworkLink")
_DOCS = "https://learn.microsoft.com/azure/private-link"
_CONNECTIONS = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")


@dataclass(frozen=True)
class _Target:
    """A kind of resource that private endpoints lead to."""

    groups: tuple[str, ...]
    switch: str = "publicNetworkAccess"


_NESTED = "properties.publicNetworkAccess"
_TARGETS = {
    "storage:StorageAccount": _Target(("blob", "file", "queue", "table", "dfs", "web")),
    "keyvault:Vault": _Target(("vault",), _NESTED),
    "machinelearningservices:Workspace": _Target(("amlworkspace",)),
    "machinelearningservices:Registry": _Target(("amlregistry",)),
    "containerregistry:Registry": _Target(("registry",)),
    "datafactory:Factory": _Target(("dataFactory", "portal")),
    "purview:Account": _Target(("account", "portal", "platform")),
    "cognitiveservices:Account": _Target(("account",), _NESTED),
    "search:Service": _Target(("searchService",)),
    "databricks:Workspace": _Target(("databricks_ui_api", "browser_authentication")),
    "eventgrid:Topic": _Target(("topic",)),
    "eventgrid:Domain": _Target(("domain",)),
    "eventgrid:Namespace": _Target(("topic", "topicspace")),
}
# Which zones a group needs, by how their names begin: the rest differs by cloud. One of each set.
_ZONES: dict[str, tuple[tuple[str, ...], ...]] = {
    "blob": (("privatelink.blob.core.",),),
    "dfs": (("privatelink.dfs.core.",),),
    "file": (("privatelink.file.core.", "privatelink.afs."),),
    "queue": (("privatelink.queue.core.",),),
    "table": (("privatelink.table.",),),
    "web": (("privatelink.web.core.",),),
    "vault": (("privatelink.vaultcore.",),),
    "registry": (("privatelink.azurecr.",),),
    "amlworkspace": (("privatelink.api.",), ("privatelink.notebooks.",)),
    "amlregistry": (("privatelink.api.",),),
    "datafactory": (("privatelink.datafactory.",),),
    "account": (
        (
            "privatelink.purview.",
            "privatelink.purview-service.",
            "privatelink.cognitiveservices.",
            "privatelink.openai.",
            "privatelink.services.ai.",
        ),
    ),
    "portal": (("privatelink.adf.", "privatelink.purviewstudio.", "privatelink.purview-service."),),
    "searchservice": (("privatelink.search.",),),
    "databricks_ui_api": (("privatelink.azuredatabricks.", "privatelink.databricks."),),
    "browser_authentication": (("privatelink.azuredatabricks.", "privatelink.databricks."),),
    "topic": (("privatelink.eventgrid.",),),
    "domain": (("privatelink.eventgrid.",),),
}


@graph_rule(
    "private-endpoint-for-what-is-private",
    types=list(_TARGETS),
    severity=Severity.MEDIUM,
    # The endpoint may stand in another stack, which only its owner knows.
    levels=ADVICE,
    requirements=["U-04", "ML-03", "S-11", "V-06", "R-05", "D-04", "P-01", "C-07", "B-06"],
    title="What is off the public network has a private endpoint",
    fix="Add a network.PrivateEndpoint with private_link_service_id=<the resource>.id "
    "and its group id.",
    url=f"{_DOCS}/private-endpoint-overview",
)
def endpoint_for_what_is_private(node: Node) -> Verdict:
    """Without any door the resource is of no use, and someone will open the wrong one."""
    target = next(target for kind, target in _TARGETS.items() if node.kind.is_one_of((kind,)))
    private = node[target.switch].or_default("Enabled").must_equal("Disabled")
    wanted = Evidence("private endpoint", "missing", f"one of group {' or '.join(target.groups)}")

    def has_endpoint() -> Verdict:
        groups = [connection["groupIds"].elements() for connection in _to(node)]
        found = (
            group.any(lambda one: one.must_equal(*target.groups), wanted="a group")
            for group in groups
        )
        return any_of(found, otherwise=wanted).because(wanted)

    return only_if(private, has_endpoint, "the public network is not off")


@graph_rule(
    "private-endpoint-has-names",
    types=[ENDPOINT],
    severity=Severity.MEDIUM,
    # Azure Policy can add the group of zones, and a network can have a DNS of its own.
    levels=ADVICE,
    requirements=["N-22"],
    title="A private endpoint has names in private zones",
    fix="Add a network.PrivateDnsZoneGroup with private_endpoint_name=<the endpoint>.name.",
    url=f"{_DOCS}/private-endpoint-dns",
)
def endpoint_has_names(endpoint: Node) -> Verdict:
    """Clients that find the public address go past the endpoint, and are refused."""
    wanted = Evidence("zone group", "missing", "a PrivateDnsZoneGroup of this endpoint")
    found = (one["privateDnsZoneConfigs"].must_be_set() for one in _zone_groups(endpoint))
    return any_of(found, otherwise=wanted)


@graph_rule(
    "private-endpoint-has-right-zones",
    types=[ENDPOINT],
    severity=Severity.MEDIUM,
    requirements=["U-23"],
    title="A private endpoint's names stand in the zones that its clients ask",
    fix="Name each zone that the group id needs in private_dns_zone_configs.",
    url=f"{_DOCS}/private-endpoint-dns",
)
def endpoint_has_right_zones(endpoint: Node) -> Verdict:
    """A workspace without its second zone opens, and its notebooks do not."""
    groups = _zone_groups(endpoint)
    ids = [
        one.text.casefold() for key in _CONNECTIONS for c in endpoint[key].elements()
        for one in c["groupIds"].elements() if one.text
    ]  # fmt: skip
    needs = [need for one in ids for need in _ZONES.get(one, ())]
    if not groups or not needs:
        return PASSED
    names, sure = _zone_names(groups)
    missing = [need[0] for need in needs if not any(name.startswith(need) for name in names)]
    if not missing:
        return PASSED
    evidence = Evidence(
        "privateDnsZoneConfigs",
        "without a zone" if sure else NOT_KNOWN,
        " and ".join(f"{name}*" for name in dict.fromkeys(missing)),
    )
    return Verdict(FAIL if sure else UNDECIDED, (evidence,))


@graph_rule(
    "private-zone-linked",
    types=ZONE,
    severity=Severity.MEDIUM,
    # Another stack may link its networks with this one's zones.
    levels=ADVICE,
    requirements=["U-24"],
    title="A private zone is linked to a network",
    fix="Add a privatedns.VirtualNetworkLink with private_zone_name=<the zone>.name.",
    url="https://learn.microsoft.com/azure/dns/private-dns-virtual-network-links",
)
def zone_linked(zone: Node) -> Verdict:
    """Nobody can ask a zone that no network is linked with."""
    by_edge = [one for one in zone.used_by(*LINK) if _made_from(one, "privateZoneName", zone)]
    name = (zone["privateZoneName"].text or "").casefold()
    by_name = zone.graph.cached(_links).get(name, [])
    wanted = Evidence("virtual network link", "missing", "one of this zone")
    found = (one["virtualNetwork.id"].must_be_linked() for one in (*by_edge, *by_name))
    return any_of(found, otherwise=wanted)


def _to(node: Node) -> list[Props]:
    """The connections that lead to `node`: by edge while its id is unknown, or by its known id."""
    by_edge = [
        connection
        for endpoint in node.used_by(ENDPOINT)
        for key in _CONNECTIONS
        if _made_from(endpoint, key, node)
        for connection in endpoint[key].elements()
    ]
    return [*by_edge, *node.graph.cached(_by_id).get(path_of(node) or "-", [])]


def _by_id(graph: Graph) -> dict[str, list[Props]]:
    found: dict[str, list[Props]] = {}
    for endpoint in graph.of(ENDPOINT):
        for key in _CONNECTIONS:
            for connection in endpoint[key].elements():
                path = path_in(connection["privateLinkServiceId"].text)
                found.setdefault(path, []).append(connection)
    return found


def _zone_groups(endpoint: Node) -> list[Node]:
    by_edge = [
        one
        for one in endpoint.used_by(ZONE_GROUP)
        if _made_from(one, "privateEndpointName", endpoint)
    ]
    name = (endpoint["privateEndpointName"].text or endpoint["name"].text or "").casefold()
    by_name = endpoint.graph.cached(_groups).get(name, [])
    seen = {one.facts.urn for one in by_edge}
    return [*by_edge, *(one for one in by_name if one.facts.urn not in seen)]


def _groups(graph: Graph) -> dict[str, list[Node]]:
    return _by_text(graph, (ZONE_GROUP,), "privateEndpointName")


def _links(graph: Graph) -> dict[str, list[Node]]:
    return _by_text(graph, LINK, "privateZoneName")


def _by_text(graph: Graph, kinds: tuple[str, ...], key: str) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for one in graph.of(*kinds):
        if text := one[key].text:
            found.setdefault(text.casefold(), []).append(one)
    return found


def _zone_names(groups: list[Node]) -> tuple[set[str], bool]:
    """The zones' names, and whether these are all."""
    names: set[str] = set()
    sure = True
    for group in groups:
        made = [one for one in group.sources("privateDnsZoneConfigs") if one.kind.is_one_of(ZONE)]
        known = [one["privateZoneName"].text for one in made]
        names |= {name.casefold() for name in known if name}
        sure &= None not in known
        for config in group["privateDnsZoneConfigs"].elements():
            value = config["privateDnsZoneId"]
            if value.text:
                names.add(value.text.casefold().rstrip("/").rpartition("/")[2])
            elif value.value is UNKNOWN and not made:
                sure = False
    return names, sure


def _made_from(user: Node, key: str, source: Node) -> bool:
    return source.facts.urn in user.needs.get(key, ())
