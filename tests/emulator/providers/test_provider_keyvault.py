"""Key vaults: required settings, soft delete, purge protection, secrets."""

import asyncio
import json

import pytest

from emulator.arm.errors import ArmError
from emulator.providers.keyvault import deleted
from tests.emulator.providers.world import SUBSCRIPTION, vault_body

VAULT = "Microsoft.KeyVault/vaults/kv-mlops"
GONE = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault"
ONE_GONE = f"{GONE}/locations/westeurope/deletedVaults/kv-mlops"


def answer(azure, method, path):
    response = asyncio.run(deleted.handle(azure.request(method, path)))
    assert response is not None
    return json.loads(bytes(response.body)) if response.body else None


def test_vault_has_soft_delete_and_an_address(azure):
    properties = azure.vault()["properties"]
    assert properties["vaultUri"] == "https://kv-mlops.vault.azure.net/"
    assert properties["enableSoftDelete"] is True
    assert properties["softDeleteRetentionInDays"] == 90
    assert "enablePurgeProtection" not in properties


@pytest.mark.parametrize(
    "properties",
    [
        {"tenantId": None},
        {"tenantId": "us"},
        {"sku": None},
        {"sku": {"family": "A", "name": "gold"}},
        {"enableRbacAuthorization": None},
        {"enablePurgeProtection": False},
        {"enableSoftDelete": False},
        {"softDeleteRetentionInDays": 5},
        {"softDeleteRetentionInDays": 91},
        {"networkAcls": {"defaultAction": "Maybe"}},
    ],
)
def test_bad_vault_body_is_refused(azure, properties):
    refusal = azure.refuses(VAULT, vault_body(**properties))
    assert (refusal.status, refusal.code) == (400, "BadRequest")


@pytest.mark.parametrize("name", ["ab", "1vault", "two--hyphens", "ends-", "a" * 25])
def test_bad_vault_name_is_refused(azure, name):
    refusal = azure.refuses(f"Microsoft.KeyVault/vaults/{name}", vault_body())
    assert refusal.code == "VaultNameNotValid"


def test_purge_protection_cannot_be_taken_back(azure):
    azure.vault(enablePurgeProtection=True)
    assert azure.vault()["properties"]["enablePurgeProtection"] is True
    azure.refuses(VAULT, vault_body(enablePurgeProtection=False))


def test_retention_days_cannot_be_changed(azure):
    azure.vault(softDeleteRetentionInDays=7)
    assert azure.vault()["properties"]["softDeleteRetentionInDays"] == 7
    refusal = azure.refuses(VAULT, vault_body(softDeleteRetentionInDays=8))
    assert "can't be modified" in refusal.message


def test_deleted_vault_keeps_its_name_until_it_is_purged(azure):
    azure.vault()
    azure.delete(VAULT)
    refusal = azure.refuses(VAULT, vault_body())
    assert (refusal.status, refusal.code) == (409, "ConflictError")
    assert "deleted state" in refusal.message
    assert answer(azure, "GET", ONE_GONE)["properties"]["vaultId"] == azure.id(VAULT)
    assert len(answer(azure, "GET", f"{GONE}/deletedVaults")["value"]) == 1
    answer(azure, "POST", f"{ONE_GONE}/purge")
    azure.vault()


def test_recovered_vault_has_its_settings_and_secrets(azure):
    azure.vault(enablePurgeProtection=True, softDeleteRetentionInDays=10)
    azure.put(f"{VAULT}/secrets/token", {"properties": {"value": "s3cret"}})
    azure.delete(VAULT)
    recovered = azure.vault(createMode="recover")["properties"]
    assert recovered["softDeleteRetentionInDays"] == 10
    assert recovered["enablePurgeProtection"] is True
    assert azure.get(f"{VAULT}/secrets/token")["name"] == "token"
    assert answer(azure, "GET", f"{GONE}/deletedVaults")["value"] == []


def test_nothing_deleted_is_nothing_to_recover(azure):
    assert azure.refuses(VAULT, vault_body(createMode="recover")).status == 404


def test_purge_protection_forbids_a_purge(azure):
    azure.vault(enablePurgeProtection=True)
    azure.delete(VAULT)
    with pytest.raises(ArmError, match="purge protection"):
        answer(azure, "POST", f"{ONE_GONE}/purge")


def test_vault_of_a_deleted_group_can_be_recovered(azure):
    azure.vault()
    azure.delete("/".join(azure.id(VAULT).split("/")[:5]))
    assert len(answer(azure, "GET", f"{GONE}/deletedVaults")["value"]) == 1


def test_value_of_a_secret_is_never_shown(azure):
    azure.vault()
    secret = f"{VAULT}/secrets/token"
    first = azure.put(secret, {"properties": {"value": "s3cret"}})
    assert "s3cret" not in json.dumps([first, azure.get(secret)])
    same = azure.put(secret, {"properties": {"value": "s3cret"}})
    new = azure.put(secret, {"properties": {"value": "other"}})
    version = "secretUriWithVersion"
    assert same["properties"][version] == first["properties"][version]
    assert new["properties"][version] != first["properties"][version]


def test_key_keeps_its_kind(azure):
    azure.vault()
    azure.put(f"{VAULT}/keys/k", {"properties": {"kty": "RSA"}})
    assert azure.refuses(f"{VAULT}/keys/k", {"properties": {"kty": "EC"}}).status == 409
