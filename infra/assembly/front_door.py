"""The global way to the endpoints: a gateway in each stamp, and Front Door before all of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Input
from pulumi_azure_native import resources

from infra.addresses import Purpose
from infra.assembly.base import Base
from infra.components.api_gateway import ApiGateway, ApiGatewayArgs
from infra.components.front_door import FrontDoor, FrontDoorArgs, Region
from infra.components.monitoring import send_logs
from infra.components.web_firewall import WebFirewall, WebFirewallArgs
from infra.naming import Kind, Names
from infra.settings import Settings
from infra.site import Site


@dataclass(frozen=True, kw_only=True)
class Entrance:
    """What Front Door needs to know of a stamp."""

    gateway: ApiGateway
    logs_id: Input[str]


def build_gateway(site: Site, base: Base) -> Entrance | None:
    """Build the gateway of a stamp; None where there is no Front Door."""
    front = site.settings.serving.front_door
    if not front.enabled or front.contact is None:  # a check has asked for the contact
        return None
    gateway = ApiGateway(
        site.named("gateway"),
        ApiGatewayArgs(
            service_name=site.names.api_gateway,
            location=site.region,
            resource_group_name=site.group_name,
            tenant_id=site.deployer.tenant_id,
            contact=front.contact,
            owner=site.settings.tags.owner,
            subnet_id=base.network.subnet_ids[Purpose.API_GATEWAY],
            endpoints={
                task: f"https://{site.names.endpoint(task)}.{site.region}.inference.ml.azure.com"
                for task in site.settings.serving.online
            },
            public=not front.links_approved,
        ),
        site.child,
    )
    site.send_logs(base.monitoring, "gateway", gateway.gateway_id)
    return Entrance(gateway=gateway, logs_id=base.monitoring.logs_id)


def build_front_door(
    settings: Settings,
    names: Names,
    group: resources.ResourceGroup,
    entrances: Mapping[str, Entrance | None],
) -> dict[str, Input[str]]:
    """Build Front Door over the stamps' gateways; return what callers have to know."""
    front = settings.serving.front_door
    regions = [
        Region(
            name=region,
            gateway_id=entrance.gateway.gateway_id,
            host=entrance.gateway.host,
            link_location=front.link_locations.get(region, region),
        )
        for region, entrance in entrances.items()
        if entrance is not None
    ]
    main = entrances[settings.regions[0]]
    if main is None:
        return {}
    firewall = WebFirewall(
        "web-firewall",
        WebFirewallArgs(
            policy_name=names.web_firewall,
            resource_group_name=group.name,
            requests_per_minute=front.requests_per_minute,
        ),
    )
    door = FrontDoor(
        "front-door",
        FrontDoorArgs(
            profile_name=names.of(Kind.FRONT_DOOR),
            resource_group_name=group.name,
            firewall_policy_id=firewall.policy_id,
            tasks=settings.serving.online,
            regions=regions,
            host=front.host,
        ),
    )
    send_logs("logs-front-door", resource_id=door.profile_id, logs_id=main.logs_id, parent=door)
    outputs: dict[str, Input[str]] = {"front_door_host": door.host}
    if door.validation is not None:
        outputs["front_door_domain_proof"] = door.validation
    return outputs
