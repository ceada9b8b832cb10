"""A record of the connections of a network, and the account that keeps it."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import storage

from infra.components.data_store import encryption


@dataclass(frozen=True, kw_only=True)
class FlowLogStoreArgs:
    """What a `FlowLogStore` takes from the rest of the stamp."""

    account_name: str
    location: str
    resource_group_name: Input[str]
    replication: storage.SkuName
    retention_days: int


class FlowLogStore(ComponentResource):
    """An account for flow logs alone.

    They do not go into the lake or the workspace's store: who may read data has no business with
    who talks to whom, the writer is Azure's and must not write among data, and what is written
    every minute of every day goes again by a rule of its own.
    """

    account_id: Output[str]

    def __init__(
        self, name: str, args: FlowLogStoreArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:network:FlowLogStore", name, None, opts)
        account = storage.StorageAccount(
            name,
            account_name=args.account_name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            kind=storage.Kind.STORAGE_V2,
            sku={"name": args.replication},
            access_tier=storage.AccessTier.COOL,
            allow_blob_public_access=False,
            allow_cross_tenant_replication=False,
            allow_shared_key_access=False,
            default_to_o_auth_authentication=True,
            enable_https_traffic_only=True,
            encryption=encryption(None),
            is_hns_enabled=False,
            is_local_user_enabled=False,
            minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
            # Network Watcher is one of Azure's trusted services.
            network_rule_set={
                "default_action": storage.DefaultAction.DENY,
                "bypass": storage.Bypass.AZURE_SERVICES,
            },
            public_network_access=storage.PublicNetworkAccess.DISABLED,
            opts=ResourceOptions(parent=self),
        )
        storage.BlobServiceProperties(
            name,
            blob_services_name="default",
            account_name=account.name,
            resource_group_name=args.resource_group_name,
            delete_retention_policy={"enabled": True, "days": 7},
            container_delete_retention_policy={"enabled": True, "days": 7},
            opts=ResourceOptions(parent=self),
        )
        storage.ManagementPolicy(
            name,
            management_policy_name="default",
            account_name=account.name,
            resource_group_name=args.resource_group_name,
            policy={
                "rules": [
                    {
                        "name": "forget-old-connections",
                        "enabled": True,
                        "type": storage.RuleType.LIFECYCLE,
                        "definition": {
                            "filters": {"blob_types": ["blockBlob"]},
                            "actions": {
                                "base_blob": {
                                    "delete": {
                                        "days_after_modification_greater_than": args.retention_days
                                    }
                                }
                            },
                        },
                    }
                ]
            },
            opts=ResourceOptions(parent=self),
        )
        self.account_id = account.id
        self.register_outputs({"account_id": self.account_id})
