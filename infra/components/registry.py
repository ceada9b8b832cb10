"""The container registry that holds the images of environments."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import containerregistry as registry

from infra.components.customer_keys import CustomerKey


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """What a `Registry` takes from the rest of the stamp."""

    registry_name: str
    location: str
    resource_group_name: Input[str]
    zone_redundant: bool
    untagged_days: int
    key: CustomerKey | None
    """The key that encrypts the images; fixed at creation."""
    protect: bool


class Registry(ComponentResource):
    """A registry without an admin user, anonymous pulls, exports or a public endpoint."""

    registry_id: Output[str]
    registry_name: Output[str]

    def __init__(self, name: str, args: RegistryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:registry:Registry", name, None, opts)
        zones = registry.ZoneRedundancy
        containers = registry.Registry(
            name,
            registry_name=args.registry_name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            # Only Premium has private endpoints.
            sku={"name": registry.SkuName.PREMIUM},
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            data_endpoint_enabled=True,
            public_network_access=registry.PublicNetworkAccess.DISABLED,
            network_rule_bypass_options=registry.NetworkRuleBypassOptions.AZURE_SERVICES,
            network_rule_set={"default_action": registry.DefaultAction.DENY},
            policies={
                "export_policy": {"status": registry.ExportPolicyStatus.DISABLED},
                "retention_policy": {
                    "status": registry.PolicyStatus.ENABLED,
                    "days": args.untagged_days,
                },
            },
            zone_redundancy=zones.ENABLED if args.zone_redundant else zones.DISABLED,
            encryption=_encryption(args.key),
            identity=_identity(args.key),
            # Lost with it: the images that old models were trained in, and cannot be rebuilt alike.
            opts=ResourceOptions(
                parent=self,
                protect=args.protect,
                # Azure takes a key at creation only. Sent later it would replace the registry: a
                # new generation takes it, this one stays as it is.
                ignore_changes=["encryption", "identity"],
            ),
        )
        self.registry_id = containers.id
        self.registry_name = containers.name
        self.register_outputs({"registry_id": self.registry_id})


def _encryption(key: CustomerKey | None) -> registry.EncryptionPropertyArgsDict | None:
    if key is None:
        return None
    return {
        "status": registry.EncryptionStatus.ENABLED,
        "key_vault_properties": {
            "identity": key.identity_client_id,
            "key_identifier": key.uri,
        },
    }


def _identity(key: CustomerKey | None) -> registry.IdentityPropertiesArgs | None:
    if key is None:
        return None
    return registry.IdentityPropertiesArgs(
        type=registry.ResourceIdentityType.USER_ASSIGNED,
        user_assigned_identities=Output.from_input(key.identity_id).apply(_held),
    )


def _held(identity: str) -> dict[str, registry.UserIdentityPropertiesArgs]:
    return {identity: registry.UserIdentityPropertiesArgs()}
