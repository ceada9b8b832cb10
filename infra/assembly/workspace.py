"""The workspace of a stamp, with what it may open and what it may reach."""

from collections.abc import Mapping, Sequence

from pulumi import Input, Resource
from pulumi_azure_native import machinelearningservices as ml

from infra.addresses import Purpose
from infra.assembly.base import Base
from infra.assembly.keys import Keys
from infra.assembly.stores import CURATED, Stores
from infra.assembly.zones import MONITORING
from infra.components.datastores import Datastores, DatastoresArgs
from infra.components.workspace import Workspace, WorkspaceArgs
from infra.roles import WORKSPACE_IDENTITY, Scope, workspace_grants
from infra.settings import Isolation, Outbound
from infra.site import Site

CPU = "cpu"
_ISOLATION = {
    Outbound.INTERNET: ml.IsolationMode.ALLOW_INTERNET_OUTBOUND,
    Outbound.APPROVED: ml.IsolationMode.ALLOW_ONLY_APPROVED_OUTBOUND,
}


def build_workspace(
    site: Site,
    base: Base,
    stores: Stores,
    keys: Keys,
    *,
    private_targets: Mapping[str, tuple[Input[str], str]],
    approved_by: Sequence[Resource],
) -> Workspace:
    """Build the workspace between the grants that come before it and those that wait for it.

    `private_targets` are what jobs reach besides the workspace's own stores: id and group by name.
    `approved_by` are the grants by which the service approves its endpoints to them.
    """
    settings = site.settings.workspace
    grants = workspace_grants()
    principals = base.identities.principal_ids
    # The service opens the stores while it creates the workspace, so these grants come first ...
    before = [grant for grant in grants if grant.scope is not Scope.WORKSPACE]
    prepared = site.grant("stores", before, principals, stores.scopes)
    managed, scope = site.settings.isolation is Isolation.MANAGED, base.private_monitoring
    targets = {
        # Parallel jobs and batch endpoints keep their work lists in queues and tables; the
        # service makes endpoints for blobs and files only.
        "work-queue": (stores.data.account_id, "queue"),
        "work-table": (stores.data.account_id, "table"),
        # Traces: the public network is closed to them.
        **({"monitoring": (scope.link.scope_id, MONITORING)} if scope else {}),
        **private_targets,
    }
    workspace = Workspace(
        site.named("workspace"),
        WorkspaceArgs(
            workspace_name=site.names.workspace,
            description=f"Machine learning in {site.settings.environment}, {site.region}",
            location=site.region,
            resource_group_name=site.group_name,
            identity_id=base.identities.ids[WORKSPACE_IDENTITY],
            storage_account_id=stores.data.account_id,
            key_vault_id=stores.vault.vault_id,
            registry_id=stores.registry.registry_id,
            insights_id=base.monitoring.insights_id,
            isolation=_ISOLATION[settings.outbound] if managed else ml.IsolationMode.DISABLED,
            firewall_sku=ml.FirewallSku(settings.firewall_sku.value),
            allowed_hosts=settings.allowed_hosts,
            allowed_services=settings.allowed_services,
            private_targets=targets if managed else {},
            subnet_id=base.network.subnet_ids.get(Purpose.TRAINING),
            high_business_impact=settings.high_business_impact,
            image_build_compute=CPU,
            key=keys.key,
            after=[
                *prepared.assignments,
                *keys.grants,
                *(scope.grants if scope else []),
                *approved_by,
            ],
            hooks=site.hooks,
            protect=site.settings.protect,
        ),
        site.child,
    )
    datastores = DatastoresArgs(
        resource_group_name=site.group_name,
        workspace_name=workspace.workspace_name,
        account_name=stores.data.account_name,
        containers={CURATED: stores.data.containers[CURATED].name},
    )
    Datastores(site.named("datastores"), datastores, site.child)
    # ... and these have to wait for it.
    after = [grant for grant in grants if grant.scope is Scope.WORKSPACE]
    site.grant("workspace", after, principals, {Scope.WORKSPACE: workspace.workspace_id})
    link = site.link(base.network, "workspace", workspace.workspace_id, "amlworkspace")
    workspace.reached_by.append(link)
    site.send_logs(base.monitoring, "workspace", workspace.workspace_id)
    return workspace
