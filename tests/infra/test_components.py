"""Each component registers what it promises: the inputs that the provider gets."""

import pytest
from pulumi import ResourceHookBinding
from pulumi_azure_native import keyvault, storage
from pulumi_azure_native import machinelearningservices as ml

from infra.components.compute import Cluster, ClusterArgs
from infra.components.data_store import DataStore, DataStoreArgs
from infra.components.datastores import Datastores, DatastoresArgs
from infra.components.grants import Grants, GrantsArgs
from infra.components.identity import Identities, IdentitiesArgs
from infra.components.key_vault import KeyVault, KeyVaultArgs
from infra.components.monitoring import Monitoring, MonitoringArgs
from infra.components.registry import Registry, RegistryArgs
from infra.components.workspace import Workspace, WorkspaceArgs
from infra.naming import Names
from infra.roles import Scope, workspace_grants
from tests.infra.recorder import SUBSCRIPTION, TENANT, record

NAMES = Names(
    subscription=SUBSCRIPTION,
    project="azure-mlops",
    environment="dev",
    workload="mlops",
    region="westeurope",
)
HERE = {"location": "westeurope", "resource_group_name": "rg"}


def data_store(*, protect: bool = False):
    args = DataStoreArgs(
        **HERE,
        account_name="stdata",
        replication=storage.SkuName.STANDARD_LRS,
        soft_delete_days=7,
        containers=["curated"],
        key=None,
        protect=protect,
    )
    return record(lambda: DataStore("data", args))


def workspace(isolation=ml.IsolationMode.ALLOW_INTERNET_OUTBOUND, hosts=(), *, protect=False):
    args = WorkspaceArgs(
        **HERE,
        workspace_name="mlw",
        description="for tests",
        identity_id="/id/identity",
        storage_account_id="/id/storage",
        key_vault_id="/id/vault",
        registry_id="/id/registry",
        insights_id="/id/insights",
        isolation=isolation,
        firewall_sku=ml.FirewallSku.BASIC,
        allowed_hosts=hosts,
        allowed_services=(),
        private_targets={},
        key=None,
        hooks=ResourceHookBinding(),
        high_business_impact=False,
        image_build_compute="cpu",
        after=[],
        protect=protect,
    )
    return record(lambda: Workspace("workspace", args))


def test_a_data_store_takes_no_keys_no_anonymous_reader_and_no_public_network():
    account = data_store().one("storage:StorageAccount").inputs
    assert account["allowSharedKeyAccess"] is False
    assert account["allowBlobPublicAccess"] is False
    assert account["allowCrossTenantReplication"] is False
    assert account["isLocalUserEnabled"] is False
    assert account["isHnsEnabled"] is False
    assert account["defaultToOAuthAuthentication"] is True
    assert account["enableHttpsTrafficOnly"] is True
    assert account["minimumTlsVersion"] == "TLS1_2"
    assert account["publicNetworkAccess"] == "Disabled"
    assert account["networkRuleSet"] == {"bypass": "AzureServices", "defaultAction": "Deny"}
    assert account["encryption"]["requireInfrastructureEncryption"] is True


def test_a_data_store_can_undo_a_deletion_and_answers_the_studio_only():
    service = data_store().one("storage:BlobServiceProperties").inputs
    assert service["isVersioningEnabled"] is True
    assert service["deleteRetentionPolicy"] == {"enabled": True, "days": 7}
    assert service["containerDeleteRetentionPolicy"] == {"enabled": True, "days": 7}
    (rule,) = service["cors"]["corsRules"]
    assert "https://ml.azure.com" in rule["allowedOrigins"]
    assert "*" not in rule["allowedOrigins"]


def test_containers_are_private():
    container = data_store().one("storage:BlobContainer").inputs
    assert (container["containerName"], container["publicAccess"]) == ("curated", "None")


def test_a_key_vault_opens_for_roles_only_and_cannot_be_purged():
    args = KeyVaultArgs(
        **HERE,
        vault_name="kv",
        tenant_id=TENANT,
        sku=keyvault.SkuName.PREMIUM,
        retention_days=90,
        protect=True,
    )
    vault = record(lambda: KeyVault("vault", args)).one("keyvault:Vault")
    properties = vault.inputs["properties"]
    assert properties["enableRbacAuthorization"] is True
    assert properties["enablePurgeProtection"] is True
    assert properties["enableSoftDelete"] is True
    assert properties["softDeleteRetentionInDays"] == 90
    assert properties["publicNetworkAccess"] == "Disabled"
    assert properties["networkAcls"] == {"bypass": "AzureServices", "defaultAction": "Deny"}
    assert properties["sku"] == {"family": "A", "name": "premium"}
    assert properties["tenantId"] == TENANT
    assert "accessPolicies" not in properties
    assert vault.protect


@pytest.mark.parametrize(("redundant", "wanted"), [(True, "Enabled"), (False, "Disabled")])
def test_a_registry_has_no_admin_no_anonymous_reader_and_no_public_network(redundant, wanted):
    args = RegistryArgs(
        **HERE,
        registry_name="cr",
        zone_redundant=redundant,
        untagged_days=7,
        key=None,
        protect=False,
    )
    registry = record(lambda: Registry("registry", args)).one("containerregistry:Registry").inputs
    assert registry["adminUserEnabled"] is False
    assert registry["anonymousPullEnabled"] is False
    assert registry["publicNetworkAccess"] == "Disabled"
    assert registry["networkRuleSet"] == {"defaultAction": "Deny"}
    assert registry["sku"] == {"name": "Premium"}
    assert registry["policies"]["exportPolicy"] == {"status": "disabled"}
    assert registry["policies"]["retentionPolicy"] == {"status": "enabled", "days": 7}
    assert registry["zoneRedundancy"] == wanted


@pytest.mark.parametrize(("cap", "wanted"), [(None, -1), (1.5, 1.5)])
def test_logs_and_traces_take_an_identity_never_a_key(cap, wanted):
    args = MonitoringArgs(
        **HERE, names=NAMES, retention_days=90, daily_cap_gb=cap, private=True, protect=False
    )
    recording = record(lambda: Monitoring("monitoring", args))
    logs = recording.one("operationalinsights:Workspace").inputs
    assert logs["features"]["disableLocalAuth"] is True
    assert logs["retentionInDays"] == 90
    assert logs["workspaceCapping"] == {"dailyQuotaGb": wanted}
    assert logs["publicNetworkAccessForIngestion"] == "Disabled"
    assert logs["publicNetworkAccessForQuery"] == "Disabled"
    insights = recording.one("applicationinsights:Component").inputs
    assert insights["disableLocalAuth"] is True
    assert insights["publicNetworkAccessForIngestion"] == "Disabled"
    assert insights["publicNetworkAccessForQuery"] == "Disabled"
    assert insights["ingestionMode"] == "LogAnalytics"
    assert insights["workspaceResourceId"].startswith("/id/operationalinsights:Workspace/")


def test_a_workspace_is_private_and_opens_its_data_as_an_identity():
    made = workspace().one("machinelearningservices:Workspace").inputs
    assert made["publicNetworkAccess"] == "Disabled"
    assert made["allowPublicAccessWhenBehindVnet"] is False
    assert made["systemDatastoresAuthMode"] == "Identity"
    assert made["v1LegacyMode"] is False
    assert made["identity"] == {
        "type": "UserAssigned",
        "userAssignedIdentities": ["/id/identity"],
    }
    assert made["primaryUserAssignedIdentity"] == "/id/identity"
    assert made["serverlessComputeSettings"] == {"serverlessComputeNoPublicIP": True}
    assert made["imageBuildCompute"] == "cpu"
    assert made["provisionNetworkNow"] is True


def test_a_workspaces_datastore_holds_no_credentials():
    args = DatastoresArgs(
        resource_group_name="rg",
        workspace_name="mlw",
        account_name="stdata",
        containers={"curated": "curated"},
    )
    made = record(lambda: Datastores("datastores", args))
    datastore = made.one("machinelearningservices:Datastore").inputs
    assert datastore["name"] == "curated"
    assert datastore["properties"]["credentials"] == {"credentialsType": "None"}
    assert datastore["properties"]["serviceDataAccessAuthIdentity"] == (
        "WorkspaceUserAssignedIdentity"
    )


def test_the_managed_network_lets_out_what_the_stack_approves():
    approved = workspace(
        ml.IsolationMode.ALLOW_ONLY_APPROVED_OUTBOUND, ["*.example.com", "mirror.example.org"]
    )
    network = approved.one("machinelearningservices:Workspace").inputs["managedNetwork"]
    assert network["isolationMode"] == "AllowOnlyApprovedOutbound"
    assert network["firewallSku"] == "Basic"
    assert network["outboundRules"] == {
        "any-example-com": {
            "type": "FQDN",
            "category": "UserDefined",
            "destination": "*.example.com",
        },
        "mirror-example-org": {
            "type": "FQDN",
            "category": "UserDefined",
            "destination": "mirror.example.org",
        },
    }
    open_network = workspace().one("machinelearningservices:Workspace").inputs["managedNetwork"]
    assert open_network == {"isolationMode": "AllowInternetOutbound"}


def test_a_cluster_has_no_public_address_no_login_and_no_idle_node():
    args = ClusterArgs(
        **HERE,
        cluster_name="cpu",
        workspace_name="mlw",
        identity_id="/id/cluster",
        vm_size="Standard_D4s_v5",
        vm_priority=ml.VmPriority.LOW_PRIORITY,
        min_nodes=0,
        max_nodes=2,
        idle_minutes=5,
        after=[],
        hooks=ResourceHookBinding(),
    )
    cluster = record(lambda: Cluster("cpu", args)).one("machinelearningservices:Compute").inputs
    assert cluster["identity"] == {
        "type": "UserAssigned",
        "userAssignedIdentities": ["/id/cluster"],
    }
    assert cluster["properties"]["computeType"] == "AmlCompute"
    assert cluster["properties"]["disableLocalAuth"] is True
    nodes = cluster["properties"]["properties"]
    assert nodes["enableNodePublicIp"] is False
    assert nodes["remoteLoginPortPublicAccess"] == "Disabled"
    assert nodes["scaleSettings"] == {
        "minNodeCount": 0,
        "maxNodeCount": 2,
        "nodeIdleTimeBeforeScaleDown": "PT5M",
    }


def test_identities_are_one_for_each_purpose():
    args = IdentitiesArgs(**HERE, names=NAMES, purposes=["workspace", "cluster-cpu"])
    made = record(lambda: Identities("identity", args)).all("UserAssignedIdentity")
    assert sorted(identity.inputs["resourceName"] for identity in made) == [
        "id-mlops-dev-weu-cluster-cpu",
        "id-mlops-dev-weu-workspace",
    ]


def test_grants_become_assignments_with_lasting_names_and_a_stated_kind():
    grants = workspace_grants()
    args = GrantsArgs(
        names=NAMES,
        grants=grants,
        principals={"workspace": "principal"},
        scopes={scope: f"/scope/{scope}" for scope in Scope},
    )
    first, second = (record(lambda: Grants("grants", args)) for _ in range(2))
    made = first.all("authorization:RoleAssignment")
    assert len(made) == len(grants)
    for grant in grants:
        assignment = first.one("authorization:RoleAssignment", f"grants-{grant.name}")
        assert assignment.inputs["principalType"] == "ServicePrincipal"
        assert assignment.inputs["roleDefinitionId"].endswith(f"/{grant.role.value}")
        assert assignment.inputs["scope"] == f"/scope/{grant.scope}"
        assert assignment.delete_before_replace
    names = {a.name: a.inputs["roleAssignmentName"] for a in made}
    again = second.all("authorization:RoleAssignment")
    assert names == {a.name: a.inputs["roleAssignmentName"] for a in again}
    assert len(set(names.values())) == len(names)


@pytest.mark.parametrize("protect", [True, False])
def test_what_holds_data_is_protected_where_the_stack_says_so(protect):
    assert data_store(protect=protect).one("storage:StorageAccount").protect is protect
    assert data_store(protect=protect).one("storage:BlobContainer").protect is protect
    made = workspace(protect=protect).one("machinelearningservices:Workspace")
    assert made.protect is protect
