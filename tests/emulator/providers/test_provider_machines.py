"""Machines, keys of disks, keys of vaults, copies of registries, tables and queues."""

import copy
import json
from typing import Any

import pytest
from azure.mgmt.compute import models
from azure.mgmt.containerregistry import models as registry_models
from azure.mgmt.keyvault import models as vault_models
from azure.mgmt.loganalytics import models as logs_models

from emulator.arm.errors import ArmError
from tests.emulator.providers.world import located, vault_body

MACHINE = "Microsoft.Compute/virtualMachines/vm"
EXTENSION = f"{MACHINE}/extensions/sign-in"
NIC = "Microsoft.Network/networkInterfaces/nic"
DISKS = "Microsoft.Compute/diskEncryptionSets/des"
VAULT = "Microsoft.KeyVault/vaults/kv-mlops"
KEY = f"{VAULT}/keys/data"
REGISTRY = "Microsoft.ContainerRegistry/registries/crmlops"
LOGS = "Microsoft.OperationalInsights/workspaces/logs-mlops"
ACCOUNT = "Microsoft.Storage/storageAccounts/stmlops"
SECRET = "correct horse battery staple"


def twice(azure, path: str, body: dict[str, Any]) -> dict[str, Any]:
    first = azure.put(path, copy.deepcopy(body))
    assert azure.put(path, copy.deepcopy(body)) == first
    assert azure.get(path) == first
    return first


@pytest.fixture
def nic(azure):
    home = azure.subnet()["id"]
    part = {"name": "default", "properties": {"subnet": {"id": home}}}
    return azure.put(NIC, located(ipConfigurations=[part]))["id"]


def machine(nic: str, **system: object) -> dict[str, Any]:
    linux = {
        "disablePasswordAuthentication": True,
        "ssh": {"publicKeys": [{"path": "/home/breakglass/.ssh/a", "keyData": "ssh-rsa AAAA"}]},
    }
    image = {"publisher": "Canonical", "offer": "ubuntu", "sku": "server", "version": "latest"}
    disk = {"createOption": "FromImage", "name": "disk", "caching": "ReadWrite"}
    profile = {"computerName": "vm", "adminUsername": "breakglass", "linuxConfiguration": linux}
    body = located(
        hardwareProfile={"vmSize": "Standard_B2s"},
        networkProfile={"networkInterfaces": [{"id": nic, "properties": {"primary": True}}]},
        storageProfile={"imageReference": image, "osDisk": disk},
        osProfile=profile | system,
        securityProfile={"securityType": "TrustedLaunch", "encryptionAtHost": True},
    )
    return {**body, "identity": {"type": "SystemAssigned"}}


def test_machine_reads_back(azure, nic):
    found = models.VirtualMachine(twice(azure, MACHINE, machine(nic)))
    assert found.properties.vm_id
    assert found.properties.security_profile.security_type == "TrustedLaunch"
    assert found.properties.os_profile.linux_configuration.disable_password_authentication
    assert found.identity.principal_id
    assert azure.get(NIC)["properties"]["virtualMachine"] == {"id": azure.id(MACHINE)}
    with pytest.raises(ArmError, match="used by existing VM"):
        azure.delete(NIC)


def test_password_of_a_machine_is_never_shown_or_kept(azure, nic):
    body = machine(nic, adminPassword=SECRET, linuxConfiguration={})
    shown = twice(azure, MACHINE, body)
    assert "adminPassword" not in shown["properties"]["osProfile"]
    assert SECRET not in json.dumps(azure.store.get(azure.id(MACHINE)))


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("hardwareProfile", {"vmSize": "big"}),
        ("networkProfile", {"networkInterfaces": [{"id": "/nothing"}]}),
        ("networkProfile", None),
        ("storageProfile", {"osDisk": {"createOption": "FromImage"}}),
        ("storageProfile", {"osDisk": {"createOption": "Wish"}}),
        ("securityProfile", {"securityType": "Luck"}),
        ("securityProfile", {"uefiSettings": {"secureBootEnabled": True}}),
        ("osProfile", {"computerName": "vm", "adminUsername": "root"}),
        (
            "osProfile",
            {
                "computerName": "vm",
                "adminUsername": "somebody",
                "linuxConfiguration": {"disablePasswordAuthentication": True},
            },
        ),
    ],
)
def test_bad_machine_is_refused(azure, nic, part, value):
    body = machine(nic)
    body["properties"][part] = value
    azure.refuses(MACHINE, body)


def test_interface_belongs_to_one_machine(azure, nic):
    azure.put(MACHINE, machine(nic))
    other = "Microsoft.Compute/virtualMachines/other"
    assert azure.refuses(other, machine(nic)).code == "NicInUse"


def installed(kind="AADSSHLoginForLinux") -> dict[str, Any]:
    return located(
        publisher="Microsoft.Azure.ActiveDirectory",
        type=kind,
        typeHandlerVersion="1.0",
        autoUpgradeMinorVersion=True,
        protectedSettings={"key": SECRET},
    )


def test_sign_in_needs_a_machine_with_an_identity(azure, nic):
    bare = {**machine(nic), "identity": None}
    azure.put(MACHINE, bare)
    azure.refuses(EXTENSION, installed())
    azure.put(MACHINE, machine(nic))
    shown = twice(azure, EXTENSION, installed())
    assert "protectedSettings" not in shown["properties"]
    assert SECRET not in json.dumps(azure.store.get(azure.id(EXTENSION)))
    azure.refuses(f"{MACHINE}/extensions/second", installed())


def key(**properties: object) -> dict[str, Any]:
    rotation = {
        "attributes": {"expiryTime": "P540D"},
        "lifetimeActions": [
            {"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P180D"}}
        ],
    }
    given = {"kty": "RSA-HSM", "keySize": 3072, "keyOps": ["wrapKey", "unwrapKey"]}
    return {"properties": given | {"rotationPolicy": rotation} | properties}


def test_key_has_addresses_and_versions(azure):
    azure.put(VAULT, vault_body(sku={"family": "A", "name": "premium"}))
    found = vault_models.Key(twice(azure, KEY, key())).properties
    assert found.key_uri == "https://kv-mlops.vault.azure.net/keys/data"
    assert found.key_uri_with_version.startswith(f"{found.key_uri}/")
    assert found.rotation_policy.lifetime_actions[0].trigger.time_after_create == "P180D"
    version = found.key_uri_with_version.rpartition("/")[2]
    assert azure.get(f"{KEY}/versions/{version}")["properties"]["kty"] == "RSA-HSM"


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "Rubber"},
        {"keySize": 1024},
        {"keyOps": ["guess"]},
        {"rotationPolicy": {"lifetimeActions": [{"action": {"type": "rotate"}}]}},
        {
            "rotationPolicy": {
                "lifetimeActions": [
                    {"action": {"type": "spin"}, "trigger": {"timeAfterCreate": "P1D"}}
                ]
            }
        },
    ],
)
def test_bad_key_is_refused(azure, change):
    azure.put(VAULT, vault_body(sku={"family": "A", "name": "premium"}))
    azure.refuses(KEY, key(**change))


def test_keys_in_hardware_need_a_premium_vault(azure):
    azure.put(VAULT, vault_body())
    azure.refuses(KEY, key())
    azure.put(KEY, key(kty="RSA"))


def encryption(vault: str, url: str, **properties: object) -> dict[str, Any]:
    active = {"sourceVault": {"id": vault}, "keyUrl": url}
    return {**located(activeKey=active, **properties), "identity": {"type": "SystemAssigned"}}


def test_disks_have_a_key_that_outlives_mistakes(azure):
    vault = azure.put(VAULT, vault_body(enablePurgeProtection=True))["id"]
    url = azure.put(KEY, key(kty="RSA"))["properties"]["keyUriWithVersion"]
    found = models.DiskEncryptionSet(twice(azure, DISKS, encryption(vault, url)))
    assert found.properties.encryption_type == "EncryptionAtRestWithCustomerKey"
    assert found.properties.active_key.key_url == url
    bare = url.rpartition("/")[0]
    azure.put(DISKS, encryption(vault, bare, rotationToLatestKeyVersionEnabled=True))
    for body in (
        encryption(f"{vault}x", url),
        encryption(vault, bare),
        encryption(vault, "https://kv-other.vault.azure.net/keys/data/1"),
        {**encryption(vault, url), "identity": None},
    ):
        azure.refuses(DISKS, body)
    weak = azure.vault("kv-weak")["id"]
    address = "https://kv-weak.vault.azure.net/keys/data/1"
    assert azure.refuses(DISKS, encryption(weak, address)).code == "KeyVaultNotPurgeProtected"


def test_registry_has_copies_in_other_regions(azure):
    azure.put(REGISTRY, {**located(), "sku": {"name": "Premium"}})
    path = f"{REGISTRY}/replications/northeurope"
    shown = twice(azure, path, located("northeurope", zoneRedundancy="Enabled"))
    found = registry_models.Replication(shown).properties
    assert (found.zone_redundancy, found.region_endpoint_enabled) == ("Enabled", True)
    azure.refuses(f"{REGISTRY}/replications/westeurope", located())
    azure.refuses(f"{REGISTRY}/replications/another", located("northeurope"))
    azure.refuses(path, located("northeurope", zoneRedundancy="Disabled"))
    basic = "Microsoft.ContainerRegistry/registries/crbasic"
    azure.put(basic, {**located(), "sku": {"name": "Basic"}})
    azure.refuses(f"{basic}/replications/northeurope", located("northeurope"))


def test_tables_keep_rows_as_long_as_they_say(azure):
    azure.put(LOGS, located(retentionInDays=90))
    path = f"{LOGS}/tables/AppTraces"
    found = logs_models.Table(twice(azure, path, {"properties": {"totalRetentionInDays": 365}}))
    assert found.properties.retention_in_days == 90
    assert found.properties.archive_retention_in_days == 275
    for properties in (
        {"plan": "Gold"},
        {"retentionInDays": 3},
        {"plan": "Basic", "retentionInDays": 90},
        {"totalRetentionInDays": 30},
    ):
        azure.refuses(path, {"properties": properties})
    azure.refuses(f"{LOGS}/tables/Own_CL", {"properties": {}})
    export = f"{LOGS}/dataExports/out"
    wanted = {"destination": {"resourceId": azure.id(ACCOUNT)}, "tableNames": ["AppTraces"]}
    azure.refuses(export, {"properties": wanted})
    azure.account()
    twice(azure, export, {"properties": wanted})


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("queueServices/default/queues/events", "queueServices/default/queues/Others"),
        ("tableServices/default/tables/state", "tableServices/default/tables/my-state"),
        ("fileServices/default/shares/files", "fileServices/default/shares/a--b"),
    ],
)
def test_items_of_an_account_have_names_by_its_rules(azure, path, wrong):
    azure.account()
    twice(azure, f"{ACCOUNT}/{path}", {})
    assert azure.refuses(f"{ACCOUNT}/{wrong}", {}).code == "InvalidResourceName"
