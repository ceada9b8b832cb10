"""Clusters of Kubernetes, their pools, windows and trusted accesses."""

import base64
import copy
import json
from typing import Any

import pytest
from azure.mgmt.containerservice import models

from emulator.arm.errors import ArmError
from emulator.providers.network.link_groups import record_name
from tests.emulator.providers.world import GROUP, SUBSCRIPTION, located

CLUSTER = "Microsoft.ContainerService/managedClusters/aks-mlops"
ROLE = "Microsoft.MachineLearningServices/workspaces/mlworkload"
ZONE = "Microsoft.Network/privateDnsZones/privatelink.westeurope.azmk8s.io"
NODES = "10.0.4.0/24"


@pytest.fixture
def nodes(azure):
    return azure.subnet(NODES, "nodes")["id"]


@pytest.fixture
def identity(azure):
    path = "Microsoft.ManagedIdentity/userAssignedIdentities/id-aks"
    return azure.put(path, {"location": "westeurope"})["id"]


def body(**properties: object) -> dict[str, Any]:
    pool = {"name": "system", "mode": "System", "vmSize": "Standard_D4ds_v5", "count": 1}
    needed = {"dnsPrefix": "aks", "agentPoolProfiles": [pool]}
    return {**located(**needed | properties), "identity": {"type": "SystemAssigned"}}


def guarded(nodes: str, identity: str, **properties: object) -> dict[str, Any]:
    """The cluster that a careful owner writes."""
    pool = {
        "name": "system",
        "mode": "System",
        "vmSize": "Standard_D4ds_v5",
        "enableAutoScaling": True,
        "minCount": 1,
        "maxCount": 3,
        "availabilityZones": ["1", "2", "3"],
        "nodeTaints": ["CriticalAddonsOnly=true:NoSchedule"],
        "vnetSubnetID": nodes,
    }
    given = {
        "agentPoolProfiles": [pool],
        "apiServerAccessProfile": {
            "enablePrivateCluster": True,
            "enablePrivateClusterPublicFQDN": False,
            "disableRunCommand": True,
        },
        "networkProfile": {
            "networkPlugin": "azure",
            "networkPluginMode": "overlay",
            "networkDataplane": "cilium",
            "networkPolicy": "cilium",
            "serviceCidr": "172.16.0.0/16",
            "dnsServiceIP": "172.16.0.10",
        },
        "disableLocalAccounts": True,
        "aadProfile": {"managed": True, "enableAzureRBAC": True},
        "oidcIssuerProfile": {"enabled": True},
        "securityProfile": {"workloadIdentity": {"enabled": True}},
        "addonProfiles": {"azurepolicy": {"enabled": True}},
        "autoUpgradeProfile": {"upgradeChannel": "patch"},
    }
    mine = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    return {**body(**given | properties), "identity": mine, "sku": {"name": "Base"}}


def test_guarded_cluster_reads_back_through_the_official_models(azure, nodes, identity):
    azure.put(CLUSTER, guarded(nodes, identity))
    found = models.ManagedCluster(azure.get(CLUSTER))
    assert found.identity.type == "UserAssigned"
    assert list(found.identity.user_assigned_identities) == [identity]
    assert found.api_server_access_profile.enable_private_cluster is True
    assert found.api_server_access_profile.enable_private_cluster_public_fqdn is False
    assert found.api_server_access_profile.disable_run_command is True
    assert found.api_server_access_profile.private_dns_zone == "system"
    assert found.private_fqdn.endswith(".privatelink.westeurope.azmk8s.io")
    assert found.fqdn is None
    assert found.disable_local_accounts is True
    assert (found.aad_profile.managed, found.aad_profile.enable_azure_rbac) == (True, True)
    assert found.oidc_issuer_profile.issuer_url.startswith("https://westeurope.oic.prod-aks")
    assert found.security_profile.workload_identity.enabled is True
    assert found.network_profile.network_policy == "cilium"
    assert found.network_profile.pod_cidr == "10.244.0.0/16"
    assert found.auto_upgrade_profile.node_os_upgrade_channel == "NodeImage"
    assert found.node_resource_group == "MC_rg_aks-mlops_westeurope"
    assert found.current_kubernetes_version.startswith(f"{found.kubernetes_version}.")
    assert found.provisioning_state == "Succeeded"
    (pool,) = found.agent_pool_profiles
    assert (pool.name, pool.mode, pool.vnet_subnet_id) == ("system", "System", nodes)
    assert (pool.count, pool.max_pods, pool.enable_node_public_ip) == (1, 250, False)


def test_nodes_and_add_ons_have_identities_that_can_be_given_roles(azure, nodes, identity):
    found = models.ManagedCluster(azure.put(CLUSTER, guarded(nodes, identity)))
    kubelet = found.identity_profile["kubeletidentity"]
    assert "/MC_rg_aks-mlops_westeurope/" in kubelet.resource_id
    principals = azure.ctx.services.principals
    assert principals.by_object_id(kubelet.object_id)
    policy = found.addon_profiles["azurepolicy"].identity
    assert principals.by_client_id(policy.client_id)
    azure.delete(CLUSTER)
    assert principals.by_object_id(kubelet.object_id) is None
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/MC_rg_aks-mlops_westeurope"
    assert azure.store.get(group) is None


def test_identical_cluster_changes_nothing(azure, nodes, identity):
    first = azure.put(CLUSTER, guarded(nodes, identity))
    assert azure.put(CLUSTER, guarded(nodes, identity)) == first
    echo = copy.deepcopy(first)
    assert azure.put(CLUSTER, echo) == first
    pool = azure.get(f"{CLUSTER}/agentPools/system")
    assert azure.put(f"{CLUSTER}/agentPools/system", copy.deepcopy(pool)) == pool


def test_brought_kubelet_identity_is_kept(azure, nodes, identity):
    given = {"kubeletidentity": {"resourceId": identity}}
    found = azure.put(CLUSTER, guarded(nodes, identity, identityProfile=given))
    shown = azure.get(identity)["properties"]
    kubelet = found["properties"]["identityProfile"]["kubeletidentity"]
    assert (kubelet["clientId"], kubelet["objectId"]) == (shown["clientId"], shown["principalId"])
    ghost = {"kubeletidentity": {"resourceId": f"{identity}x"}}
    refusal = azure.refuses(CLUSTER, guarded(nodes, identity, identityProfile=ghost))
    assert refusal.code == "CustomKubeletIdentityNotFound"


def test_admin_credentials_end_with_the_local_accounts(azure, nodes, identity):
    azure.put(CLUSTER, guarded(nodes, identity))
    with pytest.raises(ArmError, match="disable local accounts"):
        azure.post(CLUSTER, "listClusterAdminCredential")
    (shown,) = json.loads(azure.post(CLUSTER, "listClusterUserCredential"))["kubeconfigs"]
    user = json.loads(base64.b64decode(shown["value"]))["users"][0]["user"]
    assert list(user) == ["exec"]
    other = "Microsoft.ContainerService/managedClusters/open"
    azure.put(other, body())
    first = azure.post(other, "listClusterAdminCredential")
    assert first == azure.post(other, "listClusterAdminCredential")


@pytest.mark.parametrize(
    ("change", "target"),
    [
        ({"dnsPrefix": None}, "properties.dnsPrefix"),
        ({"kubernetesVersion": "1.19"}, "properties.kubernetesVersion"),
        ({"agentPoolProfiles": []}, "properties.agentPoolProfiles"),
        ({"disableLocalAccounts": True}, "properties.disableLocalAccounts"),
        ({"aadProfile": {"managed": False}}, "properties.aadProfile.managed"),
        ({"supportPlan": "AKSLongTermSupport"}, "properties.supportPlan"),
        (
            {"securityProfile": {"workloadIdentity": {"enabled": True}}},
            "properties.securityProfile.workloadIdentity",
        ),
        (
            {"securityProfile": {"defender": {"securityMonitoring": {"enabled": True}}}},
            "properties.securityProfile.defender.logAnalyticsWorkspaceResourceId",
        ),
        (
            {"addonProfiles": {"omsagent": {"enabled": True}}},
            "properties.addonProfiles.omsagent.config.logAnalyticsWorkspaceResourceID",
        ),
        (
            {"autoUpgradeProfile": {"upgradeChannel": "weekly"}},
            "properties.upgradeChannel",
        ),
        (
            {"networkProfile": {"networkPluginMode": "overlay"}},
            "properties.networkProfile.networkPluginMode",
        ),
        (
            {"networkProfile": {"networkPlugin": "azure", "networkPolicy": "cilium"}},
            "properties.networkProfile.networkPolicy",
        ),
        (
            {"networkProfile": {"dnsServiceIP": "192.168.0.10"}},
            "properties.networkProfile.dnsServiceIP",
        ),
        (
            {"networkProfile": {"outboundType": "userDefinedRouting"}},
            "properties.networkProfile.outboundType",
        ),
        (
            {"apiServerAccessProfile": {"privateDNSZone": "system"}},
            "properties.apiServerAccessProfile.privateDNSZone",
        ),
        (
            {
                "apiServerAccessProfile": {
                    "enablePrivateCluster": True,
                    "privateDNSZone": f"{GROUP}/providers/{ZONE}",
                }
            },
            "properties.apiServerAccessProfile.privateDNSZone",
        ),
    ],
)
def test_bad_cluster_is_refused(azure, change, target):
    assert azure.refuses(CLUSTER, body(**change)).target == target


def test_cluster_has_one_identity(azure, identity):
    assert azure.refuses(CLUSTER, body() | {"identity": None}).target == "identity"
    none = {"type": "UserAssigned", "userAssignedIdentities": {}}
    path = "identity.userAssignedIdentities"
    assert azure.refuses(CLUSTER, body() | {"identity": none}).target == path
    ghost = {"type": "UserAssigned", "userAssignedIdentities": {f"{identity}x": {}}}
    refusal = azure.refuses(CLUSTER, body() | {"identity": ghost})
    assert refusal.code == "FailedIdentityOperation"


def test_service_range_is_apart_from_the_nodes(azure, nodes, identity):
    network = {"networkPlugin": "azure", "networkPluginMode": "overlay"}
    refusal = azure.refuses(CLUSTER, guarded(nodes, identity, networkProfile=network))
    assert refusal.code == "ServiceCidrOverlapExistingSubnetsCidr"


def test_own_zone_gives_the_private_name(azure, nodes, identity):
    zone = azure.put(ZONE, {"location": "global"})["id"]
    access = {"enablePrivateCluster": True, "privateDNSZone": zone}
    given = guarded(
        nodes, identity, dnsPrefix=None, fqdnSubdomain="aks", apiServerAccessProfile=access
    )
    shown = azure.put(CLUSTER, given)["properties"]
    assert shown["privateFQDN"] == "aks.privatelink.westeurope.azmk8s.io"
    other = "Microsoft.ContainerService/managedClusters/other"
    refusal = azure.refuses(other, body(apiServerAccessProfile=access))
    assert refusal.code == "CustomPrivateDNSZoneNotSupportedForSystemAssignedIdentity"


def test_what_a_cluster_fixes_at_creation_stays(azure, nodes, identity):
    azure.put(CLUSTER, guarded(nodes, identity))
    for change in (
        {"dnsPrefix": "other"},
        {"apiServerAccessProfile": {"enablePrivateCluster": False}},
        {"oidcIssuerProfile": {"enabled": False}, "securityProfile": {}},
        {"aadProfile": None, "disableLocalAccounts": False},
        {"kubernetesVersion": "1.35"},
        {"kubernetesVersion": "1.32"},
    ):
        azure.refuses(CLUSTER, guarded(nodes, identity, **change))
    upgraded = azure.put(CLUSTER, guarded(nodes, identity, kubernetesVersion="1.34"))
    assert upgraded["properties"]["currentKubernetesVersion"].startswith("1.34.")


def test_private_endpoint_leads_to_the_api_server(azure, nodes, identity):
    azure.subnet()
    id_ = azure.put(CLUSTER, guarded(nodes, identity))["id"]
    endpoint = azure.endpoint(id_, "management")["properties"]
    private = azure.get(CLUSTER)["properties"]["privateFQDN"]
    assert [one["fqdn"] for one in endpoint["customDnsConfigs"]] == [private]
    zone = "privatelink.westeurope.azmk8s.io"
    assert f"{record_name(private, zone)}.{zone}" == private


def pool(**properties: object) -> dict[str, Any]:
    return {"properties": {"vmSize": "Standard_NC4as_T4_v3", **properties}}


def test_pool_of_its_own_shows_in_its_cluster_and_stays(azure):
    azure.put(CLUSTER, body())
    scaled = {"enableAutoScaling": True, "minCount": 0, "maxCount": 2}
    path = f"{CLUSTER}/agentPools/gpu"
    azure.put(path, pool(scaleSetPriority="Spot", nodeTaints=["sku=gpu:NoSchedule"], **scaled))
    found = models.AgentPool(azure.get(path)).properties
    assert (found.mode, found.count, found.scale_set_priority) == ("User", 0, "Spot")
    assert found.node_taints == [
        "sku=gpu:NoSchedule",
        "kubernetes.azure.com/scalesetpriority=spot:NoSchedule",
    ]
    azure.put(CLUSTER, body())
    shown = azure.get(CLUSTER)["properties"]["agentPoolProfiles"]
    assert [one["name"] for one in shown] == ["system", "gpu"]
    azure.delete(path)
    shown = azure.get(CLUSTER)["properties"]["agentPoolProfiles"]
    assert [one["name"] for one in shown] == ["system"]


def test_new_pool_is_not_added_through_its_cluster(azure):
    azure.put(CLUSTER, body())
    more = body()
    more["properties"]["agentPoolProfiles"].append({"name": "more"})
    assert "A new agent pool was introduced" in azure.refuses(CLUSTER, more).message


@pytest.mark.parametrize(
    "properties",
    [
        {"vnetSubnetID": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets/s"},
        {"enableAutoScaling": True},
        {"enableAutoScaling": True, "minCount": 3, "maxCount": 2},
        {"minCount": 1},
        {"availabilityZones": ["4"]},
        {"nodeTaints": ["gpu"]},
        {"mode": "System", "nodeTaints": ["sku=gpu:NoSchedule"]},
        {"mode": "System", "scaleSetPriority": "Spot"},
        {"scaleSetPriority": "Spot", "upgradeSettings": {"maxSurge": "10%"}},
        {"upgradeSettings": {"maxSurge": "many"}},
        {"orchestratorVersion": "1.35"},
        {"vmSize": "big"},
        {"maxPods": 9},
        {"osSKU": "Plan9"},
    ],
)
def test_bad_pool_is_refused(azure, properties):
    azure.put(CLUSTER, body())
    azure.refuses(f"{CLUSTER}/agentPools/gpu", pool(**properties))


def test_pool_keeps_its_machines_and_the_last_system_pool_stays(azure):
    azure.put(CLUSTER, body())
    path = f"{CLUSTER}/agentPools/gpu"
    azure.put(path, pool())
    assert azure.refuses(path, pool(maxPods=50)).code == "PropertyChangeNotAllowed"
    with pytest.raises(ArmError, match="at least one system"):
        azure.delete(f"{CLUSTER}/agentPools/system")
    azure.refuses(f"{CLUSTER}/agentPools/Bad", pool())


def window(**changes: object) -> dict[str, Any]:
    given = {
        "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}},
        "durationHours": 4,
        "startTime": "02:00",
    }
    return {"properties": {"maintenanceWindow": given | changes}}


def test_windows_for_upgrades(azure):
    azure.put(CLUSTER, body())
    path = f"{CLUSTER}/maintenanceConfigurations"
    azure.put(f"{path}/aksManagedAutoUpgradeSchedule", window())
    shown = azure.get(f"{path}/aksManagedAutoUpgradeSchedule")
    found = models.MaintenanceConfiguration(shown).properties.maintenance_window
    assert found.schedule.weekly.day_of_week == "Sunday"
    assert (found.start_time, found.duration_hours, found.utc_offset) == ("02:00", 4, "+00:00")
    week = {"properties": {"timeInWeek": [{"day": "Sunday", "hourSlots": [1, 2]}]}}
    assert azure.put(f"{path}/default", week) == azure.put(f"{path}/default", week)
    azure.refuses(f"{path}/mine", window())
    azure.refuses(f"{path}/default", window())
    nodes = f"{path}/aksManagedNodeOSUpgradeSchedule"
    azure.refuses(nodes, week)
    for change in (
        {"durationHours": 3},
        {"startTime": "2 am"},
        {"utcOffset": "CET"},
        {"schedule": {}},
        {"schedule": {"weekly": {"intervalWeeks": 5, "dayOfWeek": "Sunday"}}},
    ):
        azure.refuses(nodes, window(**change))


def test_trusted_access_is_for_workspaces_that_exist(azure):
    azure.put(CLUSTER, body())
    source = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw"
    path = f"{CLUSTER}/trustedAccessRoleBindings/mlw"
    given = {"properties": {"sourceResourceId": source, "roles": [ROLE]}}
    assert azure.refuses(path, given).code == "InvalidResourceReference"
    azure.store.put({"id": source, "location": "westeurope", "properties": {}})
    azure.put(path, given)
    found = models.TrustedAccessRoleBinding(azure.get(path)).properties
    assert (found.source_resource_id, found.roles) == (source, [ROLE])
    wrong = {"properties": {"sourceResourceId": source, "roles": ["owner"]}}
    assert azure.refuses(path, wrong).code == "TrustedAccessRoleNotFound"
    again = f"{CLUSTER}/trustedAccessRoleBindings/again"
    assert azure.refuses(again, given).code == "TrustedAccessRoleBindingConflict"


def test_nodes_hold_their_subnet(azure, nodes, identity):
    azure.put(CLUSTER, guarded(nodes, identity))
    with pytest.raises(ArmError, match="in use by"):
        azure.delete(nodes)
    azure.delete(CLUSTER)
    azure.delete(nodes)
