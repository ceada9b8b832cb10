"""The global front end: private from the edge to the endpoint, and a region after the other."""

import json
from xml.etree import ElementTree as ET

import pytest

from infra.__main__ import main
from infra.components import gateway_policies
from tests.infra.recorder import TENANT, Recording, record
from tests.infra.stacks import PROJECT, stack_config
from tests.infra.test_kubernetes import LITTLE
from tests.infra.test_settings_mistakes import mistakes, settings

FRONT = {"enabled": True, "contact": "ml-platform@example.com"}
TASKS = ["flights", "delays"]


def parsed(policy: str) -> ET.Element:
    return ET.fromstring(policy)  # noqa: S314 - the text is our own


def found(root: ET.Element, path: str) -> ET.Element:
    element = root.find(path)
    assert element is not None, path
    return element


def two_regions(**front: object) -> Recording:
    keys = {
        **LITTLE,
        "regions": ["westeurope", "northeurope"],
        "serving": {"online": TASKS, "front_door": FRONT | front},
    }
    given = {f"{PROJECT}:{key}": json.dumps(value) for key, value in keys.items()}
    return record(main, config={**stack_config("dev"), **given})


@pytest.fixture(scope="module")
def made() -> Recording:
    return two_regions()


@pytest.fixture(scope="module")
def own() -> Recording:
    """With a host name of our own, after the links were approved."""
    return two_regions(host="models.example.com", links_approved=True, requests_per_minute=50)


def test_without_the_setting_there_is_neither_front_door_nor_gateway(dev):
    kinds = ("cdn:", "frontdoor:", "apimanagement:")
    assert not [r for r in dev.azure if any(kind in r.type for kind in kinds)]
    assert "front_door_host" not in dev.outputs


def test_an_environment_has_one_front_door_and_a_gateway_in_each_region(made):
    assert len(made.all("cdn:Profile")) == len(made.all("frontdoor:Policy")) == 1
    gateways = made.all("apimanagement:ApiManagementService")
    assert {g.inputs["location"] for g in gateways} == {"westeurope", "northeurope"}
    assert len({g.inputs["serviceName"] for g in gateways}) == 2


def test_requests_go_to_the_regions_in_the_order_of_the_settings(made):
    for task in TASKS:
        order = {
            r.inputs["originName"]: r.inputs["priority"]
            for r in made.all("cdn:AFDOrigin")
            if r.inputs["originGroupName"] == task
        }
        assert order == {"westeurope": 1, "northeurope": 2}


def test_each_task_is_probed_and_moves_by_itself(made):
    paths = {
        r.inputs["originGroupName"]: r.inputs["healthProbeSettings"]["probePath"]
        for r in made.all("cdn:AFDOriginGroup")
    }
    assert paths == {task: f"/{task}/health" for task in TASKS}


def test_front_door_reaches_gateways_by_private_links_only(made):
    gateways = {
        f"/id/apimanagement:ApiManagementService/{r.name}"
        for r in made.all("apimanagement:ApiManagementService")
    }
    links = [r.inputs["sharedPrivateLinkResource"] for r in made.all("cdn:AFDOrigin")]
    assert {link["privateLink"]["id"] for link in links} == gateways
    assert {link["groupId"] for link in links} == {"Gateway"}
    assert all(r.inputs["enforceCertificateNameCheck"] for r in made.all("cdn:AFDOrigin"))


def test_a_gateway_calls_endpoints_from_a_subnet_of_its_own(made):
    gateway = made.one("apimanagement:ApiManagementService", "gateway-weu").inputs
    assert gateway["virtualNetworkConfiguration"] == {
        "subnetResourceId": "/id/network:Subnet/network-weu-api-gateway"
    }
    subnet = made.one("network:Subnet", "network-weu-api-gateway").inputs
    assert subnet["delegations"][0]["serviceName"] == "Microsoft.Web/serverFarms"
    api = made.one("apimanagement:Api", "gateway-weu-flights").inputs
    endpoint = made.one("machinelearningservices:OnlineEndpoint", "endpoint-flights-weu").inputs
    host = f"{endpoint['endpointName']}.westeurope.inference.ml.azure.com"
    assert api["serviceUrl"] == f"https://{host}"


def test_a_gateway_has_no_keys_no_identity_and_no_portal(made):
    for gateway in made.all("apimanagement:ApiManagementService"):
        assert "identity" not in gateway.inputs
        assert gateway.inputs["developerPortalStatus"] == "Disabled"
    assert not any(api.inputs["subscriptionRequired"] for api in made.all("apimanagement:Api"))
    assert all(api.inputs["protocols"] == ["https"] for api in made.all("apimanagement:Api"))


def test_the_public_address_closes_when_the_links_are_approved(made, own):
    def access(recording: Recording) -> set[str]:
        gateways = recording.all("apimanagement:ApiManagementService")
        return {g.inputs["publicNetworkAccess"] for g in gateways}

    assert access(made) == {"Enabled"}
    assert access(own) == {"Disabled"}


def test_no_api_is_there_before_the_rule_that_refuses_the_public_address(made):
    for api in made.all("apimanagement:Api"):
        assert any("apimanagement:Policy" in urn for urn in api.depends_on)


def test_the_firewall_blocks_attacks_bots_and_too_many_requests(own):
    policy = own.one("frontdoor:Policy").inputs
    (often,) = policy["customRules"]["rules"]
    sets = policy["managedRules"]["managedRuleSets"]
    assert policy["policySettings"]["mode"] == "Prevention"
    assert {s["ruleSetType"] for s in sets} == {
        "Microsoft_DefaultRuleSet",
        "Microsoft_BotManagerRuleSet",
    }
    assert {s["ruleSetAction"] for s in sets} == {"Block"}
    assert (often["ruleType"], often["rateLimitThreshold"]) == ("RateLimitRule", 50)
    assert often["action"] == "Block"


def test_the_firewall_stands_before_every_host_and_before_any_route(own):
    guard = own.one("cdn:SecurityPolicy")
    (association,) = guard.inputs["parameters"]["associations"]
    assert {d["id"] for d in association["domains"]} == {
        "/id/cdn:AFDEndpoint/front-door",
        "/id/cdn:AFDCustomDomain/front-door",
    }
    for route in own.all("cdn:Route"):
        assert any("cdn:SecurityPolicy" in urn for urn in route.depends_on)


def test_only_scoring_over_tls_passes(made):
    for route in made.all("cdn:Route"):
        task = route.inputs["routeName"]
        assert route.inputs["patternsToMatch"] == [f"/{task}/score"]
        assert route.inputs["supportedProtocols"] == ["Https"]
        assert route.inputs["forwardingProtocol"] == "HttpsOnly"
        assert "cacheConfiguration" not in route.inputs


def test_a_host_of_our_own_replaces_azures(own, made):
    domain = own.one("cdn:AFDCustomDomain").inputs
    assert domain["tlsSettings"] == {
        "certificateType": "ManagedCertificate",
        "minimumTlsVersion": "TLS12",
    }
    assert {r.inputs["linkToDefaultDomain"] for r in own.all("cdn:Route")} == {"Disabled"}
    assert {r.inputs["linkToDefaultDomain"] for r in made.all("cdn:Route")} == {"Enabled"}


def test_gateways_and_front_door_say_what_happened(made):
    names = {s.name for s in made.all("monitor:DiagnosticSetting")}
    assert {"logs-front-door", "logs-gateway-weu", "logs-gateway-neu"} <= names


@pytest.mark.parametrize(
    "policy",
    [
        gateway_policies.whole_gateway(),
        gateway_policies.score("flights", TENANT),
        gateway_policies.health("flights", "https://flights.example.com"),
    ],
)
def test_policies_have_the_four_sections_that_azure_reads(policy):
    root = parsed(policy)
    assert root.tag == "policies"
    assert [section.tag for section in root] == ["inbound", "backend", "outbound", "on-error"]


def test_who_does_not_come_by_a_private_link_is_refused_first():
    root = parsed(gateway_policies.whole_gateway())
    first = found(root, "inbound")[0]
    assert found(first, "when").get("condition") == (
        "@(context.Request.PrivateEndpointConnection == null)"
    )
    assert found(first, "when/return-response/set-status").get("code") == "403"


def test_callers_need_a_token_of_the_tenant_for_the_service():
    check = found(
        parsed(gateway_policies.score("flights", TENANT)), "inbound/validate-azure-ad-token"
    )
    assert check.get("tenant-id") == TENANT
    assert {a.text for a in check.iter("audience")} == {
        "https://ml.azure.com",
        "https://ml.azure.com/",
    }


def test_a_failure_of_one_task_says_nothing_about_another():
    marks = {
        task: {
            element.get("key")
            for policy in (
                gateway_policies.score(task, TENANT),
                gateway_policies.health(task, "https://e.example.com"),
            )
            for element in parsed(policy).iter()
            if element.tag.startswith("cache-")
        }
        for task in TASKS
    }
    assert marks == {"flights": {"sick-flights"}, "delays": {"sick-delays"}}


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ({"serving": {"front_door": {"enabled": True}}}, "front_door.contact"),
        ({"serving": {"online": [], "front_door": FRONT}}, "front_door.enabled"),
        (
            {"regions": ["spaincentral"], "serving": {"front_door": FRONT}},
            "front_door.link_locations.spaincentral",
        ),
        (
            {
                "regions": ["westeurope", "northeurope", "uksouth", "eastus", "eastus2", "westus3"],
                "serving": {"front_door": FRONT},
            },
            "regions",
        ),
    ],
)
def test_a_front_door_that_cannot_work_is_refused_with_its_key(keys, where):
    (mistake,) = mistakes(**keys)
    assert where in mistake


def test_a_region_without_links_borrows_its_neighbours():
    front = FRONT | {"link_locations": {"spaincentral": "francecentral"}}
    borrowed = settings(regions=["spaincentral"], serving={"front_door": front})
    assert borrowed.serving.front_door.link_locations == {"spaincentral": "francecentral"}
