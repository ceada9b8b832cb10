"""Ways out: what a NAT gateway and a firewall are told, and which subnet goes through which."""

from infra.addresses import LEAVING, WALLED, Purpose
from tests.infra.recorder import FIREWALL, Recording
from tests.infra.test_network_components import network, subnet


def collections(recording: Recording) -> dict[str, list[dict]]:
    group = recording.one("network:FirewallPolicyRuleCollectionGroup").inputs
    return {one["name"]: one["rules"] for one in group["ruleCollections"]}


def hosts(recording: Recording, collection: str) -> set[str]:
    found = collections(recording)[collection]
    return {host for rule in found for host in rule.get("targetFqdns", [])}


def test_a_network_that_nothing_leaves_has_no_way_out():
    recording = network(Purpose.BASTION, Purpose.GATEWAY, Purpose.DNS_INBOUND)
    for kind in ("NatGateway", "AzureFirewall", "RouteTable", "PublicIPAddress"):
        assert recording.all(f"network:{kind}") == []


def test_a_nat_gateway_is_the_way_out_of_what_leaves_and_of_nothing_else():
    recording = network(Purpose.RUNNERS, Purpose.TRAINING)
    (gateway,) = recording.all("network:NatGateway")
    assert gateway.inputs["sku"] == {"name": "Standard"}
    assert "natGateway" not in subnet(recording, Purpose.PRIVATE_ENDPOINTS)
    assert "natGateway" not in subnet(recording, Purpose.ACCESS)
    for purpose in (Purpose.RUNNERS, Purpose.TRAINING):
        assert subnet(recording, purpose)["natGateway"]["id"].endswith(gateway.name)
        assert "routeTable" not in subnet(recording, purpose)


def test_behind_a_firewall_everything_that_leaves_is_routed_through_it():
    recording = network(*Purpose)
    for purpose in WALLED:
        table = recording.one("network:RouteTable", f"network-egress-{purpose}").inputs
        first = table["routes"][0]
        assert first["addressPrefix"] == "0.0.0.0/0"
        assert first["nextHopType"] == "VirtualAppliance"
        assert first["nextHopIpAddress"] == FIREWALL
        assert table["disableBgpRoutePropagation"] is True
        assert subnet(recording, purpose)["routeTable"]["id"].endswith(purpose)


def test_training_alone_goes_past_the_firewall_to_the_service_itself():
    recording = network(*Purpose)
    for purpose in WALLED:
        routes = recording.one("network:RouteTable", f"network-egress-{purpose}").inputs["routes"]
        past = {r["addressPrefix"] for r in routes if r["nextHopType"] == "Internet"}
        is_training = purpose is Purpose.TRAINING
        tags = {"AzureMachineLearning", "BatchNodeManagement.westeurope"}
        assert past == (tags if is_training else set())
        # A route to the internet leads nowhere without an address.
        assert ("natGateway" in subnet(recording, purpose)) is is_training
    assert len(network(Purpose.FIREWALL, Purpose.RUNNERS).all("network:NatGateway")) == 0


def test_the_api_gateway_keeps_its_own_way_out_which_its_rules_bound():
    recording = network(Purpose.FIREWALL, Purpose.RUNNERS, Purpose.API_GATEWAY)
    assert set(LEAVING) - set(WALLED) == {Purpose.API_GATEWAY}
    gateway = subnet(recording, Purpose.API_GATEWAY)
    assert "routeTable" not in gateway
    assert "natGateway" in gateway
    assert "natGateway" not in subnet(recording, Purpose.RUNNERS)


def test_a_firewall_refuses_known_attackers_and_waits_for_its_rules():
    recording = network(Purpose.FIREWALL, Purpose.TRAINING)
    policy = recording.one("network:FirewallPolicy").inputs
    assert policy["threatIntelMode"] == "Deny"
    assert policy["sku"] == {"tier": "Standard"}
    firewall = recording.one("network:AzureFirewall")
    assert firewall.inputs["sku"] == {"name": "AZFW_VNet", "tier": "Standard"}
    assert firewall.inputs["zones"] == ["1", "2", "3"]
    assert any("FirewallPolicyRuleCollectionGroup" in urn for urn in firewall.depends_on)


def test_each_purpose_has_a_collection_for_its_own_addresses():
    recording = network(*Purpose, allowed_hosts=["pypi.org"])
    found = collections(recording)
    assert set(found) == {*(purpose.value for purpose in WALLED), "settings"}
    for purpose in WALLED:
        own = subnet(recording, purpose)["addressPrefix"]
        assert all(rule["sourceAddresses"] == [own] for rule in found[purpose])
    (allowed,) = found["settings"]
    assert allowed["targetFqdns"] == ["pypi.org"]
    assert len(allowed["sourceAddresses"]) == len(WALLED)
    assert len(found) == len({c["priority"] for c in _group(recording)})


def _group(recording: Recording) -> list[dict]:
    group = recording.one("network:FirewallPolicyRuleCollectionGroup").inputs
    return group["ruleCollections"]


def test_without_hosts_of_the_settings_there_is_no_collection_for_them():
    assert "settings" not in collections(network(Purpose.FIREWALL, Purpose.TRAINING))


def test_the_firewall_lets_training_reach_azure_machine_learning_and_no_storage():
    found = hosts(network(Purpose.FIREWALL, Purpose.TRAINING), "training")
    assert found >= {
        "login.microsoftonline.com",
        "management.azure.com",
        "ml.azure.com",
        "*.azureml.ms",
        "*.notebooks.azure.net",
        "*.westeurope.batch.azure.com",
        "mcr.microsoft.com",
        "*.data.mcr.microsoft.com",
    }
    # Any account of anybody's would be reachable by these.
    assert not [host for host in found if "core.windows.net" in host]


def test_telemetry_leaves_by_the_firewall_only_without_a_private_link():
    monitor = "dc.services.visualstudio.com"
    assert monitor not in hosts(network(Purpose.FIREWALL, Purpose.TRAINING), "training")
    public = network(Purpose.FIREWALL, Purpose.TRAINING, private_monitoring=False)
    assert monitor in hosts(public, "training")


def test_nodes_of_kubernetes_get_azures_own_list():
    recording = network(Purpose.FIREWALL, Purpose.AKS_NODES)
    rules = collections(recording)["aks-nodes"]
    tags = [rule["fqdnTags"] for rule in rules if "fqdnTags" in rule]
    assert tags == [["AzureKubernetesService"]]
    assert "westeurope.dp.kubernetesconfiguration.azure.com" in hosts(recording, "aks-nodes")


def test_every_rule_names_hosts_or_a_tag_and_never_both():
    for rules in collections(network(*Purpose)).values():
        assert all(("targetFqdns" in rule) != ("fqdnTags" in rule) for rule in rules)


def test_the_endpoint_policy_of_training_names_the_services_own_accounts_only():
    recording = network(Purpose.TRAINING)
    policy = recording.one("network:ServiceEndpointPolicy")
    (definition,) = policy.inputs["serviceEndpointPolicyDefinitions"]
    assert definition["service"] == "Global"
    assert definition["serviceResources"] == ["/services/Azure/MachineLearning"]
    training = subnet(recording, Purpose.TRAINING)
    assert training["serviceEndpoints"] == [{"service": "Microsoft.Storage"}]
    assert training["serviceEndpointPolicies"][0]["id"].endswith(policy.name)
    assert network().all("network:ServiceEndpointPolicy") == []
