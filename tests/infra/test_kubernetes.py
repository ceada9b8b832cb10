"""The Kubernetes cluster: private, entered with identities only, and a compute of the workspace."""

import json

import pytest

from infra.__main__ import main
from infra.builtin_roles import Role
from tests.infra.recorder import Recording, record
from tests.infra.stacks import PROJECT, stack_config
from tests.infra.test_settings_mistakes import GUID, mistakes

HUB = f"/subscriptions/{GUID}/resourceGroups/hub-dns"
ON = {"enabled": True, "gpu": True}
# What has nothing to do with a cluster and takes time to record.
LITTLE = {
    "lake": {"enabled": False},
    "alerts": {"enabled": False},
    "data": {"events": False, "factory": False},
}


def dev_with(**keys: object) -> Recording:
    given = {f"{PROJECT}:{key}": json.dumps(value) for key, value in keys.items()}
    return record(main, config={**stack_config("dev"), **given})


def little_with(**keys: object) -> Recording:
    return dev_with(**LITTLE, **keys)


@pytest.fixture(scope="module")
def made() -> Recording:
    """Dev with a cluster, a GPU pool, an endpoint on it and people who may work."""
    return dev_with(
        kubernetes=ON,
        serving={"kubernetes": ["delays"]},
        people={"ml_engineers": [GUID], "may_work": True},
    )


@pytest.fixture(scope="module")
def cluster(made) -> dict:
    return made.one("containerservice:ManagedCluster").inputs


def test_without_the_setting_there_is_no_cluster_and_no_trace_of_it(dev):
    kinds = ("containerservice", "kubernetesconfiguration", "DataCollection")
    assert not [r for r in dev.azure if any(kind in r.type for kind in kinds)]
    assert not [r for r in dev.azure if "azmk8s" in r.name or "aks" in r.name]


def test_the_api_server_lies_in_the_network_and_has_no_public_name(cluster):
    assert cluster["apiServerAccessProfile"] == {
        "enablePrivateCluster": True,
        "enablePrivateClusterPublicFQDN": False,
        "enableVnetIntegration": True,
        "subnetId": "/id/network:Subnet/network-weu-aks-api-server",
        "privateDNSZone": "/id/privatedns:PrivateZone/privatelink.westeurope.azmk8s.io",
        "disableRunCommand": True,
    }
    assert cluster["publicNetworkAccess"] == "Disabled"


def test_pods_have_an_overlay_of_their_own_with_policies(cluster):
    network = cluster["networkProfile"]
    assert network["networkPlugin"] == "azure"
    assert network["networkPluginMode"] == "overlay"
    assert network["networkDataplane"] == network["networkPolicy"] == "cilium"


@pytest.mark.parametrize(
    ("egress", "outbound"),
    [("nat", "userAssignedNATGateway"), ("firewall", "userDefinedRouting")],
)
def test_nodes_leave_by_the_way_out_of_the_network(egress, outbound):
    made = little_with(kubernetes=ON, network={"egress": egress})
    profile = made.one("containerservice:ManagedCluster").inputs["networkProfile"]
    assert profile["outboundType"] == outbound


def test_people_and_pods_come_in_with_identities_only(cluster):
    assert cluster["disableLocalAccounts"] is True
    assert cluster["aadProfile"]["enableAzureRBAC"] is True
    assert cluster["oidcIssuerProfile"] == {"enabled": True}
    assert cluster["securityProfile"]["workloadIdentity"] == {"enabled": True}


def test_the_cluster_is_watched_and_kept_clean(cluster):
    security, add_ons = cluster["securityProfile"], cluster["addonProfiles"]
    assert security["imageCleaner"] == {"enabled": True, "intervalHours": 168}
    assert security["defender"]["securityMonitoring"] == {"enabled": True}
    assert all(add_on["enabled"] for add_on in add_ons.values())
    assert add_ons["azureKeyvaultSecretsProvider"]["config"]["enableSecretRotation"] == "true"
    assert add_ons["omsagent"]["config"]["useAADAuth"] == "true"
    assert cluster["nodeResourceGroupProfile"] == {"restrictionLevel": "ReadOnly"}


def test_the_agent_has_a_rule_and_a_private_way_to_the_logs(made):
    rule = made.one("monitor:DataCollectionRule").inputs
    endpoint = made.one("monitor:DataCollectionEndpoint").inputs
    names = {r.inputs["associationName"] for r in made.all("monitor:DataCollectionRuleAssociation")}
    assert rule["dataFlows"][0]["streams"] == ["Microsoft-ContainerInsights-Group-Default"]
    assert endpoint["networkAcls"] == {"publicNetworkAccess": "Disabled"}
    assert names == {"ContainerInsightsExtension", "configurationAccessEndpoint"}
    assert made.one("monitor:PrivateLinkScopedResource", "container-insights-weu-scope")


def test_where_logs_are_public_the_agent_needs_no_endpoint():
    made = little_with(kubernetes=ON, monitoring={"private": False})
    assert not made.all("monitor:DataCollectionEndpoint")
    assert len(made.all("monitor:DataCollectionRuleAssociation")) == 1


def test_without_monitoring_neither_add_on_nor_sensor_nor_rule_is_made():
    made = little_with(kubernetes={"enabled": True, "monitoring": False})
    cluster = made.one("containerservice:ManagedCluster").inputs
    assert "omsagent" not in cluster["addonProfiles"]
    assert "defender" not in cluster["securityProfile"]
    assert not made.all("monitor:DataCollectionRule")


def test_the_clusters_own_parts_have_nodes_of_their_own(cluster):
    (pool,) = cluster["agentPoolProfiles"]
    assert pool["mode"] == "System"
    assert pool["securityProfile"] == {"sshAccess": "Disabled"}
    assert pool["nodeTaints"] == ["CriticalAddonsOnly=true:NoSchedule"]
    assert pool["availabilityZones"] == ["1", "2", "3"]


def test_nodes_of_models_are_ephemeral_and_encrypted_and_spread_over_zones(made):
    pools = {r.inputs["agentPoolName"]: r.inputs for r in made.all("containerservice:AgentPool")}
    assert pools.keys() == {"cpu", "gpu"}
    for pool in pools.values():
        assert pool["osDiskType"] == "Ephemeral"
        assert pool["osSKU"] == "AzureLinux"
        assert pool["enableEncryptionAtHost"] is True
        assert pool["enableNodePublicIP"] is False
        assert pool["securityProfile"] == {"sshAccess": "Disabled"}
        assert pool["availabilityZones"] == ["1", "2", "3"]
        assert pool["upgradeSettings"] == {"maxSurge": "33%"}
    assert pools["gpu"]["minCount"] == 0
    assert pools["gpu"]["nodeTaints"] == ["sku=gpu:NoSchedule"]


def test_a_spot_pool_says_so_and_cannot_surge():
    made = little_with(kubernetes=ON | {"gpu_pool": {"min_nodes": 0, "spot": True}})
    pool = made.one("containerservice:AgentPool", "kubernetes-gpu-weu").inputs
    assert pool["scaleSetPriority"] == "Spot"
    assert pool["scaleSetEvictionPolicy"] == "Delete"
    assert "kubernetes.azure.com/scalesetpriority=spot:NoSchedule" in pool["nodeTaints"]
    assert "upgradeSettings" not in pool


def test_upgrades_come_by_themselves_in_windows(made, cluster):
    assert cluster["autoUpgradeProfile"] == {
        "upgradeChannel": "stable",
        "nodeOSUpgradeChannel": "NodeImage",
    }
    windows = made.all("containerservice:MaintenanceConfiguration")
    assert {w.inputs["configName"] for w in windows} == {
        "aksManagedAutoUpgradeSchedule",
        "aksManagedNodeOSUpgradeSchedule",
    }


def test_the_control_plane_may_join_its_subnets_and_write_its_own_name_only(made):
    held = {
        (r.inputs["roleDefinitionId"].rpartition("/")[2], r.inputs["scope"])
        for r in made.all("authorization:RoleAssignment")
        if r.inputs["principalId"] == "principal-of-kubernetes-identity-weu-aks"
    }
    subnet = "/id/network:Subnet/network-weu-aks"
    assert held == {
        *(
            (Role.NETWORK_CONTRIBUTOR.value, f"{subnet}-{one}")
            for one in ("nodes", "api-server", "load-balancer")
        ),
        (
            Role.PRIVATE_DNS_ZONE_CONTRIBUTOR.value,
            "/id/privatedns:PrivateZone/privatelink.westeurope.azmk8s.io",
        ),
        (
            Role.MANAGED_IDENTITY_OPERATOR.value,
            "/id/managedidentity:UserAssignedIdentity/kubernetes-identity-weu-aks-kubelet",
        ),
    }


def test_a_hubs_zone_is_used_and_its_owner_grants_it():
    made = little_with(kubernetes=ON, network={"zones_group": HUB})
    access = made.one("containerservice:ManagedCluster").inputs["apiServerAccessProfile"]
    assert access["privateDNSZone"].startswith(HUB)
    assert access["privateDNSZone"].endswith("/privatelink.westeurope.azmk8s.io")
    assert not [r for r in made.azure if "private-dns-zone-contributor" in r.name]


def test_the_cluster_waits_for_its_grants_and_the_extension_for_nodes(made):
    cluster = made.one("containerservice:ManagedCluster")
    extension = made.one("kubernetesconfiguration:Extension")
    assert any("network-contributor-aks-nodes" in urn for urn in cluster.depends_on)
    assert any("kubernetes-cpu-weu" in urn for urn in extension.depends_on)


def test_what_azure_shows_of_the_pools_is_no_change_of_the_cluster(made):
    assert made.one("containerservice:ManagedCluster").ignore_changes == ("agentPoolProfiles",)


def test_models_are_reached_over_tls_inside_the_network_only(made):
    settings = made.one("kubernetesconfiguration:Extension").inputs["configurationSettings"]
    assert settings["allowInsecureConnections"] == "False"
    assert settings["internalLoadBalancerProvider"] == "azure"
    assert settings["inferenceRouterServiceType"] == "loadBalancer"
    assert settings["sslSecret"]
    assert settings["sslCname"].endswith(".internal")
    assert settings["inferenceRouterHA"] == "False"
    assert "configurationProtectedSettings" not in settings


def test_three_nodes_that_stay_make_the_router_survive_a_zone():
    made = little_with(kubernetes={"enabled": True, "cpu_pool": {"min_nodes": 3, "max_nodes": 6}})
    settings = made.one("kubernetesconfiguration:Extension").inputs["configurationSettings"]
    assert settings["inferenceRouterHA"] == "True"


def test_the_workspace_comes_in_as_a_trusted_service(made):
    trust = made.one("containerservice:TrustedAccessRoleBinding").inputs
    assert trust["roles"] == ["Microsoft.MachineLearningServices/workspaces/mlworkload"]
    assert trust["sourceResourceId"].startswith("/id/machinelearningservices:Workspace/")


def test_the_cluster_is_a_compute_with_an_identity_of_its_own(made):
    compute = made.one("machinelearningservices:Compute", "kubernetes-models-weu")
    assert compute.inputs["properties"]["computeType"] == "Kubernetes"
    assert compute.inputs["identity"]["userAssignedIdentities"] == [
        "/id/managedidentity:UserAssignedIdentity/kubernetes-identity-weu-aks-models"
    ]
    for before in ("TrustedAccessRoleBinding", "Extension"):
        assert any(before in urn for urn in compute.depends_on)


def test_an_endpoint_on_the_cluster_is_like_the_others_but_runs_there(made):
    endpoint = made.one("machinelearningservices:OnlineEndpoint", "endpoint-delays-weu").inputs
    assert endpoint["properties"]["compute"].endswith("kubernetes-models-weu")
    assert endpoint["properties"]["authMode"] == "AADToken"
    assert endpoint["identity"]["userAssignedIdentities"] == [
        "/id/managedidentity:UserAssignedIdentity/identity-weu-endpoint-delays"
    ]


def test_engineers_who_may_work_mend_what_runs_and_others_only_see_it(made):
    def inside(recording: Recording) -> set[str]:
        return {
            r.inputs["roleDefinitionId"].rpartition("/")[2]
            for r in recording.all("authorization:RoleAssignment")
            if r.inputs["principalId"] == GUID and "ManagedCluster" in r.inputs["scope"]
        }

    reading = little_with(kubernetes=ON, people={"ml_engineers": [GUID]})
    assert inside(made) == {Role.AKS_CLUSTER_USER.value, Role.AKS_RBAC_WRITER.value}
    assert inside(reading) == {Role.AKS_CLUSTER_USER.value, Role.AKS_RBAC_READER.value}


def test_turning_the_cluster_on_changes_nothing_that_was_there(dev, made):
    then = {r.urn: r.inputs for r in made.azure}
    was = {r.urn: r.inputs for r in dev.azure}
    assert {urn for urn, inputs in was.items() if then.get(urn) != inputs} == set()


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ({"serving": {"kubernetes": ["delays"]}}, "serving.kubernetes"),
        ({"serving": {"online": ["a1"], "batch": ["a1"]}}, "serving"),
        (
            {"kubernetes": {"cpu_pool": {"min_nodes": 4, "max_nodes": 2}}},
            "kubernetes.cpu_pool.min_nodes",
        ),
        ({"kubernetes": {"enabled": True, "system_pool": {"spot": True}}}, "system_pool"),
        ({"kubernetes": {"enabled": True, "cpu_pool": {"min_nodes": 0}}}, "cpu_pool"),
        ({"serving": {"autoscale": {"min_instances": 5}}}, "autoscale.min_instances"),
        (
            {"serving": {"autoscale": {"scale_out_cpu_percent": 40, "scale_in_cpu_percent": 40}}},
            "autoscale.scale_in_cpu_percent",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused_with_their_key(keys, where):
    (mistake,) = mistakes(**keys)
    assert where in mistake
    assert "fix:" in mistake
