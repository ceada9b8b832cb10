"""The key vault in which the workspace keeps its secrets."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import keyvault


@dataclass(frozen=True, kw_only=True)
class KeyVaultArgs:
    """What a `KeyVault` takes from the rest of the stamp."""

    vault_name: str
    location: str
    resource_group_name: Input[str]
    tenant_id: str
    sku: keyvault.SkuName
    retention_days: int
    protect: bool


class KeyVault(ComponentResource):
    """A vault that only roles open, off the public network, whose content outlives a mistake."""

    vault_id: Output[str]
    vault_name: Output[str]
    vault_uri: Output[str]

    def __init__(self, name: str, args: KeyVaultArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:security:KeyVault", name, None, opts)
        vault = keyvault.Vault(
            name,
            vault_name=args.vault_name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            properties={
                "tenant_id": args.tenant_id,
                "sku": {"family": keyvault.SkuFamily.A, "name": args.sku},
                "enable_rbac_authorization": True,
                "enable_soft_delete": True,
                # Never off: without it one call ends every secret for good.
                "enable_purge_protection": True,
                "soft_delete_retention_in_days": args.retention_days,
                "enabled_for_deployment": False,
                "enabled_for_disk_encryption": False,
                "enabled_for_template_deployment": False,
                "public_network_access": "Disabled",
                "network_acls": {
                    "default_action": keyvault.NetworkRuleAction.DENY,
                    # The workspace's service reads its secrets as a trusted service.
                    "bypass": keyvault.NetworkRuleBypassOptions.AZURE_SERVICES,
                },
            },
            # Lost with it: the secrets of the workspace's connections.
            opts=ResourceOptions(parent=self, protect=args.protect),
        )
        self.vault_id = vault.id
        self.vault_name = vault.name
        self.vault_uri = vault.properties.apply(_uri)
        self.register_outputs({"vault_id": self.vault_id})


def _uri(properties: keyvault.outputs.VaultPropertiesResponse) -> str:
    return properties.vault_uri or ""
