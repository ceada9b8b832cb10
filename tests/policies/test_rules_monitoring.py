"""Rules for logs, Application Insights, alerts and Defender."""

import pytest

from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import defender, monitoring
from tests.policies.asking import UNKNOWN, Stack, ask, evaluate
from tests.policies.tables import Row, hold

WRITE, READ = "publicNetworkAccessForIngestion", "publicNetworkAccessForQuery"
MALWARE = "properties.malwareScanning.onUpload.isEnabled"
CLOSED = ["Disabled", "SecuredByPerimeter"]
ROWS = [
    Row(monitoring.in_a_workspace, "workspaceResourceId", ["/logs"], [""], FAIL, unknown=PASS),
    *(
        Row(monitoring.no_keys, "disableLocalAuth", [True, "true"], [False], FAIL, kind=kind)
        for kind in monitoring.COMPONENT
    ),
    *(
        Row(rule, path, CLOSED, ["Enabled", ""], FAIL, {other: "Disabled"})
        for rule in (monitoring.component_public_network_off, monitoring.logs_public_network_off)
        for path, other in ((WRITE, READ), (READ, WRITE))
    ),
    Row(monitoring.logs_no_keys, "features.disableLocalAuth", [True], [False], FAIL),
    Row(defender.plan_on, "pricingTier", ["Standard"], ["Free", ""], FAIL),
    Row(defender.storage_on, "properties.isEnabled", [True, "true"], [False], FAIL),
    Row(defender.storage_malware, MALWARE, [True], [False], FAIL, {"properties.isEnabled": True}),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row} {row.kind}")
def test_a_property_has_a_verdict_in_every_state(row):
    hold(row)


def test_plans_that_are_retired_may_be_off():
    for name in ("Dns", "kubernetesservice", "ContainerRegistry"):
        props = {"pricingName": name, "pricingTier": "Free"}
        assert evaluate(defender.plan_on, props) == PASS
        assert ask(defender.plan_on, props, retired=[]).outcome == FAIL
    assert evaluate(defender.plan_on, {"pricingName": UNKNOWN, "pricingTier": "Free"}) == UNDECIDED


def test_scanning_matters_where_defender_is_on():
    off = {"properties": {"isEnabled": False}}
    assert evaluate(defender.storage_malware, off) == NOT_APPLICABLE
    assert evaluate(defender.storage_malware, {}) == NOT_APPLICABLE
    unknown = {"properties": {"isEnabled": UNKNOWN}}
    assert evaluate(defender.storage_malware, unknown) == UNDECIDED


def test_plans_are_asked_for_once_in_a_stack():
    names = ["arm", "CloudPosture", "Containers", "KeyVaults", "StorageAccounts"]
    for given, verdict in ((names, PASS), (names[1:], FAIL), ([UNKNOWN, *names[1:]], UNDECIDED)):
        stack = Stack()
        for index, name in enumerate(given):
            stack.add(defender.PRICING, f"p{index}", {"pricingName": name})
        found = stack.ask(defender.plans_complete)
        assert found.pop("p0") == verdict
        assert set(found.values()) == {NOT_APPLICABLE}


GROUP = "network:NetworkSecurityGroup"
TYPE = "Microsoft.Network/networkSecurityGroups"


def alert(*leaves, **more):
    return {
        "condition": {"allOf": [{"field": "category", "equals": "Administrative"}, *leaves]}
    } | {
        "enabled": True,
        **more,
    }


def operation(name):
    return {"field": "operationName", "equals": f"{TYPE}/{name}"}


WHOLE = {"anyOf": [operation("write"), operation("delete")]}


@pytest.mark.parametrize(
    ("alerts", "verdict"),
    [
        ([], FAIL),
        ([alert(operation("write")), alert(operation("delete"))], PASS),
        ([alert(operation("write"))], FAIL),
        ([alert(WHOLE)], PASS),
        ([alert({"field": "operationname", "equals": f"{TYPE.upper()}/WRITE"})], FAIL),
        ([alert({"field": "resourceType", "equals": TYPE.lower()})], PASS),
        ([alert({"field": "resourceType", "containsAny": ["x", TYPE]})], PASS),
        ([alert(WHOLE, enabled=False)], FAIL),
        ([alert(WHOLE, enabled=None)], PASS),
        ([alert(WHOLE, enabled=UNKNOWN)], UNDECIDED),
        ([alert(UNKNOWN)], UNDECIDED),
        ([{"condition": UNKNOWN}], UNDECIDED),
        ([{}], FAIL),
    ],
)
def test_changes_of_the_guards_are_told(alerts, verdict):
    stack = Stack()
    stack.add(GROUP, "first", {})
    stack.add(GROUP, "second", {})
    for index, props in enumerate(alerts):
        stack.add(monitoring.ALERT[index % 2], f"a{index}", props)
    assert stack.ask(monitoring.alerts_on_changes) == {"first": verdict, "second": NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("category", "verdict"),
    [("ServiceHealth", PASS), ("servicehealth", PASS), ("Security", FAIL), (UNKNOWN, UNDECIDED)],
)
def test_problems_of_azure_are_told(category, verdict):
    stack = Stack()
    stack.add("resources:ResourceGroup", "a", {})
    stack.add("resources:ResourceGroup", "b", {})
    leaf = {"field": "category", "equals": category}
    stack.add(monitoring.ALERT[0], "alert", {"condition": {"allOf": [leaf]}})
    assert stack.ask(monitoring.service_health) == {"a": verdict, "b": NOT_APPLICABLE}


def test_a_copy_of_the_logs_stays_where_data_may_be():
    rule = monitoring.logs_replica_location
    copied = {"replication": {"enabled": True, "location": "North Europe"}}
    allowed = {"locations": ["northeurope"]}
    assert ask(rule, copied, **allowed).outcome == PASS
    assert ask(rule, copied, locations=["westeurope"]).outcome == FAIL
    assert ask(rule, copied).outcome == NOT_APPLICABLE
    for props, verdict in (
        ({}, NOT_APPLICABLE),
        ({"replication": None}, NOT_APPLICABLE),
        ({"replication": {"enabled": False, "location": "eastus"}}, NOT_APPLICABLE),
        ({"replication": {"enabled": True, "location": UNKNOWN}}, UNDECIDED),
        ({"replication": {"enabled": UNKNOWN, "location": "eastus"}}, UNDECIDED),
        ({"replication": UNKNOWN}, UNDECIDED),
    ):
        assert ask(rule, props, **allowed).outcome == verdict
