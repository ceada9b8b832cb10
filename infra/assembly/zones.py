"""Which private endpoints an environment has, by their groups: the zones follow from them."""

from infra.settings import Owned, Settings

_ALWAYS = ("blob", "file", "queue", "table", "vault", "registry", "amlworkspace")


def endpoint_groups(settings: Settings) -> list[str]:
    """Return the groups of all private endpoints that the settings lead to."""
    optional = {
        "dfs": settings.lake.enabled,
        "amlregistry": bool(settings.shared.ml_registry) or Owned.ML_REGISTRY in settings.owns,
        "azuremonitor": settings.monitoring.private,
        "dataFactory": settings.data.factory,
        "portal": settings.data.factory,
    }
    return [*_ALWAYS, *(group for group, wanted in optional.items() if wanted)]
