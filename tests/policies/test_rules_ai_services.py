"""Rules for AI services, AI Search, Databricks and the extension for machine learning."""

import pytest

from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import cognitive_services as ai
from policies.rules import kubernetes_addons
from policies.rules import search_and_databricks as others
from tests.policies.asking import UNKNOWN, ask, evaluate
from tests.policies.tables import Row, hold

ACCESS, ACLS = "properties.publicNetworkAccess", "properties.networkAcls.defaultAction"
IDENTITY = (["SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned"], ["None", ""])
OPENAI = {"kind": "OpenAI"}
EXTENSION = {"extensionType": "Microsoft.AzureML.Kubernetes"}
ROWS = [
    Row(ai.network_denied_by_default, ACLS, ["Deny"], ["Allow", ""], FAIL),
    Row(ai.network_denied_by_default, ACCESS, ["Disabled"], ["Enabled", ""], FAIL),
    Row(ai.public_network_off, ACCESS, ["Disabled"], ["Enabled", ""], FAIL),
    Row(ai.no_keys, "properties.disableLocalAuth", [True, "true"], [False], FAIL),
    Row(ai.identity, "identity.type", *IDENTITY, FAIL),
    Row(
        ai.outbound_named,
        "properties.restrictOutboundNetworkAccess",
        [True],
        [False],
        FAIL,
        OPENAI | {"properties.allowedFqdnList": ["a.example.com"]},
    ),
    Row(
        ai.outbound_named,
        "properties.allowedFqdnList",
        [["a.example.com"]],
        [[]],
        FAIL,
        OPENAI | {"properties.restrictOutboundNetworkAccess": True},
    ),
    Row(
        ai.approved_deployment,
        "properties.raiPolicyName",
        ["Microsoft.Default", "own"],
        ["Microsoft.Nil"],
        PASS,
    ),
    Row(
        others.search_public_network_off,
        "publicNetworkAccess",
        ["disabled", "securedByPerimeter"],
        ["enabled", ""],
        FAIL,
    ),
    Row(
        others.search_public_network_off,
        "networkRuleSet.ipRules",
        [[], [{"value": "203.0.113.0/24"}]],
        [[{"value": "0.0.0.0/0"}]],
        PASS,
        {"publicNetworkAccess": "disabled"},
    ),
    Row(others.search_no_keys, "disableLocalAuth", [True], [False], FAIL),
    Row(others.search_identity, "identity.type", *IDENTITY, FAIL),
    Row(
        others.databricks_public_network_off,
        "publicNetworkAccess",
        ["Disabled"],
        ["Enabled", ""],
        FAIL,
    ),
    Row(
        others.databricks_no_public_addresses,
        "parameters.enableNoPublicIp.value",
        [True, "true"],
        [False],
        FAIL,
    ),
    Row(
        others.databricks_own_network,
        "parameters.customVirtualNetworkId.value",
        ["/network"],
        [""],
        FAIL,
        unknown=PASS,
    ),
    Row(
        kubernetes_addons.ml_extension,
        "configurationSettings.allowInsecureConnections",
        [False, "False"],
        [True, "True"],
        PASS,
        EXTENSION,
    ),
    Row(
        kubernetes_addons.ml_extension,
        "autoUpgradeMinorVersion",
        [True],
        [False],
        PASS,
        EXTENSION,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_property_has_a_verdict_in_every_state(row):
    hold(row)


def test_other_kinds_of_accounts_workspaces_and_extensions_are_left_alone():
    assert evaluate(ai.outbound_named, {"kind": "TextAnalytics"}) == NOT_APPLICABLE
    assert evaluate(ai.outbound_named, {"kind": UNKNOWN}) == UNDECIDED
    for rule in (others.databricks_no_public_addresses, others.databricks_own_network):
        assert evaluate(rule, {"computeMode": "serverless"}) == NOT_APPLICABLE
        assert evaluate(rule, {"computeMode": "Hybrid"}) == FAIL
    assert evaluate(kubernetes_addons.ml_extension, {"extensionType": "flux"}) == NOT_APPLICABLE


@pytest.mark.parametrize(
    ("model", "verdict"),
    [
        ({"format": "OpenAI", "name": "gpt-4o", "version": "2024-08-06"}, PASS),
        ({"format": "openai", "name": "GPT-4O"}, PASS),
        ({"format": "OpenAI", "name": "gpt-35"}, FAIL),
        ({"format": "Other", "name": "gpt-4o"}, FAIL),
        ({"format": "OpenAI", "name": UNKNOWN}, UNDECIDED),
        (UNKNOWN, UNDECIDED),
        ({}, FAIL),
    ],
)
def test_the_approved_models_are_a_parameter(model, verdict):
    props = {"properties": {"model": model}}
    rule = ai.approved_deployment
    assert ask(rule, props, models=["OpenAI/gpt-4o/*"]).outcome == verdict
    assert evaluate(rule, {"properties": {"model": {"name": "any"}}}) == PASS


def test_the_approved_filters_are_a_parameter():
    props = {"properties": {"raiPolicyName": "own"}}
    assert ask(ai.approved_deployment, props, filters=["own"]).outcome == PASS
    assert ask(ai.approved_deployment, props, filters=["other"]).outcome == FAIL
