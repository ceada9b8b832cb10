"""All rules of the pack, one file a service."""

from types import ModuleType

from policies.engine.rule import Rule
from policies.rules import (
    key_vault,
    kubernetes,
    kubernetes_addons,
    kubernetes_nodes,
    machine_learning,
    machine_learning_compute,
    network,
    private_link,
    rbac,
    registry,
    storage,
)

_SERVICES: tuple[ModuleType, ...] = (
    kubernetes,
    kubernetes_addons,
    kubernetes_nodes,
    key_vault,
    machine_learning,
    machine_learning_compute,
    network,
    private_link,
    rbac,
    registry,
    storage,
)

RULES: tuple[Rule, ...] = tuple(
    value for service in _SERVICES for value in vars(service).values() if isinstance(value, Rule)
)
