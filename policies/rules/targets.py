"""Which resources others point at by id: where an id is not known yet, the edge tells the same."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from policies.engine.resource import Graph, Node


@dataclass(frozen=True)
class Target:
    """A type as its ids name it, and the input that its name is."""

    arm_type: str
    name: str


TARGETS = {
    "storage:StorageAccount": Target("Microsoft.Storage/storageAccounts", "accountName"),
    "keyvault:Vault": Target("Microsoft.KeyVault/vaults", "vaultName"),
    "containerregistry:Registry": Target("Microsoft.ContainerRegistry/registries", "registryName"),
    "machinelearningservices:Workspace": Target(
        "Microsoft.MachineLearningServices/workspaces", "workspaceName"
    ),
    "machinelearningservices:Registry": Target(
        "Microsoft.MachineLearningServices/registries", "registryName"
    ),
    "containerservice:ManagedCluster": Target(
        "Microsoft.ContainerService/managedClusters", "resourceName"
    ),
    "datafactory:Factory": Target("Microsoft.DataFactory/factories", "factoryName"),
    "purview:Account": Target("Microsoft.Purview/accounts", "accountName"),
    "cognitiveservices:Account": Target("Microsoft.CognitiveServices/accounts", "accountName"),
    "search:Service": Target("Microsoft.Search/searchServices", "searchServiceName"),
    "databricks:Workspace": Target("Microsoft.Databricks/workspaces", "workspaceName"),
    "eventgrid:Topic": Target("Microsoft.EventGrid/topics", "topicName"),
    "eventgrid:Domain": Target("Microsoft.EventGrid/domains", "domainName"),
    "eventgrid:Namespace": Target("Microsoft.EventGrid/namespaces", "namespaceName"),
    "applicationinsights:Component": Target("Microsoft.Insights/components", "resourceName"),
}
_BY_KIND = {kind.casefold(): target for kind, target in TARGETS.items()}


def path_of(node: Node) -> str:
    """What ids of this resource end in, or nothing where its name is not known."""
    target = _BY_KIND.get(node.kind.name.casefold())
    if target is None:
        return ""
    name = node[target.name].text or node["name"].text
    return f"{target.arm_type}/{name}".casefold() if name else ""


def path_in(resource_id: str | None) -> str:
    """Type and name in an id, with its parents: `microsoft.storage/storageaccounts/data`."""
    found = (resource_id or "").casefold().rstrip("/").rpartition("/providers/")
    return found[2] if found[1] else ""


def pointing_at(node: Node, kinds: tuple[str, ...], key: str) -> list[Node]:
    """Resources of these kinds whose property `key` holds the id of `node`, known or not."""
    by_edge = [user for user in node.used_by(*kinds) if node.facts.urn in user.needs.get(key, ())]
    by_id = node.graph.cached(_index(kinds, key)).get(path_of(node) or "-", [])
    seen = {one.facts.urn for one in by_edge}
    return [*by_edge, *(one for one in by_id if one.facts.urn not in seen)]


@cache
def _index(kinds: tuple[str, ...], key: str) -> Callable[[Graph], dict[str, list[Node]]]:
    def build(graph: Graph) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for one in graph.of(*kinds):
            parts = path_in(one[key].text).split("/")
            # A child's id counts for what it is in, too: a service of an account.
            for length in range(3, len(parts) + 1, 2):
                found.setdefault("/".join(parts[:length]), []).append(one)
        return found

    # The graph keeps what it has built by the function itself, so that there is one of each.
    return build


def named(node: Node, path: str) -> list[Node]:
    """The resources of the stack that the id at `path` is of: by edge, or by the known id."""
    by_path = node.graph.cached(_by_path)
    found = by_path.get(path_in(node[path].text))
    return [found] if found else node.sources(path)


def _by_path(graph: Graph) -> dict[str, Node]:
    return {path: node for node in graph.of(*TARGETS) if (path := path_of(node))}


def is_first(node: Node) -> bool:
    """Whether this is the resource by which its type is asked about once in a stack.

    It is the same one each time, in whatever order they come: a baseline goes by its name.
    """
    first = node.graph.cached(_first(node.kind.name.casefold()))
    return first is not None and first.facts.urn == node.facts.urn


@cache
def _first(kind: str) -> Callable[[Graph], Node | None]:
    return lambda graph: min(graph.of(kind), key=lambda node: node.facts.urn, default=None)
