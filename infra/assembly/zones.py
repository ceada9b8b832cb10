"""Which private DNS zones an environment has: they follow from its private endpoints."""

from pulumi import Input
from pulumi_azure_native import resources

from infra.components.private_link import (
    ZONES,
    PrivateZones,
    PrivateZonesArgs,
    api_server_zone,
    zones_of,
)
from infra.settings import Owned, Settings
from infra.site import Zones

# Its names are the same in every region, so each stamp has zones of its own for them.
MONITORING = "azuremonitor"
_ALWAYS = ("blob", "file", "queue", "table", "vault", "registry", "amlworkspace")


def endpoint_groups(settings: Settings) -> list[str]:
    """Return the groups of the private endpoints whose zones all stamps share."""
    optional = {
        "dfs": settings.lake.enabled,
        "amlregistry": bool(settings.shared.ml_registry) or Owned.ML_REGISTRY in settings.owns,
        "dataFactory": settings.data.factory,
        "portal": settings.data.factory,
        "account": Owned.PURVIEW in settings.owns,
        "purviewPortal": Owned.PURVIEW in settings.owns,
    }
    return [*_ALWAYS, *(group for group, wanted in optional.items() if wanted)]


def find_zones(settings: Settings, group: resources.ResourceGroup) -> Zones:
    """Return the zones by their names; they are made here unless a hub's owner keeps them."""
    hub = settings.network.zones_group
    clusters = settings.regions if settings.kubernetes.enabled else ()
    api_servers = [api_server_zone(region) for region in clusters]
    if hub is not None:
        ids: dict[str, Input[str]] = {
            zone: f"{hub}/providers/Microsoft.Network/privateDnsZones/{zone}"
            for zone in [*zones_of(list(ZONES)), *api_servers]
        }
        return Zones(group_name=hub.rpartition("/")[2], ids=ids, names={})
    args = PrivateZonesArgs(
        resource_group_name=group.name,
        zones=[*zones_of(endpoint_groups(settings)), *api_servers],
    )
    made = PrivateZones("zones", args)
    return Zones(group_name=group.name, ids=made.zone_ids, names=made.zone_names)
