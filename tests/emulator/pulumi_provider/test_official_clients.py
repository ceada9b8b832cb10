"""What the provider wrote reads back right through Microsoft's own clients."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.ai.ml import MLClient
from azure.identity import ClientSecretCredential
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.storage import StorageManagementClient

from emulator.cli.environment import variables
from emulator.pulumi_provider.arm import ArmClient
from emulator.pulumi_provider.config import read_config
from emulator.pulumi_provider.journal import Journal
from emulator.pulumi_provider.resources import Made, Resources
from emulator.server.home import SUBSCRIPTION_ID, TENANT_ID, Home
from shapes import catalog

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[3]
GROUP = "readback"
PLACE = {"resourceGroupName": GROUP, "location": "westeurope"}


def azlocal(home: Home, *words: str) -> None:
    command = [sys.executable, "-c", "from emulator.cli.main import main; main()", *words]
    environment = {**os.environ, "AZLOCAL_HOME": str(home.folder), "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=60)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory) -> Iterator[dict[str, str]]:
    """A local Azure of this module's own; its variables are this process's while it runs."""
    home = Home(tmp_path_factory.mktemp("azure"))
    azlocal(home, "start", "--port", "0")
    running = home.running()
    assert running
    given = variables(home, running)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        yield given
    azlocal(home, "stop")


@pytest.fixture(scope="module")
def credential(cloud) -> ClientSecretCredential:
    return ClientSecretCredential(TENANT_ID, cloud["ARM_CLIENT_ID"], cloud["ARM_CLIENT_SECRET"])


@pytest.fixture(scope="module")
def make(cloud, tmp_path_factory):
    client = ArmClient(read_config({}))
    resources = Resources(client, Journal(tmp_path_factory.mktemp("notes")), lambda _, __: None)

    def made(token: str, inputs: dict) -> Made:
        shape = catalog.resource(f"azure-native:{token}")
        return resources.create(f"urn:pulumi:t::p::azure-native:{token}::x", shape, inputs)

    made("resources:ResourceGroup", dict(PLACE))
    yield made
    client.close()


@pytest.fixture(scope="module")
def account(make) -> Made:
    return make(
        "storage:StorageAccount",
        {
            **PLACE,
            "accountName": "readbackdata",
            "kind": "StorageV2",
            "sku": {"name": "Standard_ZRS"},
            "enableHttpsTrafficOnly": True,
            "minimumTlsVersion": "TLS1_2",
            "allowSharedKeyAccess": False,
            "allowBlobPublicAccess": False,
            "publicNetworkAccess": "Disabled",
            "isHnsEnabled": False,
            "networkRuleSet": {
                "defaultAction": "Deny",
                "bypass": "AzureServices",
                "ipRules": [{"iPAddressOrRange": "203.0.113.7"}],
            },
            "tags": {"env": "test"},
        },
    )


@pytest.fixture(scope="module")
def vault(make) -> Made:
    return make(
        "keyvault:Vault",
        {
            **PLACE,
            "vaultName": "readback-kv",
            "properties": {
                "tenantId": TENANT_ID,
                "sku": {"family": "A", "name": "premium"},
                "enableRbacAuthorization": True,
                "enablePurgeProtection": True,
                "softDeleteRetentionInDays": 30,
                "publicNetworkAccess": "Disabled",
                "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"},
            },
        },
    )


def test_a_storage_account(account, credential):
    found = StorageManagementClient(credential, SUBSCRIPTION_ID).storage_accounts.get_properties(
        GROUP, "readbackdata"
    )
    assert found.id == account.id
    assert found.sku.name == "Standard_ZRS"
    assert found.enable_https_traffic_only is True
    assert found.minimum_tls_version == "TLS1_2"
    assert found.allow_shared_key_access is False
    assert found.allow_blob_public_access is False
    assert found.public_network_access == "Disabled"
    assert found.is_hns_enabled is False
    assert found.network_rule_set.default_action == "Deny"
    assert found.network_rule_set.bypass == "AzureServices"
    assert [rule.ip_address_or_range for rule in found.network_rule_set.ip_rules] == ["203.0.113.7"]
    assert found.tags == {"env": "test"}
    assert account.outputs["primaryEndpoints"]["blob"] == found.primary_endpoints.blob


def test_a_container(account, make, credential):
    inputs = {
        "resourceGroupName": GROUP,
        "accountName": "readbackdata",
        "containerName": "curated",
        "publicAccess": "None",
        "metadata": {"owner": "test"},
    }
    make("storage:BlobContainer", inputs)
    client = StorageManagementClient(credential, SUBSCRIPTION_ID)
    found = client.blob_containers.get(GROUP, "readbackdata", "curated")
    assert found.public_access in (None, "None")
    assert found.metadata == {"owner": "test"}


def test_a_vault(vault, credential):
    found = KeyVaultManagementClient(credential, SUBSCRIPTION_ID).vaults.get(GROUP, "readback-kv")
    assert found.id == vault.id
    properties = found.properties
    assert properties.sku.name == "premium"
    assert properties.enable_rbac_authorization is True
    assert properties.enable_purge_protection is True
    assert properties.soft_delete_retention_in_days == 30
    assert properties.public_network_access == "Disabled"
    assert (properties.network_acls.default_action, properties.network_acls.bypass) == (
        "Deny",
        "AzureServices",
    )
    assert vault.outputs["properties"]["vaultUri"] == properties.vault_uri


def test_a_network_with_its_subnet_and_rules(make, credential):
    rules = make(
        "network:NetworkSecurityGroup",
        {
            **PLACE,
            "networkSecurityGroupName": "readback-nsg",
            "securityRules": [
                {
                    "name": "deny-in",
                    "priority": 4000,
                    "direction": "Inbound",
                    "access": "Deny",
                    "protocol": "*",
                    "sourcePortRange": "*",
                    "destinationPortRanges": ["22", "3389"],
                    "sourceAddressPrefix": "Internet",
                    "destinationAddressPrefix": "*",
                }
            ],
        },
    )
    make(
        "network:VirtualNetwork",
        {
            **PLACE,
            "virtualNetworkName": "readback-vnet",
            "addressSpace": {"addressPrefixes": ["10.20.0.0/16"]},
        },
    )
    make(
        "network:Subnet",
        {
            "resourceGroupName": GROUP,
            "virtualNetworkName": "readback-vnet",
            "subnetName": "training",
            "addressPrefix": "10.20.1.0/24",
            "networkSecurityGroup": {"id": rules.id},
            "privateEndpointNetworkPolicies": "Enabled",
            "defaultOutboundAccess": False,
        },
    )
    client = NetworkManagementClient(credential, SUBSCRIPTION_ID)
    network = client.virtual_networks.get(GROUP, "readback-vnet")
    assert network.address_space.address_prefixes == ["10.20.0.0/16"]
    (subnet,) = network.subnets
    assert (subnet.name, subnet.address_prefix) == ("training", "10.20.1.0/24")
    assert subnet.network_security_group.id == rules.id
    assert subnet.private_endpoint_network_policies == "Enabled"
    assert subnet.default_outbound_access is False
    (rule,) = client.network_security_groups.get(GROUP, "readback-nsg").security_rules
    assert (rule.name, rule.access, rule.direction, rule.priority) == (
        "deny-in",
        "Deny",
        "Inbound",
        4000,
    )
    assert rule.destination_port_ranges == ["22", "3389"]


def test_a_machine_learning_workspace(make, account, vault, credential):
    logs = make(
        "operationalinsights:Workspace",
        {**PLACE, "workspaceName": "readback-logs", "sku": {"name": "PerGB2018"}},
    )
    insights = make(
        "applicationinsights:Component",
        {
            **PLACE,
            "resourceName": "readback-ai",
            "kind": "web",
            "applicationType": "web",
            "workspaceResourceId": logs.id,
        },
    )
    made = make(
        "machinelearningservices:Workspace",
        {
            **PLACE,
            "workspaceName": "readback-ml",
            "identity": {"type": "SystemAssigned"},
            "storageAccount": account.id,
            "keyVault": vault.id,
            "applicationInsights": insights.id,
            "publicNetworkAccess": "Disabled",
            "systemDatastoresAuthMode": "identity",
            "managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"},
            "friendlyName": "Read back",
            "hbiWorkspace": True,
        },
    )
    client = MachineLearningServicesMgmtClient(credential, SUBSCRIPTION_ID)
    found = client.workspaces.get(GROUP, "readback-ml")
    assert found.id == made.id
    assert found.storage_account == account.id
    assert found.key_vault == vault.id
    assert found.application_insights == insights.id
    assert found.friendly_name == "Read back"
    assert found.hbi_workspace is True
    assert found.identity.principal_id == made.outputs["identity"]["principalId"]
    # the management package is years behind; what is newer only azure-ai-ml shows
    newer = MLClient(credential, SUBSCRIPTION_ID, GROUP).workspaces.get("readback-ml")
    assert newer.public_network_access == "Disabled"
    assert newer.system_datastores_auth_mode == "identity"
    assert newer.managed_network.isolation_mode == "AllowOnlyApprovedOutbound"


def test_the_folder_of_the_plugin_is_on_the_path(cloud):
    folders = [Path(item) for item in cloud["PATH"].split(":")] + [Path(cloud["PULUMI_HOME"])]
    assert any(
        (item / "pulumi-resource-azure-native").exists()
        or list(item.glob("plugins/resource-azure-native-v3.29.0/pulumi-resource-azure-native"))
        for item in folders
    )
