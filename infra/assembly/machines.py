"""The clusters and instances of a stamp's workspace."""

from collections.abc import Mapping

from pulumi import Input
from pulumi_azure_native import machinelearningservices as ml

from infra.addresses import Purpose
from infra.assembly.base import Base
from infra.components.compute import Cluster, ClusterArgs, Instance, InstanceArgs
from infra.components.workspace import Workspace
from infra.roles import Scope, cluster_grants, cluster_identity
from infra.site import Site


def build_clusters(
    site: Site, base: Base, workspace: Workspace, scopes: Mapping[Scope, Input[str]]
) -> dict[str, Cluster]:
    """Build the clusters, each with an identity and grants of its own."""
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
                subnet_id=base.network.subnet_ids.get(Purpose.TRAINING),
                after=granted.assignments,
                hooks=site.hooks,
            ),
            site.child,
        )
        for name, cluster in clusters.items()
    }


def build_instances(site: Site, base: Base, workspace: Workspace) -> None:
    """Build the machines of people."""
    for name, instance in site.settings.instances.items():
        args = InstanceArgs(
            # Unique in the region, not in the workspace only.
            instance_name=f"{name}-{site.names.unique}",
            location=site.region,
            resource_group_name=site.group_name,
            workspace_name=workspace.workspace_name,
            tenant_id=site.deployer.tenant_id,
            assigned_to=instance.assigned_to,
            vm_size=instance.vm_size,
            idle_minutes=instance.idle_minutes,
            subnet_id=base.network.subnet_ids.get(Purpose.TRAINING),
        )
        Instance(site.named(f"instance-{name}"), args, site.child)
