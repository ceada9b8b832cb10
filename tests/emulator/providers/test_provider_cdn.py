"""Front Door: profiles, endpoints, origins, routes and the firewall before them."""

import copy
from typing import Any

import pytest
from azure.mgmt.cdn import models

from emulator.arm.errors import ArmError
from tests.emulator.providers.world import located

PROFILE = "Microsoft.Cdn/profiles/afd"
ENDPOINT = f"{PROFILE}/afdEndpoints/flights"
GROUP = f"{PROFILE}/originGroups/flights"
ORIGIN = f"{GROUP}/origins/weu"
ROUTE = f"{ENDPOINT}/routes/all"
WAF = "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies/waf"
SECURITY = f"{PROFILE}/securityPolicies/waf"


def sku(name="Premium_AzureFrontDoor"):
    return {"location": "global", "sku": {"name": name}}


def twice(azure, path: str, body: dict[str, Any]) -> dict[str, Any]:
    first = azure.put(path, copy.deepcopy(body))
    assert azure.put(path, copy.deepcopy(body)) == first
    assert azure.get(path) == first
    return first


def group(**properties: object) -> dict[str, Any]:
    balancing = {"sampleSize": 4, "successfulSamplesRequired": 2}
    probe = {"probePath": "/health", "probeProtocol": "Https", "probeIntervalInSeconds": 30}
    needed = {"loadBalancingSettings": balancing, "healthProbeSettings": probe}
    return {"properties": needed | properties}


def origin(**properties: object) -> dict[str, Any]:
    return {"properties": {"hostName": "apim-weu.azure-api.net", "priority": 1} | properties}


def route(azure, **properties: object) -> dict[str, Any]:
    needed = {
        "originGroup": {"id": azure.id(GROUP)},
        "supportedProtocols": ["Https"],
        "forwardingProtocol": "HttpsOnly",
        "linkToDefaultDomain": "Enabled",
    }
    return {"properties": needed | properties}


def waf(mode="Prevention", name="Premium_AzureFrontDoor", **properties: object) -> dict[str, Any]:
    rules = {
        "ruleSetType": "Microsoft_DefaultRuleSet",
        "ruleSetVersion": "2.1",
        "ruleSetAction": "Block",
    }
    needed = {
        "policySettings": {"mode": mode},
        "managedRules": {"managedRuleSets": [rules]},
    }
    return {**sku(name), "properties": needed | properties}


def security(azure, policy=None, domain=None) -> dict[str, Any]:
    parameters = {
        "type": "WebApplicationFirewall",
        "wafPolicy": {"id": policy or azure.id(WAF)},
        "associations": [
            {"domains": [{"id": domain or azure.id(ENDPOINT)}], "patternsToMatch": ["/*"]}
        ],
    }
    return {"properties": {"parameters": parameters}}


@pytest.fixture
def front(azure):
    """A Front Door that leads to one origin."""
    azure.put(PROFILE, sku())
    azure.put(ENDPOINT, located("global"))
    azure.put(GROUP, group())
    azure.put(ORIGIN, origin())
    azure.put(ROUTE, route(azure))
    azure.put(WAF, waf())
    azure.put(SECURITY, security(azure))
    return azure


def test_front_door_reads_back(azure):
    profile = models.Profile(twice(azure, PROFILE, sku()))
    assert profile.sku.name == "Premium_AzureFrontDoor"
    assert profile.properties.front_door_id
    assert profile.properties.origin_response_timeout_seconds == 60
    endpoint = models.AFDEndpoint(twice(azure, ENDPOINT, located("global")))
    assert endpoint.properties.host_name.startswith("flights-")
    assert endpoint.properties.host_name.endswith(".azurefd.net")
    origins = models.AFDOriginGroup(twice(azure, GROUP, group())).properties
    assert origins.health_probe_settings.probe_request_type == "HEAD"
    assert origins.load_balancing_settings.sample_size == 4
    one = models.AFDOrigin(twice(azure, ORIGIN, origin())).properties
    assert (one.https_port, one.weight, one.enforce_certificate_name_check) == (443, 1000, True)
    way = models.Route(twice(azure, ROUTE, route(azure))).properties
    assert (way.supported_protocols, way.patterns_to_match) == (["Https"], ["/*"])
    assert (way.forwarding_protocol, way.https_redirect) == ("HttpsOnly", "Disabled")


def test_firewall_stands_before_its_domains(azure):
    azure.put(PROFILE, sku())
    azure.put(ENDPOINT, located("global"))
    policy = twice(azure, WAF, waf())
    assert policy["properties"]["policySettings"]["mode"] == "Prevention"
    assert policy["properties"]["policySettings"]["enabledState"] == "Enabled"
    shown = twice(azure, SECURITY, security(azure))
    found = models.SecurityPolicy(shown).properties.parameters
    assert found.waf_policy.id == azure.id(WAF)
    assert found.associations[0].domains[0].is_active
    assert azure.get(WAF)["properties"]["securityPolicyLinks"] == [{"id": azure.id(SECURITY)}]
    classic = "Microsoft.Cdn/cdnWebApplicationFirewallPolicies/waf"
    body = models.CdnWebApplicationFirewallPolicy(twice(azure, classic, waf()))
    assert body.properties.policy_settings.mode == "Prevention"


def test_names_of_hosts_do_not_change(front):
    host = front.get(ENDPOINT)["properties"]["hostName"]
    front.put(ENDPOINT, {**located("global", enabledState="Disabled"), "tags": {"a": "b"}})
    assert front.get(ENDPOINT)["properties"]["hostName"] == host


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (PROFILE, sku("Standard_Microsoft")),
        (PROFILE, {"location": "westeurope", "sku": {"name": "Premium_AzureFrontDoor"}}),
        (PROFILE, sku("Standard_AzureFrontDoor")),
        (PROFILE, {**sku(), "properties": {"originResponseTimeoutSeconds": 5}}),
        (ENDPOINT, located("global", enabledState="Perhaps")),
        (ENDPOINT, located("global", autoGeneratedDomainNameLabelScope="NoReuse")),
        (GROUP, {"properties": {}}),
        (GROUP, group(loadBalancingSettings={"sampleSize": 2, "successfulSamplesRequired": 3})),
        (GROUP, group(healthProbeSettings={"probePath": "health"})),
        (GROUP, group(healthProbeSettings={"probeProtocol": "Smoke"})),
        (ORIGIN, {"properties": {}}),
        (ORIGIN, origin(hostName="https://here/")),
        (ORIGIN, origin(priority=6)),
        (ORIGIN, origin(weight=0)),
        (ORIGIN, origin(sharedPrivateLinkResource={"privateLink": {"id": "/nothing"}})),
        (WAF, waf(mode="Hope")),
        (WAF, waf(customRules={"rules": [{"priority": 1, "action": "Block"}]})),
        (WAF, waf(managedRules={"managedRuleSets": [{"ruleSetType": "Mine"}]})),
        (WAF, waf(name="Standard_AzureFrontDoor")),
    ],
)
def test_what_azure_refuses_is_refused(front, path, body):
    assert front.refuses(path, body).status in {400, 409}


@pytest.mark.parametrize(
    "change",
    [
        {"originGroup": {"id": "/nothing"}},
        {"patternsToMatch": ["all"]},
        {"supportedProtocols": ["Carrier pigeon"]},
        {"forwardingProtocol": "Slowly"},
        {"httpsRedirect": "Enabled"},
        {"linkToDefaultDomain": "Disabled"},
        {"customDomains": [{"id": "/nothing"}]},
    ],
)
def test_bad_route_is_refused(front, change):
    front.refuses(ROUTE, route(front, **change))


def test_route_needs_an_origin_and_paths_of_its_own(front):
    front.put(f"{PROFILE}/originGroups/empty", group())
    empty = {"id": front.id(f"{PROFILE}/originGroups/empty")}
    refusal = front.refuses(f"{ENDPOINT}/routes/b", route(front, originGroup=empty))
    assert "has no origins" in refusal.message
    assert front.refuses(f"{ENDPOINT}/routes/b", route(front)).code == "Conflict"
    front.put(f"{ENDPOINT}/routes/b", route(front, patternsToMatch=["/b/*"]))


def test_firewall_policy_has_the_sku_of_its_profile(front):
    other = "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies/standard"
    front.put(other, waf(name="Standard_AzureFrontDoor", managedRules={"managedRuleSets": []}))
    front.refuses(SECURITY, security(front, policy=front.id(other)))
    front.refuses(SECURITY, security(front, policy="/nothing"))
    front.refuses(SECURITY, security(front, domain="/nothing"))
    assert front.refuses(f"{PROFILE}/securityPolicies/b", security(front)).code == "Conflict"


def test_what_is_used_stays(front):
    for path in (WAF, GROUP):
        with pytest.raises(ArmError) as refusal:
            front.delete(path)
        assert refusal.value.code == "Conflict"
    front.delete(SECURITY)
    assert front.delete(WAF)


def test_domain_of_ones_own(front):
    path = f"{PROFILE}/customDomains/flights"
    body = {"properties": {"hostName": "flights.example.org"}}
    found = models.AFDDomain(twice(front, path, body)).properties
    assert found.tls_settings.minimum_tls_version == "TLS12"
    assert found.domain_validation_state == "Pending"
    assert front.refuses(path, {"properties": {"hostName": "b.example.org"}}).status == 409
    front.put(ROUTE, route(front, customDomains=[{"id": front.id(path)}]))
