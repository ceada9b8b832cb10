"""The Kubernetes cluster of a stamp, and how the workspace uses it."""

from collections.abc import Mapping, Sequence

from pulumi import Input, ResourceOptions
from pulumi_azure_native import containerservice as aks

from infra.addresses import KUBERNETES_PODS, KUBERNETES_SERVICES, Purpose
from infra.assembly.base import Base
from infra.assembly.network import zones_of
from infra.components.container_insights import ContainerInsights, ContainerInsightsArgs
from infra.components.identity import Identities, IdentitiesArgs
from infra.components.kubernetes import Kubernetes, KubernetesArgs
from infra.components.kubernetes_ml import AttachedCluster, AttachedClusterArgs
from infra.components.node_pools import NodePool, NodePoolArgs, Pool
from infra.components.private_link import api_server_zone
from infra.components.workspace import Workspace
from infra.kubernetes_roles import (
    CONTROL_PLANE,
    KUBELET,
    MODELS,
    attached_grants,
    cluster_grants,
    engineers_cluster_grants,
    kubelet_grants,
    workspace_cluster_grants,
)
from infra.naming import Kind
from infra.roles import Scope
from infra.settings import Egress, PoolSettings
from infra.site import Site

COMPUTE = "kubernetes"
_GPU_TAINT = "sku=gpu:NoSchedule"
_SPOT_TAINT = "kubernetes.azure.com/scalesetpriority=spot:NoSchedule"
_OUTBOUND = {
    Egress.NAT: aks.OutboundType.USER_ASSIGNED_NAT_GATEWAY,
    Egress.FIREWALL: aks.OutboundType.USER_DEFINED_ROUTING,
}


def build_kubernetes(
    site: Site, base: Base, workspace: Workspace, scopes: Mapping[Scope, Input[str]]
) -> AttachedCluster | None:
    """Build the cluster and attach it to the workspace; None where the settings do without."""
    settings = site.settings.kubernetes
    if not settings.enabled:
        return None
    identities = Identities(
        site.named("kubernetes-identity"),
        IdentitiesArgs(
            names=site.names,
            location=site.region,
            resource_group_name=site.group_name,
            purposes=[CONTROL_PLANE, KUBELET, MODELS],
        ),
        site.child,
    )
    subnets = base.network.subnet_ids
    nodes = subnets[Purpose.AKS_NODES]
    zone = site.zones.ids[api_server_zone(site.region)]
    own_zone = site.settings.network.zones_group is None
    before = site.grant(
        "kubernetes",
        [*cluster_grants(own_zone=own_zone), *kubelet_grants()],
        identities.principal_ids,
        {
            **scopes,
            Scope.AKS_ZONE: zone,
            Scope.AKS_NODES: nodes,
            Scope.AKS_API_SERVER: subnets[Purpose.AKS_API_SERVER],
            Scope.AKS_LOAD_BALANCER: subnets[Purpose.AKS_LOAD_BALANCER],
            Scope.KUBELET: identities.ids[KUBELET],
        },
    )
    zones = zones_of(site.region)
    cluster = Kubernetes(
        site.named("kubernetes"),
        KubernetesArgs(
            cluster_name=site.names.of(Kind.KUBERNETES),
            node_group_name=site.names.of(Kind.RESOURCE_GROUP, "nodes"),
            location=site.region,
            resource_group_name=site.group_name,
            tenant_id=site.deployer.tenant_id,
            sku_tier=settings.sku_tier,
            upgrade_channel=settings.upgrade_channel,
            admin_groups=settings.admin_groups,
            system_pool=_pool("system", settings.system_pool),
            zones=zones,
            nodes_subnet_id=nodes,
            api_server_subnet_id=subnets[Purpose.AKS_API_SERVER],
            api_server_zone_id=zone,
            pods=str(KUBERNETES_PODS),
            services=str(KUBERNETES_SERVICES),
            dns_service=str(KUBERNETES_SERVICES[10]),
            outbound=_OUTBOUND[site.settings.network.egress],
            identity_id=identities.ids[CONTROL_PLANE],
            kubelet_id=identities.ids[KUBELET],
            kubelet_client_id=identities.client_ids[KUBELET],
            kubelet_object_id=identities.principal_ids[KUBELET],
            logs_id=base.monitoring.logs_id if settings.monitoring else None,
            after=before.assignments,
            hooks=site.hooks,
        ),
        site.child,
    )
    pools = _add_pools(site, cluster, nodes, zones)
    site.send_logs(base.monitoring, "kubernetes", cluster.cluster_id)
    if settings.monitoring:
        _send_insights(site, base, cluster)
    here = {**scopes, Scope.KUBERNETES: cluster.cluster_id}
    principals = {**base.identities.principal_ids, **identities.principal_ids}
    uses = [*attached_grants(), *workspace_cluster_grants()]
    granted = site.grant("kubernetes-models", uses, principals, here)
    _admit_engineers(site, here)
    return AttachedCluster(
        site.named("kubernetes-models"),
        AttachedClusterArgs(
            compute_name=COMPUTE,
            location=site.region,
            resource_group_name=site.group_name,
            cluster_id=cluster.cluster_id,
            cluster_name=cluster.cluster_name,
            workspace_id=workspace.workspace_id,
            workspace_name=workspace.workspace_name,
            identity_id=identities.ids[MODELS],
            router_name=f"models.{site.names.of(Kind.KUBERNETES)}.internal",
            nodes=settings.cpu_pool.min_nodes,
            gpu=settings.gpu,
            after=[*pools, *granted.assignments],
            hooks=site.hooks,
        ),
        site.child,
    )


def _add_pools(
    site: Site, cluster: Kubernetes, subnet_id: Input[str], zones: Sequence[str]
) -> list[NodePool]:
    settings = site.settings.kubernetes
    pools = [_pool("cpu", settings.cpu_pool)]
    if settings.gpu:
        pools.append(_pool("gpu", settings.gpu_pool, _GPU_TAINT))
    return [
        NodePool(
            site.named(f"kubernetes-{pool.name}"),
            NodePoolArgs(
                pool=pool,
                cluster_name=cluster.cluster_name,
                resource_group_name=site.group_name,
                subnet_id=subnet_id,
                zones=zones,
            ),
            site.child,
        )
        for pool in pools
    ]


def _send_insights(site: Site, base: Base, cluster: Kubernetes) -> None:
    private = base.private_monitoring is not None
    ContainerInsights(
        site.named("container-insights"),
        ContainerInsightsArgs(
            names=site.names,
            location=site.region,
            resource_group_name=site.group_name,
            cluster_id=cluster.cluster_id,
            logs_id=base.monitoring.logs_id,
            scope_name=site.names.of(Kind.MONITORING_LINK) if private else None,
        ),
        ResourceOptions(
            parent=site.owner,
            # The scope is named here, not referred to.
            depends_on=[base.private_monitoring.link] if base.private_monitoring else [],
        ),
    )


def _admit_engineers(site: Site, scopes: Mapping[Scope, Input[str]]) -> None:
    people = site.settings.people
    groups = {f"ml-engineers-{id_}": id_ for id_ in people.ml_engineers}
    if groups:
        grants = engineers_cluster_grants(groups, may_work=people.may_work)
        site.grant("kubernetes-people", grants, groups, scopes)


def _pool(name: str, settings: PoolSettings, *taints: str) -> Pool:
    spot = (_SPOT_TAINT,) if settings.spot else ()
    return Pool(
        name=name,
        vm_size=settings.vm_size,
        min_nodes=settings.min_nodes,
        max_nodes=settings.max_nodes,
        taints=(*taints, *spot),
        spot=settings.spot,
    )
