"""Who may do what: every role grant of the platform, as a table that tests and reports can read."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from infra.settings import PrincipalKind


class Role(StrEnum):
    """Azure's built-in roles that are granted; the value is the id of the role's definition.

    https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
    """

    ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
    AZUREML_DATA_SCIENTIST = "f6c7c914-8db3-469d-8ca1-694a8f32e121"
    CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
    KEY_VAULT_ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
    NETWORK_CONNECTION_APPROVER = "b556d68e-0be0-4f35-a333-ad7ee1ce17ea"
    READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    STORAGE_BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
    STORAGE_FILE_DATA_PRIVILEGED_CONTRIBUTOR = "69566ab7-960f-475b-8e7c-b3118f30c6bd"

    @property
    def slug(self) -> str:
        return self.name.lower().replace("_", "-")


class Scope(StrEnum):
    """On what a role is granted: a resource of the stamp, never its resource group."""

    STORAGE = "storage"
    BLOB_ENDPOINT = "blob-endpoint"
    FILE_ENDPOINT = "file-endpoint"
    VAULT = "vault"
    REGISTRY = "registry"
    INSIGHTS = "insights"
    WORKSPACE = "workspace"


@dataclass(frozen=True, order=True)
class Grant:
    """One identity may play one role on one resource, for one reason."""

    identity: str
    role: Role
    scope: Scope
    reason: str
    kind: PrincipalKind = PrincipalKind.SERVICE_PRINCIPAL

    @property
    def name(self) -> str:
        return f"{self.identity}-{self.role.slug}-{self.scope.value}"


WORKSPACE_IDENTITY = "workspace"

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
    (
        Role.AZUREML_DATA_SCIENTIST,
        Scope.WORKSPACE,
        "registers models and writes metrics; AzureML Metrics Writer, narrower, may not register",
    ),
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
    return [
        Grant(cluster_identity(cluster), *grant)
        for cluster in clusters
        for grant in _CLUSTER_GRANTS
    ]


def operator_grants(operators: Iterable[tuple[str, PrincipalKind]]) -> list[Grant]:
    """What those who submit jobs need; they come by their name in the stamp and their kind."""
    return [Grant(name, *grant, kind) for name, kind in operators for grant in _OPERATOR_GRANTS]
