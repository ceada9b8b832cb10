"""The data lake of a stamp, who may open which part of it, and how the workspace shows it."""

from pulumi_azure_native import storage

from infra.assembly.base import Base
from infra.assembly.keys import Keys
from infra.components.datastores import Datastores, DatastoresArgs
from infra.components.lake import CURATED, FEATURES, RAW, ZONES, Lake, LakeArgs
from infra.components.workspace import Workspace
from infra.roles import (
    Scope,
    cluster_lake_grants,
    scratch_grants,
    workspace_lake_grants,
)
from infra.site import Site

_SCOPES = {RAW: Scope.LAKE_RAW, CURATED: Scope.LAKE_CURATED, FEATURES: Scope.LAKE_FEATURES}


def scratch_of(cluster: str) -> str:
    """Return the container that only the identity of a cluster opens."""
    return f"scratch-{cluster.lower()}"


def build_lake(site: Site, base: Base, keys: Keys) -> Lake | None:
    """Build the lake and the grants on it, None where the settings do without."""
    settings = site.settings
    if not settings.lake.enabled:
        return None
    lake = Lake(
        site.named("lake"),
        LakeArgs(
            account_name=site.names.lake,
            location=site.region,
            resource_group_name=site.group_name,
            replication=storage.SkuName(settings.lake.replication.value),
            soft_delete_days=settings.lake.soft_delete_days,
            cool_after_days=settings.lake.cool_after_days,
            delete_raw_after_days=settings.lake.delete_raw_after_days,
            scratch=[scratch_of(cluster) for cluster in settings.clusters],
            key=keys.key,
            protect=settings.protect,
        ),
        site.after(keys.grants),
    )
    # Engines for data speak to `dfs`; Azure Machine Learning and Data Factory to `blob` too.
    site.link(base.network, "lake", lake.account_id, "blob", "dfs", purpose="lake")
    site.send_logs(base.monitoring, "lake", lake.account_id.apply(_blobs))
    principals = base.identities.principal_ids
    scopes = {Scope.LAKE: lake.account_id} | {
        scope: lake.containers[zone].id for zone, scope in _SCOPES.items()
    }
    granted = site.grant("lake", workspace_lake_grants(), principals, scopes)
    lake.approved_by.extend(granted.assignments)
    site.grant("lake-clusters", cluster_lake_grants(settings.clusters), principals, scopes)
    for cluster in settings.clusters:
        container = lake.containers[scratch_of(cluster)]
        own = {Scope.LAKE_SCRATCH: container.id}
        site.grant(f"lake-scratch-{cluster}", scratch_grants(cluster), principals, own)
    return lake


def show_lake(site: Site, workspace: Workspace, lake: Lake) -> None:
    """Give the workspace a datastore for each zone of the lake."""
    args = DatastoresArgs(
        resource_group_name=site.group_name,
        workspace_name=workspace.workspace_name,
        account_name=lake.account_name,
        containers={f"lake_{zone}": lake.containers[zone].name for zone in ZONES},
    )
    Datastores(site.named("lake-datastores"), args, site.child)


def _blobs(account_id: str) -> str:
    return f"{account_id}/blobServices/default"
