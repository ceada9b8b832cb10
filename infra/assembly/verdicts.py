"""The vault of the key that signs verdicts on models, apart from all that others administer."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Input, Output, Resource
from pulumi_azure_native import keyvault

from infra.assembly.base import Base
from infra.components.key_vault import KeyVault, KeyVaultArgs
from infra.components.verdict_key import VerdictKey, VerdictKeyArgs
from infra.roles import Scope, verdict_grants
from infra.settings import VaultSku
from infra.site import Site


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """Where verdicts are signed; `grants` let the workspace's network in."""

    vault_id: Output[str]
    key_uri: Output[str]
    scopes: Mapping[Scope, Input[str]]
    grants: list[Resource]


def keep_verdict_key(site: Site, base: Base) -> Verdicts:
    """Build the vault, the key, and the right of the gate alone to sign with it.

    The workspace's own vault would not do: its identity administers that one.
    """
    settings = site.settings
    vault = KeyVault(
        site.named("verdict-vault"),
        KeyVaultArgs(
            vault_name=site.names.verdict_vault,
            location=site.region,
            resource_group_name=site.group_name,
            tenant_id=site.deployer.tenant_id,
            sku=keyvault.SkuName(settings.key_vault.sku.value),
            retention_days=settings.key_vault.retention_days,
            protect=settings.protect,
        ),
        site.child,
    )
    site.link(base.network, "verdict-vault", vault.vault_id, "vault", purpose="verdicts")
    site.send_logs(base.monitoring, "verdict-vault", vault.vault_id)
    key = VerdictKey(
        site.named("verdict-key"),
        VerdictKeyArgs(
            vault_name=vault.vault_name,
            resource_group_name=site.group_name,
            hardware=settings.key_vault.sku is VaultSku.PREMIUM,
        ),
        site.child,
    )
    scopes: dict[Scope, Input[str]] = {
        Scope.VERDICT_VAULT: vault.vault_id,
        Scope.VERDICT_KEY: key.key_id,
    }
    granted = site.grant("verdicts", verdict_grants(), base.identities.principal_ids, scopes)
    return Verdicts(
        vault_id=vault.vault_id,
        key_uri=key.key_uri,
        scopes=scopes,
        grants=[*granted.assignments],
    )
