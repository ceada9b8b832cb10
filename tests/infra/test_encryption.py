"""Keys of our own: what they encrypt, and that they cannot be lost by changing one's mind."""

import json

import pytest

from infra.__main__ import main
from tests.infra.recorder import Recording, record
from tests.infra.stacks import stack_config


def dev_with(**keys: object) -> Recording:
    given = {f"azure-mlops:{key}": json.dumps(value) for key, value in keys.items()}
    return record(main, config={**stack_config("dev"), **given})


@pytest.fixture(scope="module")
def own_keys() -> Recording:
    return dev_with(encryption={"customer_managed": True, "rotation_days": 100})


def test_stores_registry_and_workspace_take_the_key(own_keys):
    accounts = own_keys.all("storage:StorageAccount")
    assert accounts
    for account in accounts:
        encryption = account.inputs["encryption"]
        assert encryption["keySource"] == "Microsoft.Keyvault"
        assert encryption["requireInfrastructureEncryption"] is True
        assert account.inputs["identity"]["type"] == "UserAssigned"
    registry = own_keys.one("containerregistry:Registry").inputs
    assert registry["encryption"]["status"] == "enabled"
    workspace = own_keys.one("machinelearningservices:Workspace").inputs
    assert workspace["encryption"]["status"] == "Enabled"
    assert workspace["enableServiceSideCMKEncryption"] is True


def test_the_key_lies_in_hardware_is_renewed_in_time_and_cannot_be_exported(own_keys):
    vaults = {v.name: v.inputs["properties"] for v in own_keys.all("keyvault:Vault")}
    assert vaults["encryption-vault-weu"]["sku"]["name"] == "premium"
    assert vaults["encryption-vault-weu"]["softDeleteRetentionInDays"] == 90
    keys = {k.name: k.inputs["properties"] for k in own_keys.all("keyvault:Key")}
    key = keys["encryption-key-weu"]
    assert key["attributes"]["exportable"] is False
    (action,) = key["rotationPolicy"]["lifetimeActions"]
    assert action["trigger"] == {"timeAfterCreate": "P100D"}
    assert key["rotationPolicy"]["attributes"] == {"expiryTime": "P200D"}


def test_the_vault_its_key_and_the_right_to_use_it_are_protected_even_in_dev(own_keys):
    protected = {r.name for r in own_keys.azure if r.protect}
    assert {
        "encryption-vault-weu",
        "encryption-key-weu",
        "encryption-identity-weu-encryption",
    } <= protected
    assert any(name.startswith("grants-encryption-weu") for name in protected)


def test_what_takes_a_key_at_creation_only_does_not_hear_of_a_later_one(own_keys):
    ignored = {
        r.type.rpartition(":")[2]: r.ignore_changes for r in own_keys.azure if r.ignore_changes
    }
    assert "encryption" in ignored["Workspace"]
    assert "encryption" in ignored["Registry"]


def test_without_the_setting_nothing_of_it_is_there():
    plain = dev_with()
    assert [key.name for key in plain.all("keyvault:Key")] == ["verdict-key-weu"]
    assert {v.name for v in plain.all("keyvault:Vault")} == {"vault-weu", "verdict-vault-weu"}
    account = plain.all("storage:StorageAccount")[0].inputs
    assert account["encryption"]["keySource"] == "Microsoft.Storage"
    assert "identity" not in account
