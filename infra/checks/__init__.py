"""What must hold between settings: addresses apart, regions that can do what is asked."""

from collections.abc import Callable

from infra.checks import addresses, data, governance, machines, network, serving
from infra.problems import Problem
from infra.settings import Settings

Check = Callable[[Settings, str], list[Problem]]
# What decides which subnets there are.
_ADDRESSES = frozenset({"network", "regions", "isolation", "entry", "kubernetes", "serving"})
# Each check runs when the keys that it reads are sound by themselves.
CHECKS: tuple[tuple[frozenset[str], Check], ...] = (
    (frozenset({"network", "regions"}), addresses.room_for_regions),
    (_ADDRESSES, addresses.separate_addresses),
    (frozenset({"network"}), addresses.private_addresses),
    (frozenset({"network", "regions"}), addresses.known_stamps),
    (frozenset({"regions"}), addresses.distinct_regions),
    (frozenset({"isolation", "workspace"}), network.managed_or_own),
    (frozenset({"network"}), network.hosts_with_firewall),
    (frozenset({"network", "entry"}), network.usable_hub),
    (frozenset({"network", "monitoring", "regions"}), network.one_monitoring_scope),
    (frozenset({"entry"}), network.usable_bastion),
    (_ADDRESSES, network.separate_clients),
    (frozenset({"regions", "storage", "registry"}), machines.zones_where_asked),
    (frozenset({"workspace"}), machines.rules_with_approval),
    (frozenset({"clusters"}), machines.clusters_that_scale),
    (frozenset({"operators"}), machines.distinct_operators),
    (frozenset({"owns", "shared"}), governance.owned_or_shared),
    (frozenset({"owns", "budget"}), governance.owned_budget),
    (frozenset({"budget"}), governance.first_of_month),
    (frozenset({"delivery"}), governance.complete_devops),
    (frozenset({"people", "operators"}), governance.distinct_people),
    (frozenset({"shared"}), governance.known_catalogue),
    (frozenset({"data", "lake"}), data.factory_with_lake),
    (frozenset({"serving", "kubernetes"}), serving.endpoints_on_a_cluster),
    (frozenset({"serving"}), serving.distinct_endpoints),
    (frozenset({"kubernetes"}), serving.pools_that_scale),
    (frozenset({"serving"}), serving.scaling_without_flutter),
    (frozenset({"serving", "regions"}), serving.reachable_front_door),
)
