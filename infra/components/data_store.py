"""The workspace's default store: a storage account and its containers."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import storage

from infra.components.customer_keys import CustomerKey

# The studio reads data from the browser. https://learn.microsoft.com/azure/machine-learning/how-to-enable-studio-virtual-network
STUDIO_ORIGINS = (
    "https://mlworkspace.azure.ai",
    "https://ml.azure.com",
    "https://*.ml.azure.com",
    "https://ai.azure.com",
    "https://*.ai.azure.com",
)
_STUDIO_SECONDS = 1800


@dataclass(frozen=True, kw_only=True)
class DataStoreArgs:
    """What a `DataStore` takes from the rest of the stamp."""

    account_name: str
    location: str
    resource_group_name: Input[str]
    replication: storage.SkuName
    soft_delete_days: int
    containers: Sequence[str]
    key: CustomerKey | None
    protect: bool


class DataStore(ComponentResource):
    """An account without keys, anonymous blobs or a public endpoint, that can undo a deletion."""

    account_id: Output[str]
    account_name: Output[str]
    containers: dict[str, storage.BlobContainer]

    def __init__(self, name: str, args: DataStoreArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:storage:DataStore", name, None, opts)
        account = storage.StorageAccount(
            name,
            account_name=args.account_name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            kind=storage.Kind.STORAGE_V2,
            sku={"name": args.replication},
            access_tier=storage.AccessTier.HOT,
            allow_blob_public_access=False,
            allow_cross_tenant_replication=False,
            allow_shared_key_access=False,
            default_to_o_auth_authentication=True,
            enable_https_traffic_only=True,
            encryption=encryption(args.key),
            identity=key_identity(args.key),
            # The workspace's default store must not have a hierarchical namespace.
            is_hns_enabled=False,
            is_local_user_enabled=False,
            minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
            network_rule_set={
                "default_action": storage.DefaultAction.DENY,
                "bypass": storage.Bypass.AZURE_SERVICES,
            },
            public_network_access=storage.PublicNetworkAccess.DISABLED,
            sas_policy={
                "expiration_action": storage.ExpirationAction.LOG,
                "sas_expiration_period": "1.00:00:00",
            },
            # Lost with it: all data, code, logs and models of the workspace.
            opts=ResourceOptions(parent=self, protect=args.protect),
        )
        storage.BlobServiceProperties(
            name,
            blob_services_name="default",
            account_name=account.name,
            resource_group_name=args.resource_group_name,
            is_versioning_enabled=True,
            delete_retention_policy={"enabled": True, "days": args.soft_delete_days},
            container_delete_retention_policy={"enabled": True, "days": args.soft_delete_days},
            cors={
                "cors_rules": [
                    {
                        "allowed_origins": list(STUDIO_ORIGINS),
                        "allowed_methods": [
                            storage.AllowedMethods.GET,
                            storage.AllowedMethods.HEAD,
                            storage.AllowedMethods.PUT,
                            storage.AllowedMethods.DELETE,
                            storage.AllowedMethods.OPTIONS,
                            storage.AllowedMethods.POST,
                            storage.AllowedMethods.PATCH,
                        ],
                        "allowed_headers": ["*"],
                        "exposed_headers": ["*"],
                        "max_age_in_seconds": _STUDIO_SECONDS,
                    }
                ]
            },
            opts=ResourceOptions(parent=self),
        )
        self.containers = {
            container: storage.BlobContainer(
                f"{name}-{container}",
                container_name=container,
                account_name=account.name,
                resource_group_name=args.resource_group_name,
                public_access=storage.PublicAccess.NONE,
                # Lost with it: the data that was curated into it.
                opts=ResourceOptions(parent=self, protect=args.protect),
            )
            for container in args.containers
        }
        self.account_id = account.id
        self.account_name = account.name
        self.register_outputs({"account_id": self.account_id})


def encryption(key: CustomerKey | None) -> storage.EncryptionArgsDict:
    """Encryption of an account, twice, with Azure's key or with one of ours."""
    services: storage.EncryptionServicesArgsDict = {
        "blob": {"enabled": True, "key_type": storage.KeyType.ACCOUNT},
        "file": {"enabled": True, "key_type": storage.KeyType.ACCOUNT},
    }
    if key is None:
        return {
            "key_source": storage.KeySource.MICROSOFT_STORAGE,
            "require_infrastructure_encryption": True,
            "services": services,
        }
    return {
        "key_source": storage.KeySource.MICROSOFT_KEYVAULT,
        "require_infrastructure_encryption": True,
        "services": services,
        "encryption_identity": {"encryption_user_assigned_identity": key.identity_id},
        "key_vault_properties": {"key_vault_uri": key.vault_uri, "key_name": key.name},
    }


def key_identity(key: CustomerKey | None) -> storage.IdentityArgsDict | None:
    """Return the identity of an account that has to open its key."""
    if key is None:
        return None
    return {
        "type": storage.IdentityType.USER_ASSIGNED,
        "user_assigned_identities": [key.identity_id],
    }
