"""What the workspace keeps its data, secrets and images in, each behind private endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Input, Output
from pulumi_azure_native import keyvault, storage

from infra.assembly.base import Base
from infra.assembly.keys import Keys
from infra.components.data_store import DataStore, DataStoreArgs
from infra.components.key_vault import KeyVault, KeyVaultArgs
from infra.components.registry import Registry, RegistryArgs
from infra.roles import Scope
from infra.site import Site

CURATED = "curated"


@dataclass(frozen=True, kw_only=True)
class Stores:
    """The stores of a stamp, and the resources in them that roles are granted on."""

    data: DataStore
    vault: KeyVault
    registry: Registry
    scopes: Mapping[Scope, Input[str]]


def build_stores(site: Site, base: Base, keys: Keys) -> Stores:
    """Build the stores of a stamp."""
    data, vault, registry = _data(site, keys), _vault(site), _registry(site, keys)
    # Queues and tables: batch endpoints and parallel jobs keep their work lists in them.
    endpoints = site.link(
        base.network, "data", data.account_id, "blob", "file", "queue", "table"
    ).endpoint_ids
    site.link(base.network, "vault", vault.vault_id, "vault")
    site.link(base.network, "registry", registry.registry_id, "registry")
    site.send_logs(base.monitoring, "vault", vault.vault_id)
    site.send_logs(base.monitoring, "registry", registry.registry_id)
    # An account has no logs of its own; its services do.
    blobs = Output.concat(data.account_id, "/blobServices/default")
    site.send_logs(base.monitoring, "blobs", blobs)
    scopes: dict[Scope, Input[str]] = {
        Scope.STORAGE: data.account_id,
        Scope.BLOB_ENDPOINT: endpoints["blob"],
        Scope.FILE_ENDPOINT: endpoints["file"],
        Scope.VAULT: vault.vault_id,
        Scope.REGISTRY: registry.registry_id,
        Scope.INSIGHTS: base.monitoring.insights_id,
    }
    return Stores(data=data, vault=vault, registry=registry, scopes=scopes)


def _data(site: Site, keys: Keys) -> DataStore:
    settings = site.settings
    args = DataStoreArgs(
        account_name=site.names.storage_account,
        location=site.region,
        resource_group_name=site.group_name,
        replication=storage.SkuName(settings.storage.replication.value),
        soft_delete_days=settings.storage.soft_delete_days,
        containers=[CURATED],
        key=keys.key,
        protect=settings.protect,
    )
    return DataStore(site.named("data"), args, site.after(keys.grants))


def _vault(site: Site) -> KeyVault:
    settings = site.settings
    args = KeyVaultArgs(
        vault_name=site.names.key_vault,
        location=site.region,
        resource_group_name=site.group_name,
        tenant_id=site.deployer.tenant_id,
        sku=keyvault.SkuName(settings.key_vault.sku.value),
        retention_days=settings.key_vault.retention_days,
        protect=settings.protect,
    )
    return KeyVault(site.named("vault"), args, site.child)


def _registry(site: Site, keys: Keys) -> Registry:
    settings = site.settings
    args = RegistryArgs(
        registry_name=site.names.registry,
        location=site.region,
        resource_group_name=site.group_name,
        zone_redundant=settings.registry.zone_redundant,
        untagged_days=settings.registry.untagged_days,
        key=keys.key,
        protect=settings.protect,
    )
    return Registry(site.named("registry"), args, site.after(keys.grants))
