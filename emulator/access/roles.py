"""The built-in roles that the platform's table uses, with their permissions.

Source: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""

from dataclasses import dataclass
from functools import cache

BLOBS = "Microsoft.Storage/storageAccounts/blobServices"
CONTAINERS = f"{BLOBS}/containers"
ML = "Microsoft.MachineLearningServices"


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role definition: what it allows on the control plane and on the data plane."""

    guid: str
    name: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()


_READ = ("*/read",)
_SUPPORT = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
)

ROLES = (
    Role(guid="8e3af657-a8ff-443c-a75c-2fe8c4bcb635", name="Owner", actions=("*",)),
    Role(
        guid="b24988ac-6180-42a0-ab88-20f7382dd24c",
        name="Contributor",
        actions=("*",),
        not_actions=(
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
            "Microsoft.Purview/consents/write",
            "Microsoft.Purview/consents/delete",
        ),
    ),
    Role(guid="acdd72a7-3385-48ef-bd42-f606fba81ae7", name="Reader", actions=_READ),
    Role(
        guid="18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        name="User Access Administrator",
        actions=("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    Role(
        guid="f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        name="Role Based Access Control Administrator",
        actions=(
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ),
    ),
    Role(
        guid="ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        name="Storage Blob Data Contributor",
        actions=(
            f"{CONTAINERS}/delete",
            f"{CONTAINERS}/read",
            f"{CONTAINERS}/write",
            f"{BLOBS}/generateUserDelegationKey/action",
        ),
        data_actions=(
            f"{CONTAINERS}/blobs/delete",
            f"{CONTAINERS}/blobs/read",
            f"{CONTAINERS}/blobs/write",
            f"{CONTAINERS}/blobs/move/action",
            f"{CONTAINERS}/blobs/add/action",
        ),
    ),
    Role(
        guid="b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        name="Storage Blob Data Owner",
        actions=(f"{CONTAINERS}/*", f"{BLOBS}/generateUserDelegationKey/action"),
        data_actions=(f"{CONTAINERS}/blobs/*",),
    ),
    Role(
        guid="2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        name="Storage Blob Data Reader",
        actions=(f"{CONTAINERS}/read", f"{BLOBS}/generateUserDelegationKey/action"),
        data_actions=(f"{CONTAINERS}/blobs/read",),
    ),
    Role(
        guid="db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
        name="Storage Blob Delegator",
        actions=(f"{BLOBS}/generateUserDelegationKey/action",),
    ),
    Role(
        guid="69566ab7-960f-475b-8e7c-b3118f30c6bd",
        name="Storage File Data Privileged Contributor",
        data_actions=(
            "Microsoft.Storage/storageAccounts/fileServices/fileshares/files/read",
            "Microsoft.Storage/storageAccounts/fileServices/fileshares/files/write",
            "Microsoft.Storage/storageAccounts/fileServices/fileshares/files/delete",
            "Microsoft.Storage/storageAccounts/fileServices/fileshares/files/modifypermissions/action",
            "Microsoft.Storage/storageAccounts/fileServices/readFileBackupSemantics/action",
            "Microsoft.Storage/storageAccounts/fileServices/writeFileBackupSemantics/action",
        ),
    ),
    Role(
        guid="00482a5a-887f-4fb3-b363-3b7fe8e74483",
        name="Key Vault Administrator",
        actions=(
            *_SUPPORT,
            "Microsoft.KeyVault/checkNameAvailability/read",
            "Microsoft.KeyVault/deletedVaults/read",
            "Microsoft.KeyVault/locations/*/read",
            "Microsoft.KeyVault/vaults/*/read",
            "Microsoft.KeyVault/operations/read",
        ),
        data_actions=("Microsoft.KeyVault/vaults/*",),
    ),
    Role(
        guid="4633458b-17de-408a-b874-0445c86b69e6",
        name="Key Vault Secrets User",
        data_actions=(
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ),
    ),
    Role(
        guid="12338af0-0e69-4776-bea7-57ae8d297424",
        name="Key Vault Crypto User",
        data_actions=(
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/keys/update/action",
            "Microsoft.KeyVault/vaults/keys/backup/action",
            "Microsoft.KeyVault/vaults/keys/encrypt/action",
            "Microsoft.KeyVault/vaults/keys/decrypt/action",
            "Microsoft.KeyVault/vaults/keys/wrap/action",
            "Microsoft.KeyVault/vaults/keys/unwrap/action",
            "Microsoft.KeyVault/vaults/keys/sign/action",
            "Microsoft.KeyVault/vaults/keys/verify/action",
        ),
    ),
    Role(
        guid="e147488a-f6f5-4113-8e2d-b22465e65bf6",
        name="Key Vault Crypto Service Encryption User",
        actions=(
            "Microsoft.EventGrid/eventSubscriptions/write",
            "Microsoft.EventGrid/eventSubscriptions/read",
            "Microsoft.EventGrid/eventSubscriptions/delete",
        ),
        data_actions=(
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/keys/wrap/action",
            "Microsoft.KeyVault/vaults/keys/unwrap/action",
        ),
    ),
    Role(
        guid="7f951dda-4ed3-4680-a7ca-43fe172d538d",
        name="AcrPull",
        actions=("Microsoft.ContainerRegistry/registries/pull/read",),
    ),
    Role(
        guid="8311e382-0749-4cb8-b61a-304f252e45ec",
        name="AcrPush",
        actions=(
            "Microsoft.ContainerRegistry/registries/pull/read",
            "Microsoft.ContainerRegistry/registries/push/write",
        ),
    ),
    Role(
        guid="f6c7c914-8db3-469d-8ca1-694a8f32e121",
        name="AzureML Data Scientist",
        actions=(
            f"{ML}/workspaces/*/read",
            f"{ML}/workspaces/*/action",
            f"{ML}/workspaces/*/delete",
            f"{ML}/workspaces/*/write",
            # The definition takes workspaces/write out of `*/write`, so there `*` may be empty.
            f"{ML}/workspaces/read",
        ),
        not_actions=(
            f"{ML}/workspaces/delete",
            f"{ML}/workspaces/write",
            f"{ML}/workspaces/computes/*/write",
            f"{ML}/workspaces/computes/*/delete",
            f"{ML}/workspaces/computes/listKeys/action",
            f"{ML}/workspaces/listKeys/action",
            f"{ML}/workspaces/hubs/write",
            f"{ML}/workspaces/hubs/delete",
            f"{ML}/workspaces/featurestores/write",
            f"{ML}/workspaces/featurestores/delete",
        ),
    ),
    Role(
        guid="e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
        name="AzureML Compute Operator",
        actions=(f"{ML}/workspaces/computes/*", f"{ML}/workspaces/notebooks/vm/*"),
    ),
    Role(
        guid="635dd51f-9968-44d3-b7fb-6d9a6bd613ae",
        name="AzureML Metrics Writer (preview)",
        actions=(f"{ML}/workspaces/metrics/*/write",),
    ),
    Role(
        guid="1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
        name="AzureML Registry User",
        actions=(f"{ML}/registries/read", f"{ML}/registries/assets/*"),
    ),
    Role(
        guid="b556d68e-0be0-4f35-a333-ad7ee1ce17ea",
        name="Azure AI Enterprise Network Connection Approver",
        actions=(
            "Microsoft.ContainerRegistry/registries/privateEndpointConnectionsApproval/action",
            "Microsoft.ContainerRegistry/registries/privateEndpointConnections/*",
            "Microsoft.KeyVault/vaults/privateEndpointConnectionsApproval/action",
            "Microsoft.KeyVault/vaults/privateEndpointConnections/*",
            "Microsoft.Storage/storageAccounts/privateEndpointConnectionsApproval/action",
            "Microsoft.Storage/storageAccounts/privateEndpointConnections/*",
            f"{ML}/workspaces/privateEndpointConnectionsApproval/action",
            f"{ML}/workspaces/privateEndpointConnections/*",
        ),
    ),
    Role(
        guid="4d97b98b-1d4f-4787-a291-c67834d212e7",
        name="Network Contributor",
        actions=(*_SUPPORT, "Microsoft.Network/*"),
    ),
    Role(
        guid="b12aa53e-6015-4669-85d0-8515ebb3ae7f",
        name="Private DNS Zone Contributor",
        actions=(
            *_SUPPORT,
            "Microsoft.Network/privateDnsZones/*",
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.Network/virtualNetworks/join/action",
        ),
    ),
    Role(
        guid="f1a07417-d97a-45cb-824c-7a7467783830",
        name="Managed Identity Operator",
        actions=(
            *_SUPPORT,
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
        ),
    ),
    Role(
        guid="43d0d8ad-25c7-4714-9337-8ba259a9fe05",
        name="Monitoring Reader",
        actions=(
            "*/read",
            "Microsoft.OperationalInsights/workspaces/search/action",
            "Microsoft.Support/*",
        ),
    ),
    Role(
        guid="3913510d-42f4-4e42-8a64-420c390055eb",
        name="Monitoring Metrics Publisher",
        actions=(*_SUPPORT, "Microsoft.Insights/Register/Action"),
        data_actions=("Microsoft.Insights/Metrics/Write", "Microsoft.Insights/Telemetry/Write"),
    ),
    Role(
        guid="73c42c96-874c-492b-b04d-ab87d138a893",
        name="Log Analytics Reader",
        actions=(
            "*/read",
            "Microsoft.OperationalInsights/workspaces/analytics/query/action",
            "Microsoft.OperationalInsights/workspaces/search/action",
            "Microsoft.Support/*",
        ),
        not_actions=("Microsoft.OperationalInsights/workspaces/sharedKeys/read",),
    ),
)


@cache
def by_guid() -> dict[str, Role]:
    """Return the roles by the GUID of their definition."""
    return {role.guid: role for role in ROLES}


def find(definition_id: str) -> Role | None:
    """Return the role of a definition's id or GUID; None for one that is not known here."""
    return by_guid().get(definition_id.rstrip("/").rpartition("/")[2].lower())


def definition(role: Role, scope: str) -> dict[str, object]:
    """Return a role as ARM shows its definition."""
    type_ = "Microsoft.Authorization/roleDefinitions"
    return {
        "id": f"{scope.rstrip('/')}/providers/{type_}/{role.guid}",
        "name": role.guid,
        "type": type_,
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.name,
            "assignableScopes": ["/"],
            "permissions": [
                {
                    "actions": list(role.actions),
                    "notActions": list(role.not_actions),
                    "dataActions": list(role.data_actions),
                    "notDataActions": list(role.not_data_actions),
                }
            ],
        },
    }
