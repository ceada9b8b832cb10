"""Checks of what serves models."""

from infra.problems import Problem
from infra.settings import Settings


def endpoints_on_a_cluster(settings: Settings, prefix: str) -> list[Problem]:
    """An endpoint on Kubernetes needs the cluster."""
    if settings.kubernetes.enabled or not settings.serving.kubernetes:
        return []
    return [
        Problem(
            f"{prefix}serving.kubernetes",
            "endpoints while kubernetes.enabled is false",
            "a cluster for them",
            "turn kubernetes on, or remove the list",
        )
    ]


def distinct_endpoints(settings: Settings, prefix: str) -> list[Problem]:
    """Endpoints of a workspace share one set of names."""
    serving = settings.serving
    names = [*serving.online, *serving.kubernetes, *serving.batch]
    return [
        Problem(f"{prefix}serving", f"{twice} twice", "each endpoint once", "rename one")
        for twice in sorted({name for name in names if names.count(name) > 1})
    ]


def pools_that_scale(settings: Settings, prefix: str) -> list[Problem]:
    """A pool's fewest nodes are not more than its most, and what must run has nodes that stay."""
    kubernetes = settings.kubernetes
    pools = {
        "system_pool": kubernetes.system_pool,
        "cpu_pool": kubernetes.cpu_pool,
        "gpu_pool": kubernetes.gpu_pool,
    }
    problems = [
        Problem(
            f"{prefix}kubernetes.{name}.min_nodes",
            str(pool.min_nodes),
            f"at most max_nodes, which is {pool.max_nodes}",
            "lower it, or raise max_nodes",
        )
        for name, pool in pools.items()
        if pool.min_nodes > pool.max_nodes
    ]
    # The cluster's own parts live in the one, the routers of models in the other.
    problems += [
        Problem(
            f"{prefix}kubernetes.{name}",
            "a pool that may have no nodes",
            "at least one node that stays",
            "set min_nodes to 1 or more and spot to false",
        )
        for name, pool in pools.items()
        if kubernetes.enabled and name != "gpu_pool" and (pool.min_nodes < 1 or pool.spot)
    ]
    return problems


def scaling_without_flutter(settings: Settings, prefix: str) -> list[Problem]:
    """What scales in below the mark that scales out would go up and down for ever."""
    scale = settings.serving.autoscale
    problems = []
    if scale.scale_in_cpu_percent >= scale.scale_out_cpu_percent:
        problems.append(
            Problem(
                f"{prefix}serving.autoscale.scale_in_cpu_percent",
                str(scale.scale_in_cpu_percent),
                f"less than scale_out_cpu_percent, which is {scale.scale_out_cpu_percent}",
                "lower it",
            )
        )
    if scale.min_instances > scale.max_instances:
        problems.append(
            Problem(
                f"{prefix}serving.autoscale.min_instances",
                str(scale.min_instances),
                f"at most max_instances, which is {scale.max_instances}",
                "lower it, or raise max_instances",
            )
        )
    return problems


# https://learn.microsoft.com/azure/frontdoor/private-link#region-availability
_LINKS_START_IN = frozenset(
    {
        "australiaeast",
        "brazilsouth",
        "canadacentral",
        "centralindia",
        "centralus",
        "eastasia",
        "eastus",
        "eastus2",
        "francecentral",
        "germanywestcentral",
        "japaneast",
        "koreacentral",
        "northeurope",
        "norwayeast",
        "southafricanorth",
        "southcentralus",
        "swedencentral",
        "uksouth",
        "westeurope",
        "westus3",
    }
)
_MOST_PRIORITIES = 5


def reachable_front_door(settings: Settings, prefix: str) -> list[Problem]:
    """Front Door needs something to lead to, somebody to write to and links that can start."""
    front = settings.serving.front_door
    if not front.enabled:
        return []
    key = f"{prefix}serving.front_door"
    problems = []
    if not settings.serving.online:
        wanted = "an endpoint in serving.online"
        problems.append(
            Problem(f"{key}.enabled", "no endpoint behind it", wanted, "add one, or turn it off")
        )
    if front.contact is None:
        wanted = "an e-mail address, which Azure asks for with each gateway"
        problems.append(Problem(f"{key}.contact", "nothing", wanted, "name the team's"))
    if len(settings.regions) > _MOST_PRIORITIES:
        problems.append(
            Problem(
                f"{prefix}regions",
                f"{len(settings.regions)} regions",
                f"at most {_MOST_PRIORITIES}: Front Door knows as many steps of failover",
                "remove some, or turn front_door off",
            )
        )
    for region in settings.regions:
        location = front.link_locations.get(region, region)
        if location not in _LINKS_START_IN:
            problems.append(
                Problem(
                    f"{key}.link_locations.{region}",
                    location,
                    "a region where Front Door's private links start",
                    f"name the nearest of {', '.join(sorted(_LINKS_START_IN))}",
                )
            )
    return problems
