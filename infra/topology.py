"""The whole platform of one environment: what it has once, and a stamp for each region."""

from collections.abc import Mapping
from dataclasses import replace

from pulumi import Input
from pulumi_azure_native import resources

from infra.assembly.catalogue import find_catalogue
from infra.assembly.delivery import Ground, build_delivery
from infra.assembly.front_door import build_front_door
from infra.assembly.guard import lock
from infra.assembly.model_registry import find_model_registry
from infra.assembly.ownership import build_owned
from infra.assembly.watch import find_people, watch_environment
from infra.assembly.zones import find_zones
from infra.autoscale import AutoscalePolicy, autoscale_policy
from infra.deployer import Deployer
from infra.naming import Kind, Names
from infra.propagation import Propagation
from infra.settings import Settings
from infra.stamp import Stamp, StampArgs


class Platform:
    """All of an environment; a further region is one more entry in its settings."""

    stamps: dict[str, Stamp]
    outputs: dict[
        str,
        Input[str] | Mapping[str, Input[str] | dict[str, Input[str]]] | AutoscalePolicy | None,
    ]

    def __init__(self, settings: Settings, deployer: Deployer, project: str) -> None:
        names = Names(
            subscription=deployer.subscription_id,
            project=project,
            environment=settings.environment,
            workload=settings.workload,
            generation=settings.generation,
        )
        hooks = Propagation(deployer.object_id).hooks
        main_region = settings.regions[0]
        group = resources.ResourceGroup(
            "group-global",
            resource_group_name=names.of(Kind.RESOURCE_GROUP),
            location=main_region,
        )
        model_registry = find_model_registry(settings, names, group.name)
        zones = find_zones(settings, group)
        people = find_people(settings, names, group.name)
        catalogue = find_catalogue(settings, names, group.name)
        self.stamps = {
            region: Stamp(
                region,
                StampArgs(
                    settings=settings,
                    region=region,
                    names=replace(names, region=region),
                    deployer=deployer,
                    zones=zones,
                    hooks=hooks,
                    people=people,
                    catalogue=catalogue,
                    model_registry=model_registry,
                ),
            )
            for region in settings.regions
        }
        group_ids = [group.id, *(stamp.group_id for stamp in self.stamps.values())]
        watch_environment(names, group.name, people, group_ids)
        build_owned(settings, names, deployer, people)
        identities = build_delivery(
            settings,
            names,
            group.name,
            {
                None: Ground(group_id=group.id),
                **{
                    region: Ground(group_id=stamp.group_id, workspace_id=stamp.workspace_id)
                    for region, stamp in self.stamps.items()
                },
            },
            model_registry,
        )
        if settings.protect:
            for region, stamp in self.stamps.items():
                lock(replace(names, region=region).short_region, stamp, stamp.holding_data)
        entrances = {region: stamp.entrance for region, stamp in self.stamps.items()}
        self.outputs = {
            "environment": settings.environment,
            "subscription_id": deployer.subscription_id,
            "model_registry_id": model_registry,
            "delivery_client_ids": identities,
            **self.stamps[main_region].outputs,
            **build_front_door(settings, names, group, entrances),
            "release_approval": settings.release.approval.value,
            "autoscale": autoscale_policy(settings.serving.autoscale),
            "stamps": {region: stamp.outputs for region, stamp in self.stamps.items()},
        }
