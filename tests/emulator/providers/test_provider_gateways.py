"""Ways in and out of networks: Bastion, VPN, firewall, resolvers, policies of service endpoints."""

import copy
from typing import Any

import pytest
from azure.mgmt.network import models

from emulator.arm.errors import ArmError
from tests.emulator.providers.world import TENANT, located

VNET = "Microsoft.Network/virtualNetworks/vnet"
BASTION = "Microsoft.Network/bastionHosts/bas"
VPN = "Microsoft.Network/virtualNetworkGateways/vpn"
FIREWALL = "Microsoft.Network/azureFirewalls/afw"
POLICY = "Microsoft.Network/firewallPolicies/afwp"
RULES = f"{POLICY}/ruleCollectionGroups/egress"
RESOLVER = "Microsoft.Network/dnsResolvers/dnspr"
INBOUND = f"{RESOLVER}/inboundEndpoints/clients"
ENDPOINTS = "Microsoft.Network/serviceEndpointPolicies/sep"
LOG = "Microsoft.Network/networkWatchers/NetworkWatcher_westeurope/flowLogs/log"
ALIAS = "/services/Azure/MachineLearning"


def twice(azure, path: str, body: dict[str, Any]) -> dict[str, Any]:
    first = azure.put(path, copy.deepcopy(body))
    assert azure.put(path, copy.deepcopy(body)) == first
    assert azure.get(path) == first
    return first


def subnet(azure, name: str, prefix: str, **properties: object) -> str:
    if azure.store.get(azure.id(VNET)) is None:
        azure.network()
    body = {"properties": {"addressPrefix": prefix} | properties}
    return azure.put(f"{VNET}/subnets/{name}", body)["id"]


def address(azure, name="pip", sku="Standard") -> str:
    body = {**located(), "sku": {"name": sku}}
    return azure.put(f"Microsoft.Network/publicIPAddresses/{name}", body)["id"]


def placed(subnet_id: str, address_id: str, **properties: object) -> dict[str, Any]:
    part = {"subnet": {"id": subnet_id}, "publicIPAddress": {"id": address_id}}
    return located(ipConfigurations=[{"name": "default", "properties": part}], **properties)


def standing(azure, name: str, prefix: str, **properties: object) -> dict[str, Any]:
    return placed(subnet(azure, name, prefix), address(azure), **properties)


def bastion(azure, prefix="10.0.0.0/26", name="AzureBastionSubnet", sku="Standard", **more):
    return {**standing(azure, name, prefix, **more), "sku": {"name": sku}}


def test_bastion_reads_back(azure):
    found = models.BastionHost(twice(azure, BASTION, bastion(azure, enableTunneling=True)))
    assert found.properties.dns_name.endswith(".bastion.azure.com")
    assert (found.sku.name, found.properties.scale_units) == ("Standard", 2)
    assert found.properties.enable_tunneling
    assert not found.properties.enable_shareable_link
    with pytest.raises(ArmError, match="allocated to resource"):
        azure.delete("Microsoft.Network/publicIPAddresses/pip")
    with pytest.raises(ArmError, match="in use by"):
        azure.delete(f"{VNET}/subnets/AzureBastionSubnet")
    assert azure.delete(BASTION)
    assert azure.delete(f"{VNET}/subnets/AzureBastionSubnet")


@pytest.mark.parametrize(
    "change",
    [
        {"prefix": "10.0.0.0/27"},
        {"name": "bastion"},
        {"sku": "Gold"},
        {"sku": "Basic", "enableTunneling": True},
        {"scaleUnits": 51},
        {"enableSessionRecording": True},
    ],
)
def test_bad_bastion_is_refused(azure, change):
    azure.refuses(BASTION, bastion(azure, **change))


def test_bastion_wants_an_address_of_its_own(azure):
    body = bastion(azure)
    azure.put(BASTION, body)
    azure.refuses("Microsoft.Network/bastionHosts/other", body)
    basic = address(azure, "basic", "Basic")
    part = subnet(azure, "AzureBastionSubnet", "10.0.0.0/26")
    azure.refuses(BASTION, {**placed(part, basic), "sku": {"name": "Standard"}})


def vpn(azure, *, sku="VpnGw1AZ", space="172.20.0.0/24", subnet_name="GatewaySubnet", **clients):
    entra = {
        "vpnClientAddressPool": {"addressPrefixes": [space]},
        "vpnClientProtocols": ["OpenVPN"],
        "vpnAuthenticationTypes": ["AAD"],
        "aadTenant": f"https://login.microsoftonline.com/{TENANT}/",
        "aadAudience": "c632b3df-fb67-4d84-bdcf-b95ad541b5c8",
        "aadIssuer": f"https://sts.windows.net/{TENANT}/",
    }
    return standing(
        azure,
        subnet_name,
        "10.0.0.0/27",
        gatewayType="Vpn",
        vpnType="RouteBased",
        sku={"name": sku, "tier": sku},
        vpnClientConfiguration=entra | clients,
    )


def test_vpn_takes_the_sign_in_of_entra(azure):
    found = models.VirtualNetworkGateway(twice(azure, VPN, vpn(azure))).properties
    clients = found.vpn_client_configuration
    assert clients.vpn_authentication_types == ["AAD"]
    assert clients.aad_issuer == f"https://sts.windows.net/{TENANT}/"
    assert (found.active_active, found.vpn_gateway_generation) == (False, "Generation1")


@pytest.mark.parametrize(
    "change",
    [
        {"sku": "VpnGw9"},
        {"sku": "Basic"},
        {"space": "10.0.9.0/24"},
        {"subnet_name": "gateway"},
        {"vpnClientProtocols": ["OpenVPN", "IkeV2"]},
        {"vpnAuthenticationTypes": ["Certificate"]},
        {"vpnAuthenticationTypes": ["Password"]},
        {"aadTenant": "contoso.onmicrosoft.com"},
        {"aadIssuer": f"https://sts.windows.net/{TENANT}"},
        {"aadAudience": "vpn"},
    ],
)
def test_bad_vpn_is_refused(azure, change):
    azure.refuses(VPN, vpn(azure, **change))


def rules(priority=200, **rule: object) -> dict[str, Any]:
    one = {
        "ruleType": "ApplicationRule",
        "name": "sign-in",
        "sourceAddresses": ["10.0.1.0/24"],
        "targetFqdns": ["login.microsoftonline.com"],
        "protocols": [{"protocolType": "Https", "port": 443}],
    }
    collection = {
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
        "name": "training",
        "priority": 200,
        "action": {"type": "Allow"},
        "rules": [one | rule],
    }
    return {"properties": {"priority": priority, "ruleCollections": [collection]}}


def firewall(azure, prefix="10.0.0.0/26", name="AzureFirewallSubnet", tier="Standard"):
    return standing(
        azure,
        name,
        prefix,
        sku={"name": "AZFW_VNet", "tier": tier},
        firewallPolicy={"id": azure.id(POLICY)},
    )


def test_routes_lead_to_the_firewalls_address(azure):
    twice(azure, POLICY, located(sku={"tier": "Standard"}, threatIntelMode="Deny"))
    group = models.FirewallPolicyRuleCollectionGroup(twice(azure, RULES, rules()))
    assert group.properties.rule_collections[0].rules[0].target_fqdns
    found = models.AzureFirewall(twice(azure, FIREWALL, firewall(azure))).properties
    assert found.ip_configurations[0].properties.private_ip_address == "10.0.0.4"
    assert found.sku.tier == "Standard"
    policy = azure.get(POLICY)["properties"]
    assert policy["firewalls"] == [{"id": azure.id(FIREWALL)}]
    assert policy["ruleCollectionGroups"] == [{"id": azure.id(RULES)}]
    with pytest.raises(ArmError, match="in use by"):
        azure.delete(POLICY)


def test_bad_firewall_is_refused(azure):
    azure.refuses(FIREWALL, firewall(azure))
    azure.put(POLICY, located(sku={"tier": "Premium"}))
    azure.refuses(FIREWALL, firewall(azure))
    azure.put(FIREWALL, firewall(azure, tier="Premium"))
    other = "Microsoft.Network/azureFirewalls/other"
    azure.refuses(other, firewall(azure, tier="Premium"))
    small = subnet(azure, "small", "10.0.7.0/26")
    azure.refuses(other, placed(small, address(azure, "two")))


@pytest.mark.parametrize(
    "change",
    [
        {"priority": 99},
        {"ruleType": "NatRule"},
        {"sourceAddresses": []},
        {"sourceAddresses": ["10.0.0.1/24"]},
        {"targetFqdns": []},
        {"targetFqdns": ["https://here/"]},
        {"protocols": []},
        {"protocols": [{"protocolType": "Ftp", "port": 21}]},
        {"name": ""},
    ],
)
def test_bad_rule_of_a_firewall_is_refused(azure, change):
    azure.put(POLICY, located())
    azure.refuses(RULES, rules(**change))


def test_groups_of_a_policy_have_their_own_priorities(azure):
    azure.put(POLICY, located())
    azure.put(RULES, rules())
    azure.refuses(f"{POLICY}/ruleCollectionGroups/other", rules())


def delegated(service="Microsoft.Network/dnsResolvers") -> list[dict[str, Any]]:
    return [{"name": "service", "properties": {"serviceName": service}}]


def resolver(azure) -> dict[str, Any]:
    return located(virtualNetwork={"id": azure.id(VNET)})


def inbound(subnet_id: str, fixed: str | None = None) -> dict[str, Any]:
    part: dict[str, Any] = {"subnet": {"id": subnet_id}}
    if fixed is not None:
        part |= {"privateIpAllocationMethod": "Static", "privateIpAddress": fixed}
    return located(ipConfigurations=[part])


def test_resolver_answers_at_an_address_of_its_subnet(azure):
    home = subnet(azure, "dns", "10.0.3.0/28", delegations=delegated())
    shown = twice(azure, RESOLVER, resolver(azure))["properties"]
    assert shown["dnsResolverState"] == "Connected"
    made = twice(azure, INBOUND, inbound(home, "10.0.3.4"))["properties"]["ipConfigurations"]
    assert made[0]["privateIpAddress"] == "10.0.3.4"
    azure.refuses(f"{RESOLVER}/inboundEndpoints/second", inbound(home))
    azure.refuses("Microsoft.Network/dnsResolvers/second", resolver(azure))
    with pytest.raises(ArmError, match="Delete that first"):
        azure.delete(RESOLVER)
    azure.delete(INBOUND)
    dynamic = azure.put(INBOUND, inbound(home))["properties"]["ipConfigurations"]
    assert dynamic[0]["privateIpAllocationMethod"] == "Dynamic"


def test_bad_place_of_a_resolver_is_refused(azure):
    azure.network()
    azure.put(RESOLVER, resolver(azure))
    plain = subnet(azure, "plain", "10.0.3.0/28")
    foreign = subnet(azure, "foreign", "10.0.4.0/28", delegations=delegated("Microsoft.Web/a"))
    home = subnet(azure, "dns", "10.0.5.0/28", delegations=delegated())
    for body in (inbound(plain), inbound(foreign), inbound(home, "10.0.6.4"), located()):
        azure.refuses(INBOUND, body)
    azure.refuses(
        f"{VNET}/subnets/x",
        {
            "properties": {"addressPrefix": "10.0.8.0/28"}
            | {"delegations": [{"name": "service", "properties": {}}]}
        },
    )


def definition(*resources: str, service="Global") -> dict[str, Any]:
    given = {"service": service, "serviceResources": list(resources)}
    return located(serviceEndpointPolicyDefinitions=[{"name": "ml", "properties": given}])


def test_service_endpoints_lead_to_what_a_policy_names(azure):
    found = models.ServiceEndpointPolicy(twice(azure, ENDPOINTS, definition(ALIAS)))
    listed = found.properties.service_endpoint_policy_definitions
    assert listed[0].properties.service_resources == [ALIAS]
    one = {"serviceEndpointPolicies": [{"id": azure.id(ENDPOINTS)}]}
    body = {"properties": {"addressPrefix": "10.0.1.0/24"} | one}
    azure.network()
    azure.refuses(f"{VNET}/subnets/training", body)
    wanted = {"serviceEndpoints": [{"service": "Microsoft.Storage"}]}
    used = subnet(azure, "training", "10.0.1.0/24", **one, **wanted)
    assert azure.get(ENDPOINTS)["properties"]["subnets"] == [{"id": used}]
    with pytest.raises(ArmError, match="in use by"):
        azure.delete(ENDPOINTS)
    ghost = {"serviceEndpointPolicies": [{"id": f"{azure.id(ENDPOINTS)}x"}]}
    body = {"properties": {"addressPrefix": "10.0.2.0/24"} | ghost | wanted}
    azure.refuses(f"{VNET}/subnets/other", body)


@pytest.mark.parametrize(
    "body",
    [
        definition("/services/Azure/Everything"),
        definition("/nothing", service="Microsoft.Storage"),
        definition(ALIAS, service="Microsoft.Sql"),
        definition(),
    ],
)
def test_bad_policy_of_service_endpoints_is_refused(azure, body):
    azure.refuses(ENDPOINTS, body)


def test_account_of_a_policy_is_there(azure):
    azure.put(ENDPOINTS, definition(azure.account()["id"], service="Microsoft.Storage"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("AzureFirewallSubnet", "networkSecurityGroups"),
        ("AzureBastionSubnet", "routeTables"),
    ],
)
def test_reserved_subnets_take_not_everything(azure, name, kind):
    thing = azure.put(f"Microsoft.Network/{kind}/thing", located())["id"]
    azure.network()
    key = kind.removesuffix("s")
    body = {"properties": {"addressPrefix": "10.0.1.0/26", key: {"id": thing}}}
    azure.refuses(f"{VNET}/subnets/{name}", body)
    azure.put(f"{VNET}/subnets/plain", body)


def test_interfaces_and_endpoints_share_the_addresses_of_a_subnet(azure):
    home = azure.subnet("10.0.1.0/29")["id"]
    nic = "Microsoft.Network/networkInterfaces/nic"
    part = {"name": "default", "properties": {"subnet": {"id": home}}}
    found = models.NetworkInterface(twice(azure, nic, located(ipConfigurations=[part])))
    assert found.properties.ip_configurations[0].properties.private_ip_address == "10.0.1.4"
    assert found.properties.mac_address
    endpoint = azure.endpoint(azure.account()["id"], "blob")["properties"]
    assert endpoint["customDnsConfigs"][0]["ipAddresses"] == ["10.0.1.5"]
    azure.refuses(nic, located(ipConfigurations=[]))


def test_flow_log_records_one_network(azure):
    home = azure.network()["id"]
    account = azure.account()["id"]
    group = f"{azure.id('x').split('/resourceGroups/')[0]}/resourceGroups/NetworkWatcherRG"
    path = f"{group}/providers/{LOG}"
    logs = azure.put("Microsoft.OperationalInsights/workspaces/logs-mlops", located())["id"]
    analytics = {
        "networkWatcherFlowAnalyticsConfiguration": {"enabled": True, "workspaceResourceId": logs}
    }
    body = located(targetResourceId=home, storageId=account, flowAnalyticsConfiguration=analytics)
    found = models.FlowLog(twice(azure, path, body)).properties
    assert (found.enabled, found.format.version) == (True, 2)
    inner = found.flow_analytics_configuration.network_watcher_flow_analytics_configuration
    assert inner.traffic_analytics_interval == 60
    assert inner.workspace_region == "westeurope"
    azure.refuses(f"{path}-2", body)
    for change in ({"storageId": f"{account}x"}, {"targetResourceId": f"{home}x"}):
        azure.refuses(f"{path}-3", located(**(body["properties"] | change)))
    analytics["networkWatcherFlowAnalyticsConfiguration"]["workspaceResourceId"] = f"{logs}x"
    azure.refuses(path, body)


def test_routes_name_ranges_and_service_tags(azure):
    path = "Microsoft.Network/routeTables/rt"

    def table(prefix: str) -> dict[str, Any]:
        hop = {"addressPrefix": prefix, "nextHopType": "Internet"}
        return located(routes=[{"name": "r", "properties": hop}])

    for prefix in ("0.0.0.0/0", "AzureMachineLearning", "BatchNodeManagement.westeurope"):
        twice(azure, path, table(prefix))
    for prefix in ("10.0.0.1/24", "not a tag", ""):
        azure.refuses(path, table(prefix))
