"""The endpoints of a stamp."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Input, ResourceOptions

from infra.assembly.base import Base
from infra.components.endpoints import (
    BatchEndpoint,
    BatchEndpointArgs,
    OnlineEndpoint,
    OnlineEndpointArgs,
)
from infra.components.kubernetes_ml import AttachedCluster
from infra.components.workspace import Workspace
from infra.live_traffic import batch_default, online_traffic
from infra.naming import Kind
from infra.roles import Scope, endpoint_grants, endpoint_identity
from infra.site import Site


@dataclass(frozen=True, kw_only=True)
class Serving:
    """The endpoints by the task that they serve."""

    online: Mapping[str, OnlineEndpoint]
    batch: Mapping[str, BatchEndpoint]


def build_serving(
    site: Site,
    base: Base,
    workspace: Workspace,
    scopes: Mapping[Scope, Input[str]],
    attached: AttachedCluster | None,
) -> Serving:
    """Build the endpoints; what releases have set on them stays as it is."""
    serving = site.settings.serving
    # Endpoints on the cluster differ in where they run, not in what they may do.
    computes = dict.fromkeys(serving.online, None) | (
        dict.fromkeys(serving.kubernetes, attached.compute_id) if attached else {}
    )
    granted = site.grant(
        "endpoints", endpoint_grants(computes), base.identities.principal_ids, scopes
    )
    # Plain names: what is there is asked for before anything is made.
    group, workspace_name = site.names.of(Kind.RESOURCE_GROUP), site.names.workspace
    reachable = ResourceOptions(parent=site.owner, depends_on=workspace.reached_by)
    online: dict[str, OnlineEndpoint] = {}
    for task, compute_id in computes.items():
        endpoint_name = site.names.endpoint(task)
        live = online_traffic(group, workspace_name, endpoint_name)
        online[task] = OnlineEndpoint(
            site.named(f"endpoint-{task}"),
            OnlineEndpointArgs(
                endpoint_name=endpoint_name,
                location=site.region,
                resource_group_name=site.group_name,
                workspace_name=workspace.workspace_name,
                identity_id=base.identities.ids[endpoint_identity(task)],
                description=f"Serves {task} in {site.settings.environment}",
                traffic=live.traffic,
                mirror_traffic=live.mirror_traffic,
                release_tags=live.tags,
                compute_id=compute_id,
                after=granted.assignments,
                hooks=site.hooks,
            ),
            reachable,
        )
        site.send_logs(base.monitoring, f"endpoint-{task}", online[task].endpoint_id)
    batch: dict[str, BatchEndpoint] = {}
    for task in serving.batch:
        endpoint_name = site.names.endpoint(task)
        args = BatchEndpointArgs(
            endpoint_name=endpoint_name,
            location=site.region,
            resource_group_name=site.group_name,
            workspace_name=workspace.workspace_name,
            description=f"Starts {task} in {site.settings.environment}",
            default_deployment=batch_default(group, workspace_name, endpoint_name),
        )
        batch[task] = BatchEndpoint(site.named(f"batch-{task}"), args, reachable)
    return Serving(online=online, batch=batch)
