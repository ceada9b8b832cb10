"""What a Kubernetes cluster may do: the rows of the table of grants for its identities."""

from collections.abc import Iterable

from infra.builtin_roles import Role
from infra.roles import WORKSPACE_IDENTITY, Grant, Scope
from infra.settings import PrincipalKind

CONTROL_PLANE, KUBELET, MODELS = "aks", "aks-kubelet", "aks-models"


def cluster_grants(*, own_zone: bool) -> list[Grant]:
    """What the control plane needs, on its own subnets and its nodes' identity only.

    A zone that a hub's owner keeps is theirs to grant.
    """
    joins = "joins its nodes, API server and load balancers to the subnet"
    subnets = (Scope.AKS_NODES, Scope.AKS_API_SERVER, Scope.AKS_LOAD_BALANCER)
    assigns = "gives the nodes their identity"
    grants = [
        *(Grant(CONTROL_PLANE, Role.NETWORK_CONTRIBUTOR, subnet, joins) for subnet in subnets),
        Grant(CONTROL_PLANE, Role.MANAGED_IDENTITY_OPERATOR, Scope.KUBELET, assigns),
    ]
    if own_zone:
        names = "writes the name of its API server"
        role = Role.PRIVATE_DNS_ZONE_CONTRIBUTOR
        grants.append(Grant(CONTROL_PLANE, role, Scope.AKS_ZONE, names))
    return grants


def kubelet_grants() -> list[Grant]:
    """What the nodes need."""
    return [Grant(KUBELET, Role.ACR_PULL, Scope.REGISTRY, "pulls the images of models")]


def attached_grants() -> list[Grant]:
    """What models and jobs on the cluster need."""
    return [
        Grant(MODELS, Role.ACR_PULL, Scope.REGISTRY, "pulls the images of environments"),
        Grant(MODELS, Role.STORAGE_BLOB_DATA_CONTRIBUTOR, Scope.STORAGE, "reads and writes data"),
        Grant(MODELS, Role.AZUREML_METRICS_WRITER, Scope.WORKSPACE, "writes what it measures"),
    ]


def workspace_cluster_grants() -> list[Grant]:
    """What the workspace's identity needs on the cluster, beside the trusted access."""
    reason = "manages the extension and its workloads"
    return [
        Grant(WORKSPACE_IDENTITY, Role.READER, Scope.KUBERNETES, "sees the cluster it uses"),
        Grant(WORKSPACE_IDENTITY, Role.KUBERNETES_EXTENSION_CONTRIBUTOR, Scope.KUBERNETES, reason),
    ]


def engineers_cluster_grants(groups: Iterable[str], *, may_work: bool) -> list[Grant]:
    """What the groups of engineers need on the cluster, by their names in the stamp."""
    inside = (
        (Role.AKS_RBAC_WRITER, "mends what runs in the cluster; no roles and no quotas")
        if may_work
        else (Role.AKS_RBAC_READER, "sees what runs in the cluster, but no secrets")
    )
    rows = ((Role.AKS_CLUSTER_USER, "asks where the cluster is, to sign in as themselves"), inside)
    return [
        Grant(name, role, Scope.KUBERNETES, reason, PrincipalKind.GROUP)
        for name in groups
        for role, reason in rows
    ]
