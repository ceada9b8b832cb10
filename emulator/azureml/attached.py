"""Clusters of Kubernetes as computes: what Azure wants to find on them before it attaches them."""

import re
from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml.text import bad, workspace_of

_CLUSTERS = (
    "Microsoft.ContainerService/managedClusters",
    "Microsoft.Kubernetes/connectedClusters",
)
_EXTENSION = "Microsoft.KubernetesConfiguration/extensions"
_EXTENSION_TYPE = "microsoft.azureml.kubernetes"
_ROLE = "microsoft.machinelearningservices/workspaces/mlworkload"
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_TARGET = "properties.resourceId"
_FIXED = ("namespace",)


def prepare(ctx: Context, resource: Resource, old: dict[str, Any]) -> None:
    """Check and complete a compute of type Kubernetes.

    Raises:
        ArmError: the cluster cannot be attached, or a part was changed that stays.
    """
    properties, own = resource["properties"], resource["properties"]["properties"]
    namespace = own.setdefault("namespace", "default")
    if _NAMESPACE.fullmatch(str(namespace)) is None:
        msg = f"properties.properties.namespace is {namespace!r}; give a name of Kubernetes."
        raise bad(msg, "properties.properties.namespace")
    if old:
        for path, before, after in (
            (_TARGET, old.get("resourceId"), properties.get("resourceId")),
            *(
                (f"properties.properties.{key}", (old.get("properties") or {}).get(key), own[key])
                for key in _FIXED
            ),
        ):
            if str(before).lower() != str(after).lower():
                msg = f"{path} cannot be changed from {before} to {after}; detach it first."
                raise ArmError(409, "PropertyChangeNotAllowed", msg, path)
    cluster = _cluster(ctx, properties.get("resourceId"))
    _check_let_in(ctx, resource, cluster)
    kinds = own.get("instanceTypes") or {}
    default = own.get("defaultInstanceType")
    if default is not None and default not in {*kinds, "defaultinstancetype"}:
        msg = f"properties.properties.defaultInstanceType {default!r} is none of instanceTypes."
        raise bad(msg, "properties.properties.defaultInstanceType")
    own.setdefault("defaultInstanceType", "defaultinstancetype")
    own.setdefault("extensionInstanceReleaseTrain", "stable")
    own.setdefault("vcName", "default")


def _cluster(ctx: Context, id_: object) -> Resource:
    found = ctx.store.get(str(id_ or ""))
    if found is None or found["type"].lower() not in {one.lower() for one in _CLUSTERS}:
        msg = f"{_TARGET} {id_} was not found; give the id of a {_CLUSTERS[0]}."
        raise bad(msg, _TARGET, "ClusterNotFound")
    return found


def _check_let_in(ctx: Context, resource: Resource, cluster: Resource) -> None:
    installed = any(
        str(one["properties"].get("extensionType")).lower() == _EXTENSION_TYPE
        for one in ctx.store.children(cluster["id"], _EXTENSION)
    )
    if not installed:
        msg = (
            f"Cluster {cluster['name']!r} has no extension of type Microsoft.AzureML.Kubernetes;"
            " install it before the cluster is attached."
        )
        raise bad(msg, _TARGET, "ExtensionNotInstalled")
    if cluster["properties"].get("disableLocalAccounts") is not True:
        return
    workspace = workspace_of(resource["id"]).lower()
    trusted = any(
        str(one["properties"].get("sourceResourceId")).lower() == workspace
        and _ROLE in {str(role).lower() for role in one["properties"].get("roles") or []}
        for one in ctx.store.children(cluster["id"], "trustedAccessRoleBindings")
    )
    if not trusted:
        msg = (
            f"Cluster {cluster['name']!r} takes no local accounts, and has no trusted access role"
            f" binding of {workspace} with the role mlworkload; create that first."
        )
        raise bad(msg, _TARGET, "ClusterLocalAccountsDisabled")
