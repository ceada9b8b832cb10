"""A stamp: all that one region of an environment has."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_azure_native import machinelearningservices as ml
from pulumi_azure_native import resources

from infra.assembly.base import Base, lay_base
from infra.assembly.stores import CURATED, Stores, build_stores
from infra.components.compute import Cluster, ClusterArgs
from infra.components.workspace import Workspace, WorkspaceArgs
from infra.deployer import Deployer
from infra.naming import Kind, Names
from infra.roles import (
    WORKSPACE_IDENTITY,
    Scope,
    cluster_grants,
    cluster_identity,
    operator_grants,
    workspace_grants,
)
from infra.settings import Outbound, PrincipalKind, Settings
from infra.site import Site, Zones

CPU = "cpu"
_ISOLATION = {
    Outbound.INTERNET: ml.IsolationMode.ALLOW_INTERNET_OUTBOUND,
    Outbound.APPROVED: ml.IsolationMode.ALLOW_ONLY_APPROVED_OUTBOUND,
}


@dataclass(frozen=True, kw_only=True)
class StampArgs:
    """What a `Stamp` takes from the rest of the platform."""

    settings: Settings
    region: str
    names: Names
    deployer: Deployer
    zones: Zones


class Stamp(ComponentResource):
    """One region's workspace and everything that it stands on."""

    outputs: dict[str, Input[str]]

    def __init__(self, name: str, args: StampArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:platform:Stamp", name, None, opts)
        group = resources.ResourceGroup(
            f"group-{args.names.short_region}",
            resource_group_name=args.names.of(Kind.RESOURCE_GROUP),
            location=args.region,
            opts=ResourceOptions(parent=self),
        )
        site = Site(
            settings=args.settings,
            region=args.region,
            names=args.names,
            deployer=args.deployer,
            zones=args.zones,
            owner=self,
            group_name=group.name,
        )
        base = lay_base(site)
        stores = build_stores(site, base)
        workspace = _build_workspace(site, base, stores)
        scopes = {**stores.scopes, Scope.WORKSPACE: workspace.workspace_id}
        clusters = _build_clusters(site, base, workspace, scopes)
        _admit_operators(site, scopes)
        self.outputs = {
            "location": args.region,
            "resource_group": group.name,
            "workspace": workspace.workspace_name,
            "workspace_id": workspace.workspace_id,
            "storage_account": stores.data.account_name,
            "key_vault": stores.vault.vault_name,
            "registry": stores.registry.registry_name,
            "cpu_cluster": clusters[CPU].cluster_name,
        }
        self.register_outputs(self.outputs)


def _build_workspace(site: Site, base: Base, stores: Stores) -> Workspace:
    settings = site.settings.workspace
    grants = workspace_grants()
    principals = base.identities.principal_ids
    # The service opens the stores while it creates the workspace, so these grants come first ...
    before = [grant for grant in grants if grant.scope is not Scope.WORKSPACE]
    prepared = site.grant("stores", before, principals, stores.scopes)
    workspace = Workspace(
        site.named("workspace"),
        WorkspaceArgs(
            workspace_name=site.names.workspace,
            description=f"Machine learning in {site.settings.environment}, {site.region}",
            location=site.region,
            resource_group_name=site.group_name,
            identity_id=base.identities.ids[WORKSPACE_IDENTITY],
            storage_account_id=stores.data.account_id,
            storage_account_name=stores.data.account_name,
            key_vault_id=stores.vault.vault_id,
            registry_id=stores.registry.registry_id,
            insights_id=base.monitoring.insights_id,
            isolation=_ISOLATION[settings.outbound],
            firewall_sku=ml.FirewallSku(settings.firewall_sku.value),
            allowed_hosts=settings.allowed_hosts,
            high_business_impact=settings.high_business_impact,
            image_build_compute=CPU,
            datastores={CURATED: stores.data.containers[CURATED].name},
            after=prepared.assignments,
            protect=site.settings.protect,
        ),
        site.child,
    )
    # ... and these have to wait for it.
    after = [grant for grant in grants if grant.scope is Scope.WORKSPACE]
    site.grant("workspace", after, principals, {Scope.WORKSPACE: workspace.workspace_id})
    site.link(base.network, "workspace", workspace.workspace_id, "amlworkspace")
    site.send_logs(base.monitoring, "workspace", workspace.workspace_id)
    return workspace


def _build_clusters(
    site: Site, base: Base, workspace: Workspace, scopes: Mapping[Scope, Input[str]]
) -> dict[str, Cluster]:
    clusters = site.settings.clusters
    granted = site.grant(
        "clusters", cluster_grants(clusters), base.identities.principal_ids, scopes
    )
    return {
        name: Cluster(
            site.named(f"cluster-{name}"),
            ClusterArgs(
                cluster_name=name,
                location=site.region,
                resource_group_name=site.group_name,
                workspace_name=workspace.workspace_name,
                identity_id=base.identities.ids[cluster_identity(name)],
                vm_size=cluster.vm_size,
                vm_priority=ml.VmPriority(cluster.priority.value),
                min_nodes=cluster.min_nodes,
                max_nodes=cluster.max_nodes,
                idle_minutes=cluster.idle_minutes,
                after=granted.assignments,
            ),
            site.child,
        )
        for name, cluster in clusters.items()
    }


def _admit_operators(site: Site, scopes: Mapping[Scope, Input[str]]) -> None:
    settings, deployer = site.settings, site.deployer
    ids: dict[str, str] = {f"operator-{o.object_id}": o.object_id for o in settings.operators}
    kinds: dict[str, PrincipalKind] = {
        f"operator-{o.object_id}": o.type for o in settings.operators
    }
    # A second assignment of the same role to the same principal is refused by Azure.
    if settings.grant_deployer and deployer.object_id not in ids.values():
        ids["deployer"], kinds["deployer"] = deployer.object_id, deployer.kind
    if ids:
        site.grant("operators", operator_grants(kinds.items()), ids, scopes)
