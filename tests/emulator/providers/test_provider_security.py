"""Defender's plans and contacts, and the policies that are assigned."""

import copy
from typing import Any

import pytest
from azure.mgmt.security import models

from tests.emulator.providers.world import GROUP, SUBSCRIPTION

SECURITY = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Security"
CONTACT = f"{SECURITY}/securityContacts/default"
ASSIGNMENT = f"{GROUP}/providers/Microsoft.Authorization/policyAssignments/p"
BUILT_IN = "/providers/Microsoft.Authorization/policyDefinitions"
AUDIT = f"{BUILT_IN}/438c38d2-3772-465a-a9cc-7a6666a275ce"
DEPLOY = f"{BUILT_IN}/7838fd83-5cbb-4b5d-888c-bfa240972597"


def plan(name: str) -> str:
    return f"{SECURITY}/pricings/{name}"


def twice(azure, path: str, body: dict[str, Any]) -> dict[str, Any]:
    first = azure.put(path, copy.deepcopy(body))
    assert azure.put(path, copy.deepcopy(body)) == first
    assert azure.get(path) == first
    return first


def bought(*extensions: str, **properties: object) -> dict[str, Any]:
    listed = [{"name": name, "isEnabled": "True"} for name in extensions]
    return {"properties": {"pricingTier": "Standard", "extensions": listed} | properties}


def test_plans_read_back(azure):
    body = bought("OnUploadMalwareScanning", "SensitiveDataDiscovery")
    cap = {"CapGBPerMonthPerStorageAccount": "500"}
    body["properties"]["extensions"][0]["additionalExtensionProperties"] = cap
    found = models.Pricing.deserialize(twice(azure, plan("StorageAccounts"), body))
    assert (found.pricing_tier, found.sub_plan) == ("Standard", "DefenderForStorageV2")
    assert found.extensions[0].additional_extension_properties == cap
    assert found.enablement_time is not None
    twice(azure, plan("KeyVaults"), bought(subPlan="PerKeyVault"))
    twice(azure, plan("CloudPosture"), bought("AgentlessVmScanning"))
    free = twice(azure, plan("Arm"), {"properties": {"pricingTier": "Free"}})
    assert "subPlan" not in free["properties"]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("Everything", bought()),
        ("Arm", {"properties": {}}),
        ("Arm", bought(pricingTier="Gold")),
        ("Arm", bought(subPlan="PerKeyVault")),
        ("Containers", bought(subPlan="P1")),
        ("Containers", bought("OnUploadMalwareScanning")),
        ("Containers", bought("ContainerSensor", "ContainerSensor")),
        ("Containers", bought("ContainerSensor", pricingTier="Free")),
        ("Containers", bought(extensions=[{"name": "ContainerSensor", "isEnabled": "yes"}])),
    ],
)
def test_bad_plan_is_refused(azure, name, body):
    assert azure.refuses(plan(name), body).status == 400


def test_plans_are_a_subscriptions(azure):
    azure.refuses(f"{GROUP}/providers/Microsoft.Security/pricings/Arm", bought())


def contact(**properties: object) -> dict[str, Any]:
    sources = [
        {"sourceType": "Alert", "minimalSeverity": "Medium"},
        {"sourceType": "AttackPath", "minimalRiskLevel": "High"},
    ]
    given = {"emails": "a@example.org;b@example.org", "notificationsSources": sources}
    return {"properties": given | properties}


def test_contact_reads_back(azure):
    shown = twice(azure, CONTACT, contact())["properties"]
    assert shown["isEnabled"] is True
    assert shown["notificationsByRole"] == {"state": "On", "roles": ["Owner"]}
    azure.refuses(f"{SECURITY}/securityContacts/other", contact())
    off = {"state": "Off", "roles": []}
    for change in (
        {"emails": "somebody"},
        {"emails": "", "notificationsByRole": off},
        {"notificationsByRole": {"state": "On", "roles": ["King"]}},
        {"notificationsSources": [{"sourceType": "Rumour"}]},
        {"notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "Some"}]},
    ):
        azure.refuses(CONTACT, contact(**change))


def assigned(definition: str, **more: object) -> dict[str, Any]:
    parameters = {"effect": {"value": "Audit"}}
    return {"properties": {"policyDefinitionId": definition, "parameters": parameters}, **more}


def test_assignments_name_policies_that_are_there(azure):
    shown = twice(azure, ASSIGNMENT, assigned(AUDIT))
    assert shown["properties"]["policyDefinitionId"] == AUDIT
    other = f"{ASSIGNMENT}-2"
    ghost = f"{BUILT_IN}/00000000-0000-0000-0000-000000000000"
    assert azure.refuses(other, assigned(ghost)).code == "PolicyDefinitionNotFound"
    bare = assigned(AUDIT)
    bare["properties"]["parameters"] = {"effect": "Audit"}
    azure.refuses(other, bare)


def test_policies_that_change_things_need_an_identity(azure):
    assert azure.refuses(ASSIGNMENT, assigned(DEPLOY)).code == "ResourceIdentityRequired"
    identity = {"type": "SystemAssigned"}
    assert azure.refuses(ASSIGNMENT, assigned(DEPLOY, identity=identity)).code == "LocationRequired"
    shown = azure.put(ASSIGNMENT, assigned(DEPLOY, identity=identity, location="westeurope"))
    assert shown["identity"]["principalId"]


def test_a_definition_of_ones_own_can_be_assigned(azure):
    own = f"/subscriptions/{SUBSCRIPTION}{BUILT_IN}/tags"
    rule = {"if": {"field": "tags", "exists": "false"}, "then": {"effect": "modify"}}
    azure.put(own, {"properties": {"policyRule": rule}})
    assert azure.refuses(ASSIGNMENT, assigned(own)).code == "ResourceIdentityRequired"
