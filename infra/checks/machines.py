"""Checks of zones, clusters, operators and what the workspace may reach."""

from infra.problems import Problem
from infra.regions import REGIONS
from infra.settings import Outbound, Replication, Settings

_ZONE_COPIES = frozenset({Replication.ZONES, Replication.GEO_ZONES})


def zones_where_asked(settings: Settings, prefix: str) -> list[Problem]:
    """Zone redundancy needs a region with zones, or Azure refuses the resource."""
    without = [region for region in settings.regions if not REGIONS[region].zones]
    asked: list[tuple[str, str, str]] = []
    if settings.storage.replication in _ZONE_COPIES:
        value = settings.storage.replication.value
        asked.append(("storage.replication", value, Replication.LOCAL.value))
    if settings.registry.zone_redundant:
        asked.append(("registry.zone_redundant", "true", "false"))
    return [
        Problem(
            f"{prefix}{key}",
            f"{value} in {region}, which has no zones",
            "a region with zones, or no zone redundancy",
            f"write {instead}, or choose another region",
        )
        for region in without
        for key, value, instead in asked
    ]


def rules_with_approval(settings: Settings, prefix: str) -> list[Problem]:
    """A list of what is allowed says nothing where everything is allowed."""
    workspace = settings.workspace
    if workspace.outbound is Outbound.APPROVED:
        return []
    given = {
        "allowed_hosts": workspace.allowed_hosts,
        "allowed_services": workspace.allowed_services,
    }
    return [
        Problem(
            f"{prefix}workspace.{key}",
            "a list while workspace.outbound is internet",
            "workspace.outbound: approved",
            "set it, or remove the list",
        )
        for key, value in given.items()
        if value
    ]


def clusters_that_scale(settings: Settings, prefix: str) -> list[Problem]:
    problems = [
        Problem(
            f"{prefix}clusters.{name}.min_nodes",
            str(cluster.min_nodes),
            f"at most max_nodes, which is {cluster.max_nodes}",
            "lower it, or raise max_nodes",
        )
        for name, cluster in settings.clusters.items()
        if cluster.min_nodes > cluster.max_nodes
    ]
    if "cpu" not in settings.clusters:
        found = "no cluster named cpu"
        wanted = "the cluster that pipelines and image builds run on"
        problems.append(Problem(f"{prefix}clusters", found, wanted, "add `cpu: {}`"))
    return problems


def distinct_operators(settings: Settings, prefix: str) -> list[Problem]:
    ids = [operator.object_id for operator in settings.operators]
    return [
        Problem(f"{prefix}operators", f"{twice} twice", "each object id once", "remove one")
        for twice in sorted({i for i in ids if ids.count(i) > 1})
    ]
