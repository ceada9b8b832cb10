"""The stamp's own encryption key, where its settings ask for one."""

from dataclasses import dataclass

from pulumi import Resource, ResourceOptions
from pulumi_azure_native import keyvault

from infra.assembly.base import Base
from infra.components.customer_keys import CustomerKey, EncryptionKey, EncryptionKeyArgs
from infra.components.grants import Grants, GrantsArgs
from infra.components.identity import Identities, IdentitiesArgs
from infra.components.key_vault import KeyVault, KeyVaultArgs
from infra.roles import ENCRYPTION_IDENTITY, Scope, encryption_grants
from infra.site import Site

_LONGEST_RETENTION_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The key, and the grants without which it does not open anything."""

    key: CustomerKey | None
    grants: list[Resource]


def make_keys(site: Site, base: Base) -> Keys:
    """Build the vault, its key and the right to use it; nothing where Azure's keys suffice."""
    settings = site.settings
    # Without these, what they encrypt is lost: taking the setting back is refused, not carried out.
    kept = ResourceOptions(parent=site.owner, protect=True)
    if not settings.encryption.customer_managed:
        return Keys(key=None, grants=[])
    vault = KeyVault(
        site.named("encryption-vault"),
        KeyVaultArgs(
            vault_name=site.names.encryption_vault,
            location=site.region,
            resource_group_name=site.group_name,
            tenant_id=site.deployer.tenant_id,
            # A key that is lost loses the data: always in hardware, always as long as Azure can.
            sku=keyvault.SkuName.PREMIUM,
            retention_days=_LONGEST_RETENTION_DAYS,
            protect=True,
        ),
        site.child,
    )
    site.link(base.network, "encryption-vault", vault.vault_id, "vault", purpose="encryption")
    site.send_logs(base.monitoring, "encryption-vault", vault.vault_id)
    key = EncryptionKey(
        site.named("encryption-key"),
        EncryptionKeyArgs(
            vault_name=vault.vault_name,
            resource_group_name=site.group_name,
            rotation_days=settings.encryption.rotation_days,
        ),
        kept,
    )
    identities = Identities(
        site.named("encryption-identity"),
        IdentitiesArgs(
            names=site.names,
            location=site.region,
            resource_group_name=site.group_name,
            purposes=[ENCRYPTION_IDENTITY],
        ),
        kept,
    )
    granted = Grants(
        site.named("grants-encryption"),
        GrantsArgs(
            names=site.names,
            grants=encryption_grants(),
            principals=identities.principal_ids,
            scopes={Scope.ENCRYPTION_VAULT: vault.vault_id},
        ),
        kept,
    )
    customer_key = CustomerKey(
        vault_id=vault.vault_id,
        vault_uri=vault.vault_uri,
        name=key.key_name,
        uri=key.key_uri,
        identity_id=identities.ids[ENCRYPTION_IDENTITY],
        identity_client_id=identities.client_ids[ENCRYPTION_IDENTITY],
    )
    return Keys(key=customer_key, grants=[*granted.assignments])
