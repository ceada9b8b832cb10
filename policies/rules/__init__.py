"""All rules of the pack, one file a service."""

from types import ModuleType

from policies.engine.rule import Rule
from policies.rules import (
    cognitive_services,
    containers,
    data_factory,
    defender,
    diagnostics,
    event_grid,
    front_door,
    general,
    identities,
    key_vault,
    key_vault_contents,
    kubernetes,
    kubernetes_addons,
    kubernetes_nodes,
    machine_learning,
    machine_learning_compute,
    machine_learning_network,
    machine_learning_serving,
    monitoring,
    network,
    network_devices,
    network_rules,
    private_link,
    purview,
    rbac,
    rbac_grants,
    registry,
    search_and_databricks,
    storage,
    storage_services,
)

_SERVICES: tuple[ModuleType, ...] = (
    cognitive_services,
    containers,
    data_factory,
    defender,
    diagnostics,
    event_grid,
    front_door,
    general,
    identities,
    key_vault,
    key_vault_contents,
    kubernetes,
    kubernetes_addons,
    kubernetes_nodes,
    machine_learning,
    machine_learning_compute,
    machine_learning_network,
    machine_learning_serving,
    monitoring,
    network,
    network_devices,
    network_rules,
    private_link,
    purview,
    rbac,
    rbac_grants,
    registry,
    search_and_databricks,
    storage,
    storage_services,
)

RULES: tuple[Rule, ...] = tuple(
    value for service in _SERVICES for value in vars(service).values() if isinstance(value, Rule)
)
