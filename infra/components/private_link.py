"""Private endpoints and the DNS zones that lead clients to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import network, privatedns

from infra.naming import Kind, Names

# Which zones a private endpoint's group needs. The workspace has two: without the second one
# notebooks and compute instances do not open.
# https://learn.microsoft.com/azure/private-link/private-endpoint-dns
ZONES: dict[str, tuple[str, ...]] = {
    "blob": ("privatelink.blob.core.windows.net",),
    "dfs": ("privatelink.dfs.core.windows.net",),
    "file": ("privatelink.file.core.windows.net",),
    "queue": ("privatelink.queue.core.windows.net",),
    "table": ("privatelink.table.core.windows.net",),
    "vault": ("privatelink.vaultcore.azure.net",),
    "registry": ("privatelink.azurecr.io",),
    "amlworkspace": ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"),
    "amlregistry": ("privatelink.api.azureml.ms",),
    "dataFactory": ("privatelink.datafactory.azure.net",),
    "portal": ("privatelink.adf.azure.com",),
    "account": ("privatelink.purview.azure.com",),
    "purviewPortal": ("privatelink.purviewstudio.azure.com",),
    # Monitoring keeps agents' settings in an account of its own, hence the zone of blobs.
    "azuremonitor": (
        "privatelink.monitor.azure.com",
        "privatelink.oms.opinsights.azure.com",
        "privatelink.ods.opinsights.azure.com",
        "privatelink.agentsvc.azure-automation.net",
        "privatelink.blob.core.windows.net",
    ),
}


# Two services call their portal the same; their zones differ.
_GROUP_IDS = {"purviewPortal": "portal"}


def api_server_zone(region: str) -> str:
    """Return the zone of the API servers of a region's Kubernetes clusters."""
    return f"privatelink.{region}.azmk8s.io"


def zones_of(groups: Sequence[str]) -> list[str]:
    """Return the zones that endpoints of some groups need, each once."""
    return list(dict.fromkeys(zone for group in groups for zone in ZONES[group]))


@dataclass(frozen=True, kw_only=True)
class PrivateZonesArgs:
    """What `PrivateZones` takes from the rest of the platform."""

    resource_group_name: Input[str]
    zones: Sequence[str]
    prefix: str = ""
    """Tells two zones of the same name apart in the stack."""


class PrivateZones(ComponentResource):
    """One private DNS zone for each kind of endpoint: shared by all stamps of the environment.

    A network can be linked with one zone of a name only, so two stamps that are to reach each
    other cannot have their own; but names that mean another endpoint in each stamp need that.
    """

    zone_ids: dict[str, Output[str]]
    zone_names: dict[str, Output[str]]

    def __init__(
        self, name: str, args: PrivateZonesArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:network:PrivateZones", name, None, opts)
        self.zone_ids = {}
        self.zone_names = {}
        for zone_name in args.zones:
            zone = privatedns.PrivateZone(
                f"{args.prefix}{zone_name}",
                private_zone_name=zone_name,
                location="global",
                resource_group_name=args.resource_group_name,
                opts=ResourceOptions(parent=self),
            )
            self.zone_ids[zone_name] = zone.id
            self.zone_names[zone_name] = zone.name
        self.register_outputs({"zone_ids": self.zone_ids})


@dataclass(frozen=True, kw_only=True)
class ZoneLinksArgs:
    """What `ZoneLinks` takes from the rest of the platform."""

    names: Names
    resource_group_name: Input[str]
    zone_names: Mapping[str, Input[str]]
    network_id: Input[str]


class ZoneLinks(ComponentResource):
    """Lets one network resolve all private zones; the network's own hosts are not registered."""

    def __init__(self, name: str, args: ZoneLinksArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:network:ZoneLinks", name, None, opts)
        for zone, zone_name in args.zone_names.items():
            privatedns.VirtualNetworkLink(
                f"{name}-{zone}",
                virtual_network_link_name=args.names.of(Kind.VIRTUAL_NETWORK),
                private_zone_name=zone_name,
                location="global",
                resource_group_name=args.resource_group_name,
                registration_enabled=False,
                virtual_network={"id": args.network_id},
                opts=ResourceOptions(parent=self),
            )
        self.register_outputs({})


@dataclass(frozen=True, kw_only=True)
class PrivateLinkArgs:
    """What a `PrivateLink` takes from the rest of the stamp."""

    names: Names
    location: str
    resource_group_name: Input[str]
    subnet_id: Input[str]
    target_id: Input[str]
    groups: Sequence[str]
    purpose: str
    """Tells two targets of the same kind apart; empty where a stamp has one only."""
    zone_ids: Mapping[str, Input[str]]


class PrivateLink(ComponentResource):
    """The private endpoints of one resource, each with its records in the zones of its group."""

    endpoint_ids: dict[str, Output[str]]

    def __init__(
        self, name: str, args: PrivateLinkArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:network:PrivateLink", name, None, opts)
        self.endpoint_ids = {}
        for group in args.groups:
            purpose = "-".join(part for part in (args.purpose, group) if part)
            endpoint = network.PrivateEndpoint(
                f"{name}-{group}",
                private_endpoint_name=args.names.of(Kind.PRIVATE_ENDPOINT, purpose),
                custom_network_interface_name=args.names.of(Kind.NETWORK_INTERFACE, purpose),
                location=args.location,
                resource_group_name=args.resource_group_name,
                subnet={"id": args.subnet_id},
                private_link_service_connections=[
                    {
                        "name": group,
                        "group_ids": [_GROUP_IDS.get(group, group)],
                        "private_link_service_id": args.target_id,
                    }
                ],
                # Azure does not let an endpoint change its target; the new one takes the old name.
                opts=ResourceOptions(
                    parent=self,
                    replace_on_changes=["private_link_service_connections"],
                    delete_before_replace=True,
                ),
            )
            network.PrivateDnsZoneGroup(
                f"{name}-{group}",
                private_dns_zone_group_name="default",
                private_endpoint_name=endpoint.name,
                resource_group_name=args.resource_group_name,
                private_dns_zone_configs=[
                    {"name": zone.replace(".", "-"), "private_dns_zone_id": args.zone_ids[zone]}
                    for zone in ZONES[group]
                ],
                opts=ResourceOptions(parent=self),
            )
            self.endpoint_ids[group] = endpoint.id
        self.register_outputs({"endpoint_ids": self.endpoint_ids})
