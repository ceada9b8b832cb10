"""A stamp: all that one region of an environment has."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import keyvault, resources, storage
from pulumi_azure_native import machinelearningservices as ml

from infra.addresses import Purpose
from infra.checks import stamp_addresses
from infra.components.compute import Cluster, ClusterArgs
from infra.components.data_store import DataStore, DataStoreArgs
from infra.components.grants import Grants, GrantsArgs
from infra.components.identity import Identities, IdentitiesArgs
from infra.components.key_vault import KeyVault, KeyVaultArgs
from infra.components.monitoring import Monitoring, MonitoringArgs, send_logs
from infra.components.network import Network, NetworkArgs
from infra.components.private_link import PrivateLink, PrivateLinkArgs, ZoneLinks, ZoneLinksArgs
from infra.components.registry import Registry, RegistryArgs
from infra.components.workspace import Workspace, WorkspaceArgs
from infra.deployer import Deployer
from infra.naming import Kind, Names
from infra.roles import (
    WORKSPACE_IDENTITY,
    Grant,
    Scope,
    cluster_grants,
    cluster_identity,
    operator_grants,
    workspace_grants,
)
from infra.settings import Outbound, PrincipalKind, Settings

CURATED = "curated"
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
    zones_group_name: Input[str]
    zone_ids: Mapping[str, Input[str]]
    zone_names: Mapping[str, Input[str]]


@dataclass(frozen=True, kw_only=True)
class _Base:
    """What the rest of a stamp stands on."""

    group_name: Output[str]
    network: Network
    identities: Identities
    monitoring: Monitoring


@dataclass(frozen=True, kw_only=True)
class _Stores:
    """What the workspace keeps its data, secrets and images in."""

    data: DataStore
    vault: KeyVault
    registry: Registry
    scopes: Mapping[Scope, Input[str]]


class Stamp(ComponentResource):
    """One region's workspace and everything that it stands on."""

    outputs: dict[str, Input[str]]

    def __init__(self, name: str, args: StampArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:platform:Stamp", name, None, opts)
        self._args = args
        self._settings = args.settings
        self._short = args.names.short_region
        self._child = ResourceOptions(parent=self)
        base = self._lay_base()
        stores = self._build_stores(base)
        workspace = self._build_workspace(base, stores)
        clusters = self._build_clusters(base, stores, workspace)
        self._admit_operators(stores, workspace)
        self.outputs = {
            "location": args.region,
            "resource_group": base.group_name,
            "workspace": workspace.workspace_name,
            "workspace_id": workspace.workspace_id,
            "storage_account": stores.data.account_name,
            "key_vault": stores.vault.vault_name,
            "registry": stores.registry.registry_name,
            "cpu_cluster": clusters[CPU].cluster_name,
        }
        self.register_outputs(self.outputs)

    def _lay_base(self) -> _Base:
        args, settings = self._args, self._settings
        group = resources.ResourceGroup(
            self._named("group"),
            resource_group_name=args.names.of(Kind.RESOURCE_GROUP),
            location=args.region,
            opts=self._child,
        )
        network = Network(
            self._named("network"),
            NetworkArgs(
                names=args.names,
                location=args.region,
                resource_group_name=group.name,
                addresses=stamp_addresses(settings, args.region),
            ),
            self._child,
        )
        ZoneLinks(
            self._named("zone-links"),
            ZoneLinksArgs(
                names=args.names,
                resource_group_name=args.zones_group_name,
                zone_names=args.zone_names,
                network_id=network.network_id,
            ),
            self._child,
        )
        identities = Identities(
            self._named("identity"),
            IdentitiesArgs(
                names=args.names,
                location=args.region,
                resource_group_name=group.name,
                purposes=[WORKSPACE_IDENTITY, *map(cluster_identity, settings.clusters)],
            ),
            self._child,
        )
        monitoring = Monitoring(
            self._named("monitoring"),
            MonitoringArgs(
                names=args.names,
                location=args.region,
                resource_group_name=group.name,
                retention_days=settings.monitoring.retention_days,
                daily_cap_gb=settings.monitoring.daily_cap_gb,
                protect=settings.protect,
            ),
            self._child,
        )
        return _Base(
            group_name=group.name, network=network, identities=identities, monitoring=monitoring
        )

    def _build_stores(self, base: _Base) -> _Stores:
        args, settings = self._args, self._settings
        data = DataStore(
            self._named("data"),
            DataStoreArgs(
                account_name=args.names.storage_account,
                location=args.region,
                resource_group_name=base.group_name,
                replication=storage.SkuName(settings.storage.replication.value),
                soft_delete_days=settings.storage.soft_delete_days,
                containers=[CURATED],
                protect=settings.protect,
            ),
            self._child,
        )
        vault = KeyVault(
            self._named("vault"),
            KeyVaultArgs(
                vault_name=args.names.key_vault,
                location=args.region,
                resource_group_name=base.group_name,
                tenant_id=args.deployer.tenant_id,
                sku=keyvault.SkuName(settings.key_vault.sku.value),
                retention_days=settings.key_vault.retention_days,
                protect=settings.protect,
            ),
            self._child,
        )
        registry = Registry(
            self._named("registry"),
            RegistryArgs(
                registry_name=args.names.registry,
                location=args.region,
                resource_group_name=base.group_name,
                zone_redundant=settings.registry.zone_redundant,
                untagged_days=settings.registry.untagged_days,
                protect=settings.protect,
            ),
            self._child,
        )
        # Queues and tables: batch endpoints and parallel jobs keep their work lists in them.
        endpoints = self._link(base, "data", data.account_id, "blob", "file", "queue", "table")
        self._link(base, "vault", vault.vault_id, "vault")
        self._link(base, "registry", registry.registry_id, "registry")
        self._send_logs(base, "vault", vault.vault_id)
        self._send_logs(base, "registry", registry.registry_id)
        # An account has no logs of its own; its services do.
        blobs = Output.concat(data.account_id, "/blobServices/default")
        self._send_logs(base, "blobs", blobs)
        scopes: dict[Scope, Input[str]] = {
            Scope.STORAGE: data.account_id,
            Scope.BLOB_ENDPOINT: endpoints.endpoint_ids["blob"],
            Scope.FILE_ENDPOINT: endpoints.endpoint_ids["file"],
            Scope.VAULT: vault.vault_id,
            Scope.REGISTRY: registry.registry_id,
            Scope.INSIGHTS: base.monitoring.insights_id,
        }
        return _Stores(data=data, vault=vault, registry=registry, scopes=scopes)

    def _build_workspace(self, base: _Base, stores: _Stores) -> Workspace:
        args, settings = self._args, self._settings
        grants = workspace_grants()
        # The service opens the stores while it creates the workspace, so these come first ...
        before = [grant for grant in grants if grant.scope is not Scope.WORKSPACE]
        after = [grant for grant in grants if grant.scope is Scope.WORKSPACE]
        principals = base.identities.principal_ids
        prepared = self._grant("stores", before, principals, stores.scopes)
        workspace = Workspace(
            self._named("workspace"),
            WorkspaceArgs(
                workspace_name=args.names.workspace,
                description=f"Machine learning in {settings.environment}, {args.region}",
                location=args.region,
                resource_group_name=base.group_name,
                identity_id=base.identities.ids[WORKSPACE_IDENTITY],
                storage_account_id=stores.data.account_id,
                storage_account_name=stores.data.account_name,
                key_vault_id=stores.vault.vault_id,
                registry_id=stores.registry.registry_id,
                insights_id=base.monitoring.insights_id,
                isolation=_ISOLATION[settings.workspace.outbound],
                firewall_sku=ml.FirewallSku(settings.workspace.firewall_sku.value),
                allowed_hosts=settings.workspace.allowed_hosts,
                high_business_impact=settings.workspace.high_business_impact,
                image_build_compute=CPU,
                datastores={CURATED: stores.data.containers[CURATED].name},
                after=prepared.assignments,
                protect=settings.protect,
            ),
            self._child,
        )
        # ... and this one has to wait for it.
        scopes: dict[Scope, Input[str]] = {Scope.WORKSPACE: workspace.workspace_id}
        self._grant("workspace", after, principals, scopes)
        self._link(base, "workspace", workspace.workspace_id, "amlworkspace")
        self._send_logs(base, "workspace", workspace.workspace_id)
        return workspace

    def _build_clusters(
        self, base: _Base, stores: _Stores, workspace: Workspace
    ) -> dict[str, Cluster]:
        args, settings = self._args, self._settings
        scopes = {**stores.scopes, Scope.WORKSPACE: workspace.workspace_id}
        grants = cluster_grants(settings.clusters)
        granted = self._grant("clusters", grants, base.identities.principal_ids, scopes)
        return {
            name: Cluster(
                self._named(f"cluster-{name}"),
                ClusterArgs(
                    cluster_name=name,
                    location=args.region,
                    resource_group_name=base.group_name,
                    workspace_name=workspace.workspace_name,
                    identity_id=base.identities.ids[cluster_identity(name)],
                    vm_size=cluster.vm_size,
                    vm_priority=ml.VmPriority(cluster.priority.value),
                    min_nodes=cluster.min_nodes,
                    max_nodes=cluster.max_nodes,
                    idle_minutes=cluster.idle_minutes,
                ),
                ResourceOptions(parent=self, depends_on=granted.assignments),
            )
            for name, cluster in settings.clusters.items()
        }

    def _admit_operators(self, stores: _Stores, workspace: Workspace) -> None:
        people = [
            (f"operator-{o.object_id}", o.object_id, o.type) for o in self._settings.operators
        ]
        deployer = self._args.deployer
        known = {object_id for _, object_id, _ in people}
        if self._settings.grant_deployer and deployer.object_id not in known:
            people.append(("deployer", deployer.object_id, deployer.kind))
        kinds: list[tuple[str, PrincipalKind]] = [(name, kind) for name, _, kind in people]
        self._grant(
            "operators",
            operator_grants(kinds),
            {name: object_id for name, object_id, _ in people},
            {**stores.scopes, Scope.WORKSPACE: workspace.workspace_id},
        )

    def _grant(
        self,
        purpose: str,
        grants: list[Grant],
        principals: Mapping[str, Input[str]],
        scopes: Mapping[Scope, Input[str]],
    ) -> Grants:
        args = GrantsArgs(
            names=self._args.names, grants=grants, principals=principals, scopes=scopes
        )
        return Grants(self._named(f"grants-{purpose}"), args, self._child)

    def _link(self, base: _Base, name: str, target_id: Input[str], *groups: str) -> PrivateLink:
        return PrivateLink(
            self._named(f"link-{name}"),
            PrivateLinkArgs(
                names=self._args.names,
                location=self._args.region,
                resource_group_name=base.group_name,
                subnet_id=base.network.subnet_ids[Purpose.PRIVATE_ENDPOINTS],
                target_id=target_id,
                groups=groups,
                zone_ids=self._args.zone_ids,
            ),
            self._child,
        )

    def _send_logs(self, base: _Base, name: str, resource_id: Input[str]) -> None:
        logs_id = base.monitoring.logs_id
        send_logs(
            self._named(f"logs-{name}"), resource_id=resource_id, logs_id=logs_id, parent=self
        )

    def _named(self, name: str) -> str:
        # Two stamps are siblings: their children need names that tell them apart.
        return f"{name}-{self._short}"
