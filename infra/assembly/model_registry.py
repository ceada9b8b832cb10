"""Where an environment finds the registry of models: its own, or another stack's."""

from pulumi import Input

from infra.components.model_registry import ModelRegistry, ModelRegistryArgs
from infra.naming import Names
from infra.settings import Owned, Settings


def find_model_registry(
    settings: Settings, names: Names, group_name: Input[str]
) -> Input[str] | None:
    """Return the registry's id; it is made here if this stack owns it, None if nobody does yet."""
    if Owned.ML_REGISTRY not in settings.owns:
        return settings.shared.ml_registry
    registry = ModelRegistry(
        "model-registry",
        ModelRegistryArgs(
            registry_name=names.model_registry,
            regions=settings.regions,
            resource_group_name=group_name,
            replication=settings.storage.replication.value,
            protect=settings.protect,
        ),
    )
    return registry.registry_id
