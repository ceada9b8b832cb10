"""Who may do what: every role grant of the platform, as a table that tests and reports can read."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from infra.builtin_roles import Role
from infra.settings import PrincipalKind


class Scope(StrEnum):
    """On what a role is granted: a resource of the stamp, never its resource group."""

    STORAGE = "storage"
    BLOB_ENDPOINT = "blob-endpoint"
    FILE_ENDPOINT = "file-endpoint"
    VAULT = "vault"
    REGISTRY = "registry"
    INSIGHTS = "insights"
    WORKSPACE = "workspace"
    ENCRYPTION_VAULT = "encryption-vault"
    VERDICT_VAULT = "verdict-vault"
    VERDICT_KEY = "verdict-key"
    LOGS = "logs"
    LAKE = "lake"
    LAKE_RAW = "lake-raw"
    LAKE_CURATED = "lake-curated"
    LAKE_FEATURES = "lake-features"
    LAKE_SCRATCH = "lake-scratch"
    EVENT_QUEUE = "event-queue"
    DEAD_LETTERS = "dead-letters"
    AKS_NODES = "aks-nodes"
    AKS_API_SERVER = "aks-api-server"
    AKS_LOAD_BALANCER = "aks-load-balancer"
    AKS_ZONE = "aks-zone"
    KUBELET = "kubelet"
    KUBERNETES = "kubernetes"
    GROUP = "group"
    MODEL_REGISTRY = "model-registry"
    MONITORING_LINK = "monitoring-link"
    FLOW_LOGS = "flow-logs"
    JUMP_HOST = "jump-host"
    JUMP_HOST_INTERFACE = "jump-host-interface"
    BASTION = "bastion"


@dataclass(frozen=True, order=True)
class Grant:
    """One identity may play one role on one resource, for one reason."""

    identity: str
    role: Role
    scope: Scope
    reason: str
    kind: PrincipalKind = PrincipalKind.SERVICE_PRINCIPAL
    condition: str | None = None
    """Narrows what the role lets do, in Azure's condition language (version 2.0)."""

    @property
    def name(self) -> str:
        return f"{self.identity}-{self.role.slug}-{self.scope.value}"


GATE = "gate"
"""The cluster on which models are judged, and whose identity alone signs."""
WORKSPACE_IDENTITY = "workspace"
ENCRYPTION_IDENTITY = "encryption"
WATCH_IDENTITY = "watch"

_IDENTITY_DATASTORES = "identity-based system datastores: the account takes no keys"
# The service manages these resources for a workspace with a user-assigned identity, and documents
# Contributor on each as the least it works with; there is no narrower built-in role. A
# system-assigned identity would get Azure AI Administrator on the whole resource group instead.
# https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication
_DOCUMENTED_MINIMUM = "documented minimum for a workspace with a user-assigned identity"
_MANAGED_ENDPOINTS = "the managed network's private endpoints need an approver on their target"
_STUDIO_PREVIEW = "the studio looks the private endpoint up to show data of a private account"

_WORKSPACE_GRANTS = (
    (Role.STORAGE_BLOB_DATA_CONTRIBUTOR, Scope.STORAGE, _IDENTITY_DATASTORES),
    (Role.STORAGE_FILE_DATA_PRIVILEGED_CONTRIBUTOR, Scope.STORAGE, _IDENTITY_DATASTORES),
    (Role.CONTRIBUTOR, Scope.STORAGE, _DOCUMENTED_MINIMUM),
    (Role.CONTRIBUTOR, Scope.VAULT, _DOCUMENTED_MINIMUM),
    (Role.KEY_VAULT_ADMINISTRATOR, Scope.VAULT, _DOCUMENTED_MINIMUM),
    (Role.CONTRIBUTOR, Scope.REGISTRY, _DOCUMENTED_MINIMUM),
    (Role.CONTRIBUTOR, Scope.INSIGHTS, _DOCUMENTED_MINIMUM),
    (Role.CONTRIBUTOR, Scope.WORKSPACE, _DOCUMENTED_MINIMUM),
    (Role.NETWORK_CONNECTION_APPROVER, Scope.STORAGE, _MANAGED_ENDPOINTS),
    (Role.NETWORK_CONNECTION_APPROVER, Scope.VAULT, _MANAGED_ENDPOINTS),
    (Role.NETWORK_CONNECTION_APPROVER, Scope.REGISTRY, _MANAGED_ENDPOINTS),
    (Role.READER, Scope.BLOB_ENDPOINT, _STUDIO_PREVIEW),
    (Role.READER, Scope.FILE_ENDPOINT, _STUDIO_PREVIEW),
)

_CLUSTER_GRANTS = (
    (Role.ACR_PULL, Scope.REGISTRY, "pulls the images of the environments that jobs run in"),
    (
        Role.STORAGE_BLOB_DATA_CONTRIBUTOR,
        Scope.STORAGE,
        "reads inputs, writes outputs; the service names the container, after the grant is made",
    ),
    (Role.AZUREML_METRICS_WRITER, Scope.WORKSPACE, "writes what it measures, and starts nothing"),
)
# Whoever may send a job to the gate's cluster could sign there: the identities that train may not.
_REGISTERS = (
    Role.AZUREML_DATA_SCIENTIST,
    Scope.WORKSPACE,
    "registers the models that passed; no narrower built-in role may",
)
# AzureML Data Scientist reads no metrics; Reader does, and sees nothing else that it does not.
_GUARDS = (
    Role.READER,
    Scope.WORKSPACE,
    "reads the metrics of endpoints, which guardrails of releases look at",
)

_CHECKS = (
    Role.KEY_VAULT_READER,
    Scope.VERDICT_KEY,
    "reads the public half of the key and checks verdicts with it",
)

_OPERATOR_GRANTS = (
    (
        Role.AZUREML_DATA_SCIENTIST,
        Scope.WORKSPACE,
        "submits jobs and reads their results; may not change the workspace or its computes",
    ),
    (
        Role.STORAGE_BLOB_DATA_CONTRIBUTOR,
        Scope.STORAGE,
        "uploads code and data with their own identity: the account takes no keys",
    ),
    _CHECKS,
)

# Runtime identities that hold a wide role, and why: nothing else may, as a test makes sure.
WIDE_ROLES = frozenset({Role.CONTRIBUTOR})
EXCEPTIONS = {
    (WORKSPACE_IDENTITY, Role.CONTRIBUTOR, scope): _DOCUMENTED_MINIMUM
    for scope in (Scope.STORAGE, Scope.VAULT, Scope.REGISTRY, Scope.INSIGHTS, Scope.WORKSPACE)
}


def cluster_identity(cluster: str) -> str:
    return f"cluster-{cluster}"


def workspace_grants() -> list[Grant]:
    """What the workspace's identity needs."""
    return [Grant(WORKSPACE_IDENTITY, *grant) for grant in _WORKSPACE_GRANTS]


def cluster_grants(clusters: Iterable[str]) -> list[Grant]:
    """What the identity of each cluster needs."""
    grants = [
        Grant(cluster_identity(cluster), *grant)
        for cluster in clusters
        for grant in _CLUSTER_GRANTS
    ]
    return [*grants, *(Grant(cluster_identity(GATE), *row) for row in (_REGISTERS, _GUARDS))]


def verdict_grants() -> list[Grant]:
    """Who signs verdicts, and who lets the workspace's network reach the vault but cannot sign."""
    signs, approves = Role.KEY_VAULT_CRYPTO_USER, Role.NETWORK_CONNECTION_APPROVER
    return [
        Grant(cluster_identity(GATE), signs, Scope.VERDICT_KEY, "signs what it has judged"),
        Grant(WORKSPACE_IDENTITY, approves, Scope.VERDICT_VAULT, _MANAGED_ENDPOINTS),
    ]


def operator_grants(operators: Iterable[tuple[str, PrincipalKind]]) -> list[Grant]:
    """What those who submit jobs need; they come by their name in the stamp and their kind."""
    return [Grant(name, *grant, kind) for name, kind in operators for grant in _OPERATOR_GRANTS]


def encryption_grants() -> list[Grant]:
    """What the identity of customer-managed keys needs."""
    reason = "stores wrap and unwrap their own keys with the key of this vault"
    role = Role.KEY_VAULT_CRYPTO_SERVICE_ENCRYPTION_USER
    return [Grant(ENCRYPTION_IDENTITY, role, Scope.ENCRYPTION_VAULT, reason)]


def watch_grants() -> list[Grant]:
    """What the identity of log alerts needs."""
    reason = "alerts ask the logs as themselves, not as whoever deployed them"
    return [Grant(WATCH_IDENTITY, Role.LOG_ANALYTICS_READER, Scope.LOGS, reason)]


_READERS = (
    (Role.READER, Scope.WORKSPACE, "sees jobs, models and endpoints; changes nothing"),
    (Role.LOG_ANALYTICS_READER, Scope.LOGS, "looks into what happened"),
    _CHECKS,
)
_WORKERS = (
    (
        Role.STORAGE_FILE_DATA_PRIVILEGED_CONTRIBUTOR,
        Scope.STORAGE,
        "notebooks live in the file share, which takes no keys",
    ),
    (Role.AZUREML_COMPUTE_OPERATOR, Scope.WORKSPACE, "starts and stops computes"),
)


def people_grants(groups: Iterable[str], *, may_work: bool) -> list[Grant]:
    """What the Entra groups of people need, by their names in the stamp."""
    rows = (*_READERS, *_OPERATOR_GRANTS, *_WORKERS) if may_work else _READERS
    return [Grant(name, *row, PrincipalKind.GROUP) for name in groups for row in rows]


def workspace_lake_grants() -> list[Grant]:
    """What the workspace's identity needs on the lake."""
    studio = "the studio shows what the lake's datastores hold"
    return [
        Grant(WORKSPACE_IDENTITY, Role.STORAGE_BLOB_DATA_READER, Scope.LAKE, studio),
        Grant(WORKSPACE_IDENTITY, Role.NETWORK_CONNECTION_APPROVER, Scope.LAKE, _MANAGED_ENDPOINTS),
    ]


def cluster_lake_grants(clusters: Iterable[str]) -> list[Grant]:
    """What the identity of each cluster needs on the zones of the lake."""
    rows = (
        (Role.STORAGE_BLOB_DATA_READER, Scope.LAKE_RAW, "reads what arrived, and leaves it be"),
        (Role.STORAGE_BLOB_DATA_CONTRIBUTOR, Scope.LAKE_CURATED, "writes the data it has cleaned"),
        (Role.STORAGE_BLOB_DATA_CONTRIBUTOR, Scope.LAKE_FEATURES, "writes the features it made"),
    )
    return [Grant(cluster_identity(cluster), *row) for cluster in clusters for row in rows]


def scratch_grants(cluster: str) -> list[Grant]:
    """What the identity of a cluster needs on the container that nobody else opens."""
    reason = "keeps what other jobs must not see"
    role = Role.STORAGE_BLOB_DATA_CONTRIBUTOR
    return [Grant(cluster_identity(cluster), role, Scope.LAKE_SCRATCH, reason)]


def endpoint_identity(task: str) -> str:
    return f"endpoint-{task}"


def endpoint_grants(tasks: Iterable[str]) -> list[Grant]:
    """What the identity of each online endpoint needs; it must be there before a deployment."""
    rows = (
        (Role.ACR_PULL, Scope.REGISTRY, "pulls the image that a deployment runs in"),
        (Role.STORAGE_BLOB_DATA_READER, Scope.STORAGE, "reads the model that it serves"),
        (
            Role.AZUREML_METRICS_WRITER,
            Scope.WORKSPACE,
            "writes what it measures of itself; cannot submit or register",
        ),
    )
    return [Grant(endpoint_identity(task), *row) for task in tasks for row in rows]
