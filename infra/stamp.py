"""A stamp: all that one region of an environment has."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceHookBinding, ResourceOptions
from pulumi_azure_native import resources

from infra.alert_rules import KUBERNETES_RULES
from infra.assembly.base import lay_base
from infra.assembly.catalogue import Catalogue, house_catalogue
from infra.assembly.data import move_data
from infra.assembly.entry import open_ways
from infra.assembly.front_door import Entrance, build_gateway
from infra.assembly.guard import holding_data, watch_cost
from infra.assembly.keys import make_keys
from infra.assembly.kubernetes import build_kubernetes
from infra.assembly.lake import build_lake, show_lake
from infra.assembly.machines import build_clusters, build_instances
from infra.assembly.people import admit_operators, admit_people
from infra.assembly.serving import build_serving
from infra.assembly.stores import build_stores
from infra.assembly.test_target import stand_target
from infra.assembly.verdicts import keep_verdict_key
from infra.assembly.watch import watch_stamp, watched
from infra.assembly.workspace import CPU, build_workspace
from infra.deployer import Deployer
from infra.naming import Kind, Names
from infra.roles import GATE, Scope
from infra.settings import Settings
from infra.site import Site, Zones


@dataclass(frozen=True, kw_only=True)
class StampArgs:
    """What a `Stamp` takes from the rest of the platform."""

    settings: Settings
    region: str
    names: Names
    deployer: Deployer
    zones: Zones
    hooks: ResourceHookBinding
    people: Input[str] | None
    """Id of the action group that alerts reach; None without alerts."""
    catalogue: Catalogue | None
    model_registry: Input[str] | None
    """Id of the registry through which models are promoted."""


class Stamp(ComponentResource):
    """One region's workspace and everything that it stands on."""

    outputs: dict[str, Input[str]]
    holding_data: dict[str, Input[str]]
    group_id: Output[str]
    workspace_id: Output[str]
    entrance: Entrance | None

    def __init__(self, name: str, args: StampArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:platform:Stamp", name, None, opts)
        settings = args.settings
        group = resources.ResourceGroup(
            f"group-{args.names.short_region}",
            resource_group_name=args.names.of(Kind.RESOURCE_GROUP),
            location=args.region,
            opts=ResourceOptions(parent=self),
        )
        site = Site(
            settings=settings,
            region=args.region,
            names=args.names,
            deployer=args.deployer,
            zones=args.zones,
            owner=self,
            group_name=group.name,
            hooks=args.hooks,
        )
        base = lay_base(site)
        keys = make_keys(site, base)
        stores = build_stores(site, base, keys)
        lake = build_lake(site, base, keys)
        verdicts = keep_verdict_key(site, base)
        approved_by = [*verdicts.grants]
        targets: dict[str, tuple[Input[str], str]] = {"verdicts": (verdicts.vault_id, "vault")}
        if lake is not None:
            approved_by += lake.approved_by
            targets |= {f"lake-{kind}": (lake.account_id, kind) for kind in ("blob", "dfs")}
        workspace = build_workspace(
            site, base, stores, keys, private_targets=targets, approved_by=approved_by
        )
        if lake is not None:
            show_lake(site, workspace, lake)
        scopes = {**stores.scopes, **verdicts.scopes, Scope.WORKSPACE: workspace.workspace_id}
        clusters = build_clusters(site, base, workspace, scopes)
        build_instances(site, base, workspace)
        attached = build_kubernetes(site, base, workspace, scopes)
        serving = build_serving(site, base, workspace, scopes, attached)
        self.entrance = build_gateway(site, base)
        admit_operators(site, scopes)
        admit_people(site, {**scopes, Scope.LOGS: base.monitoring.logs_id})
        house_catalogue(site, base, args.catalogue)
        moved = move_data(
            site,
            base,
            stores=stores,
            lake=lake,
            workspace=workspace,
            serving=serving,
            catalogue=args.catalogue,
        )
        targets_of_alerts = watched(settings, workspace, stores, lake, serving) | moved.watched
        if attached is not None:
            targets_of_alerts["kubernetes"] = (attached.cluster_id, KUBERNETES_RULES)
        watch_stamp(site, base, args.people, targets_of_alerts)
        watch_cost(site, group.id, args.people)
        self.holding_data = holding_data(base, stores, verdicts, lake)
        self.group_id = group.id
        self.workspace_id = workspace.workspace_id
        if args.model_registry is not None:
            site.link(base.network, "model-registry", args.model_registry, "amlregistry")
        self.outputs = {
            "location": args.region,
            "resource_group": group.name,
            "workspace": workspace.workspace_name,
            "workspace_id": workspace.workspace_id,
            "storage_account": stores.data.account_name,
            "key_vault": stores.vault.vault_name,
            "registry": stores.registry.registry_name,
            "cpu_cluster": clusters[CPU].cluster_name,
            "gate_cluster": clusters[GATE].cluster_name,
            "verdict_key": verdicts.key_uri,
        }
        self.outputs |= {f"endpoint_{t}": e.endpoint_name for t, e in serving.online.items()}
        self.outputs |= {f"batch_endpoint_{t}": e.endpoint_name for t, e in serving.batch.items()}
        if lake is not None:
            self.outputs["lake"] = lake.account_name
        self.outputs |= moved.outputs
        self.outputs |= open_ways(site, base)
        self.outputs |= stand_target(site, base)
        self.register_outputs(self.outputs)
