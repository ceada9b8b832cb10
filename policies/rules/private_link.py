"""Private endpoints seen from the resources that they lead to."""

from dataclasses import dataclass

from policies.engine.levels import ADVICE, Severity
from policies.engine.props import Props
from policies.engine.resource import Graph, Node
from policies.engine.rule import graph_rule
from policies.engine.verdict import Evidence, Verdict, any_of, only_if
from policies.rules import key_vault, machine_learning, registry, storage

ENDPOINT = "network:PrivateEndpoint"


_CONNECTIONS = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")


@dataclass(frozen=True)
class _Target:
    """A kind of resource that private endpoints lead to."""

    switch: str
    groups: tuple[str, ...]
    name: str
    arm_type: str


_TARGETS = {
    storage.ACCOUNT: _Target(
        "publicNetworkAccess",
        ("blob", "file", "queue", "table", "dfs", "web"),
        "accountName",
        "storageAccounts",
    ),
    key_vault.VAULT: _Target("properties.publicNetworkAccess", ("vault",), "vaultName", "vaults"),
    machine_learning.WORKSPACE: _Target(
        "publicNetworkAccess", ("amlworkspace",), "workspaceName", "workspaces"
    ),
    registry.REGISTRY: _Target("publicNetworkAccess", ("registry",), "registryName", "registries"),
}


@graph_rule(
    "private-endpoint-for-what-is-private",
    types=list(_TARGETS),
    severity=Severity.MEDIUM,
    # The endpoint may stand in another stack, which only its owner knows.
    levels=ADVICE,
    requirements=["U-04", "ML-03", "S-11", "V-06", "R-05"],
    title="What is off the public network has a private endpoint",
    fix="Add a network.PrivateEndpoint with private_link_service_id=<the resource>.id "
    "and its group id.",
    url="https://learn.microsoft.com/azure/private-link/private-endpoint-overview",
)
def endpoint_for_what_is_private(node: Node) -> Verdict:
    """Without any door the resource is of no use, and someone will open the wrong one."""
    target = next(target for kind, target in _TARGETS.items() if node.kind.is_one_of((kind,)))
    private = node[target.switch].or_default("Enabled").must_equal("Disabled")
    wanted = Evidence("private endpoint", "missing", f"one of group {' or '.join(target.groups)}")

    def has_endpoint() -> Verdict:
        groups = [connection["groupIds"].elements() for connection in _to(node, target)]
        found = (
            group.any(lambda one: one.must_equal(*target.groups), wanted="a group")
            for group in groups
        )
        return any_of(found, otherwise=wanted).because(wanted)

    return only_if(private, has_endpoint, "the public network is not off")


def _to(node: Node, target: _Target) -> list[Props]:
    """The connections that lead to `node`: by edge while its id is unknown, or by its known id."""
    by_edge = [
        connection
        for endpoint in node.used_by(ENDPOINT)
        for key in _CONNECTIONS
        if node.facts.urn in endpoint.needs.get(key, ())
        for connection in endpoint[key].elements()
    ]
    name = (node[target.name].text or node["name"].text or "").casefold()
    by_id = node.graph.cached(_by_id).get((target.arm_type.casefold(), name), [])
    return [*by_edge, *by_id]


def _by_id(graph: Graph) -> dict[tuple[str, str], list[Props]]:
    found: dict[tuple[str, str], list[Props]] = {}
    for endpoint in graph.of(ENDPOINT):
        for key in _CONNECTIONS:
            for connection in endpoint[key].elements():
                parts = (connection["privateLinkServiceId"].text or "").casefold().split("/")
                if len(parts) > 1:
                    found.setdefault((parts[-2], parts[-1]), []).append(connection)
    return found
