"""The data lake: where data arrives, is cleaned and becomes features."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_azure_native import storage

from infra.components.customer_keys import CustomerKey
from infra.components.data_store import encryption, key_identity

RAW, CURATED, FEATURES = "raw", "curated", "features"
ZONES = (RAW, CURATED, FEATURES)


@dataclass(frozen=True, kw_only=True)
class LakeArgs:
    """What a `Lake` takes from the rest of the stamp."""

    account_name: str
    location: str
    resource_group_name: Input[str]
    replication: storage.SkuName
    soft_delete_days: int
    cool_after_days: int
    delete_raw_after_days: int | None
    scratch: Sequence[str]
    """Containers besides the zones: one for each cluster, for what nobody else may see."""
    key: CustomerKey | None
    protect: bool


class Lake(ComponentResource):
    """An account with folders and without keys, anonymous readers or a public endpoint."""

    account_id: Output[str]
    account_name: Output[str]
    containers: dict[str, storage.BlobContainer]
    approved_by: list[Resource]
    """The grants by which the workspace's service approves its endpoints to the lake."""

    def __init__(self, name: str, args: LakeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:storage:Lake", name, None, opts)
        self.approved_by = []
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
            # Folders with rights of their own, and renames in one step: what engines for data want.
            is_hns_enabled=True,
            is_local_user_enabled=False,
            is_sftp_enabled=False,
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
            # Lost with it: the raw data, which nobody can deliver a second time.
            opts=ResourceOptions(parent=self, protect=args.protect),
        )
        storage.BlobServiceProperties(
            name,
            blob_services_name="default",
            account_name=account.name,
            resource_group_name=args.resource_group_name,
            # Versions do not exist with a hierarchical namespace; deleted files come back.
            delete_retention_policy={"enabled": True, "days": args.soft_delete_days},
            container_delete_retention_policy={"enabled": True, "days": args.soft_delete_days},
            opts=ResourceOptions(parent=self),
        )
        self.containers = {
            container: storage.BlobContainer(
                f"{name}-{container}",
                container_name=container,
                account_name=account.name,
                resource_group_name=args.resource_group_name,
                public_access=storage.PublicAccess.NONE,
                opts=ResourceOptions(parent=self, protect=args.protect),
            )
            for container in (*ZONES, *args.scratch)
        }
        storage.ManagementPolicy(
            name,
            management_policy_name="default",
            account_name=account.name,
            resource_group_name=args.resource_group_name,
            policy={"rules": _rules(args)},
            opts=ResourceOptions(parent=self),
        )
        self.account_id = account.id
        self.account_name = account.name
        self.register_outputs({"account_id": self.account_id})


def _rules(args: LakeArgs) -> list[storage.ManagementPolicyRuleArgsDict]:
    age: storage.ManagementPolicyBaseBlobArgsDict = {
        "tier_to_cool": {"days_after_modification_greater_than": args.cool_after_days}
    }
    if args.delete_raw_after_days is not None:
        age["delete"] = {"days_after_modification_greater_than": args.delete_raw_after_days}
    rules: list[storage.ManagementPolicyRuleArgsDict] = [_rule("raw-ages", [f"{RAW}/"], age)]
    if args.scratch:
        leftovers: storage.ManagementPolicyBaseBlobArgsDict = {
            "delete": {"days_after_modification_greater_than": args.cool_after_days}
        }
        rules.append(_rule("scratch-goes", [f"{name}/" for name in args.scratch], leftovers))
    return rules


def _rule(
    name: str, prefixes: list[str], base_blob: storage.ManagementPolicyBaseBlobArgsDict
) -> storage.ManagementPolicyRuleArgsDict:
    return {
        "name": name,
        "enabled": True,
        "type": storage.RuleType.LIFECYCLE,
        "definition": {
            "actions": {"base_blob": base_blob},
            "filters": {"blob_types": ["blockBlob"], "prefix_match": prefixes},
        },
    }
