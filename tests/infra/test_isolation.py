"""Networks of our own, hubs, private monitoring and a record of connections, by setting."""

import pytest

from infra.builtin_roles import Role
from tests.infra.recorder import SUBSCRIPTION, Recording
from tests.infra.test_platform import dev_with

HUB = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-hub"
HUB_NETWORK = f"{HUB}/providers/Microsoft.Network/virtualNetworks/vnet-hub"
PERSON = "11111111-2222-3333-4444-555555555555"


def records_of(recording: Recording, endpoint: str) -> list[str]:
    """Ids of the zones in which an endpoint has its names."""
    group = recording.one("network:PrivateDnsZoneGroup", endpoint).inputs
    return [config["privateDnsZoneId"] for config in group["privateDnsZoneConfigs"]]


@pytest.fixture(scope="module")
def own() -> Recording:
    return dev_with(isolation="own_vnet", instances={"ann": {"assigned_to": PERSON}})


@pytest.fixture(scope="module")
def spoke() -> Recording:
    return dev_with(
        network={
            "hub": HUB_NETWORK,
            "hub_gateway": True,
            "zones_group": HUB,
            "dns_servers": ["10.0.0.4"],
            "flow_logs": True,
        }
    )


def test_with_a_network_of_our_own_there_is_no_managed_one_and_no_typed_rule(own, dev):
    made = own.one("machinelearningservices:Workspace").inputs
    assert made["managedNetwork"] == {"isolationMode": "Disabled"}
    assert "provisionNetworkNow" not in made
    managed = dev.one("machinelearningservices:Workspace").inputs["managedNetwork"]
    assert managed["isolationMode"] == "AllowInternetOutbound"
    assert managed["outboundRules"]


def test_all_compute_stands_in_the_training_subnet(own, dev):
    serverless = own.one("machinelearningservices:Workspace").inputs["serverlessComputeSettings"]
    assert serverless["serverlessComputeNoPublicIP"] is True
    assert serverless["serverlessComputeCustomSubnet"].endswith("network-weu-training")
    computes = own.all("machinelearningservices:Compute")
    assert len(computes) == 3
    for compute in computes:
        nodes = compute.inputs["properties"]["properties"]
        assert nodes["subnet"]["id"].endswith("network-weu-training")
        assert nodes["enableNodePublicIp"] is False
    for cluster in dev.all("machinelearningservices:Compute"):
        assert "subnet" not in cluster.inputs["properties"]["properties"]


def test_what_belongs_to_training_is_there_in_a_network_of_our_own_only(own, dev):
    for kind in ("ServiceEndpointPolicy", "NatGateway"):
        assert len(own.all(f"network:{kind}")) == 1
        assert dev.all(f"network:{kind}") == []


def test_logs_and_traces_have_a_scope_that_closes_no_network_to_the_rest(dev):
    scope = dev.one("monitor:PrivateLinkScope").inputs
    assert scope["accessModeSettings"] == {
        "ingestionAccessMode": "Open",
        "queryAccessMode": "Open",
    }
    members = {m.inputs["linkedResourceId"] for m in dev.all("monitor:PrivateLinkScopedResource")}
    assert members == {
        "/id/operationalinsights:Workspace/monitoring-weu-logs",
        "/id/applicationinsights:Component/monitoring-weu-insights",
    }


def test_the_scopes_endpoint_is_in_its_stamps_zones_and_in_the_shared_one_of_blobs(dev):
    assert [
        zone.rpartition("/")[2] for zone in records_of(dev, "link-monitoring-weu-azuremonitor")
    ] == [
        "weu-privatelink.monitor.azure.com",
        "weu-privatelink.oms.opinsights.azure.com",
        "weu-privatelink.ods.opinsights.azure.com",
        "weu-privatelink.agentsvc.azure-automation.net",
        "privatelink.blob.core.windows.net",
    ]


def test_jobs_of_a_managed_network_reach_the_scope_and_may_be_approved(dev, own):
    rules = dev.one("machinelearningservices:Workspace").inputs["managedNetwork"]["outboundRules"]
    assert rules["monitoring"]["destination"] == {
        "serviceResourceId": "/id/monitor:PrivateLinkScope/monitoring-link-weu",
        "subresourceTarget": "azuremonitor",
        "sparkEnabled": False,
    }
    workspace = dev.one("machinelearningservices:Workspace")
    (grant,) = [
        r
        for r in dev.all("authorization:RoleAssignment")
        if r.inputs["scope"].endswith("monitoring-link-weu")
    ]
    assert grant.inputs["roleDefinitionId"].endswith(Role.NETWORK_CONNECTION_APPROVER.value)
    # The service approves while it provisions the network, so the grant comes first.
    assert any(urn.endswith(f"::{grant.name}") for urn in workspace.depends_on)
    assert not [r for r in own.all("authorization:RoleAssignment") if "monitoring" in r.name]


def test_monitoring_on_the_public_network_has_no_scope():
    public = dev_with(monitoring={"private": False})
    assert public.all("monitor:PrivateLinkScope") == []
    assert not [z for z in public.all("privatedns:PrivateZone") if "monitor" in z.name]
    logs = public.one("operationalinsights:Workspace").inputs
    assert logs["publicNetworkAccessForIngestion"] == "Enabled"


def test_a_spoke_peers_with_its_hub_and_takes_its_gateway_and_resolver(spoke):
    peering = spoke.one("network:VirtualNetworkPeering")
    assert peering.inputs["remoteVirtualNetwork"] == {"id": HUB_NETWORK}
    assert peering.inputs["useRemoteGateways"] is True
    assert peering.inputs["allowGatewayTransit"] is False
    assert peering.delete_before_replace
    network = spoke.one("network:VirtualNetwork").inputs
    assert network["dhcpOptions"] == {"dnsServers": ["10.0.0.4"]}


def test_a_spoke_has_its_records_in_the_hubs_zones_and_links_none(spoke):
    assert spoke.all("privatedns:PrivateZone") == []
    assert spoke.all("privatedns:VirtualNetworkLink") == []
    for group in spoke.all("network:PrivateDnsZoneGroup"):
        for config in group.inputs["privateDnsZoneConfigs"]:
            zones = f"{HUB}/providers/Microsoft.Network/privateDnsZones/privatelink."
            assert config["privateDnsZoneId"].startswith(zones)
    assert len(records_of(spoke, "link-workspace-weu-amlworkspace")) == 2


def test_flow_logs_go_into_an_account_of_their_own_as_an_identity(spoke, dev):
    log = spoke.one("network:FlowLog").inputs
    assert log["networkWatcherName"] == "NetworkWatcher_westeurope"
    assert log["resourceGroupName"] == "NetworkWatcherRG"
    assert log["targetResourceId"] == "/id/network:VirtualNetwork/network-weu"
    assert log["storageId"] == "/id/storage:StorageAccount/flow-logs-weu"
    assert log["identity"]["userAssignedIdentities"] == [
        "/id/managedidentity:UserAssignedIdentity/flow-logs-identity-weu-flow-logs"
    ]
    # A number would overwrite the account's own rule, which forgets.
    assert log["retentionPolicy"] == {"enabled": False, "days": 0}
    (rule,) = spoke.one("storage:ManagementPolicy", "flow-logs-weu").inputs["policy"]["rules"]
    delete = rule["definition"]["actions"]["baseBlob"]["delete"]
    assert delete == {"daysAfterModificationGreaterThan": 30}
    account = spoke.one("storage:StorageAccount", "flow-logs-weu").inputs
    assert account["allowSharedKeyAccess"] is False
    assert account["publicNetworkAccess"] == "Disabled"
    assert dev.all("network:FlowLog") == []


def test_nothing_of_a_spoke_replaces_what_holds_data(spoke, dev):
    kinds = ("storage:StorageAccount", "keyvault:Vault", "containerregistry:Registry")
    kinds += ("operationalinsights:Workspace", "network:Subnet")
    before = {r.urn: r.inputs for kind in kinds for r in dev.all(kind)}
    after = {r.urn: r.inputs for kind in kinds for r in spoke.all(kind)}
    assert {urn: after[urn] for urn in before} == before


def test_endpoints_are_made_after_what_leads_to_their_workspace(dev):
    # And deleted before it: whoever deletes them calls the workspace through its network.
    made = [
        r for r in dev.resources if r.type in {"mlops:ml:OnlineEndpoint", "mlops:ml:BatchEndpoint"}
    ]
    assert made
    for endpoint in made:
        assert any("link-workspace-weu" in urn for urn in endpoint.depends_on), endpoint.name
