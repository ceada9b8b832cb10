"""More of storage accounts: what is kept after a deletion, and who else may move data."""

import pytest

from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import registry
from policies.rules import storage_services as rules
from tests.policies.asking import UNKNOWN, Stack, ask, evaluate
from tests.policies.tables import Row, hold

DENY = {"networkRuleSet.defaultAction": "Deny"}
OFF = {"publicNetworkAccess": "Disabled"}
ROWS = [
    Row(
        rules.trusted_services,
        "networkRuleSet.bypass",
        # Checkov wants the one word and nothing else.
        ["AzureServices", "Logging, Metrics, AzureServices", "Metrics,AzureServices"],
        ["None", "Logging", ""],
        PASS,
        DENY,
    ),
    Row(rules.no_replication_to_others, "allowCrossTenantReplication", [False], [True], PASS),
    Row(
        rules.sas_ends_soon,
        "sasPolicy.sasExpirationPeriod",
        ["1.00:00:00", "7.00:00:00", "0.01:00:00"],
        ["7.00:00:01", "30.00:00:00", "0.00:00:00", "P7D", ""],
        FAIL,
    ),
    Row(rules.sas_ends_soon, "allowSharedKeyAccess", [False], [True], FAIL),
    Row(rules.no_local_users, "isLocalUserEnabled", [False], [True], PASS),
    Row(registry.network_denied_by_default, "publicNetworkAccess", ["Disabled"], ["Enabled"], FAIL),
    Row(
        registry.network_denied_by_default,
        "networkRuleSet.defaultAction",
        ["Deny"],
        ["Allow", ""],
        FAIL,
    ),
    Row(registry.sku, "sku.name", ["Premium"], ["Basic", "Standard"], FAIL),
    Row(registry.no_export, "policies.exportPolicy.status", ["disabled"], ["enabled"], FAIL, OFF),
    Row(
        registry.no_export,
        "publicNetworkAccess",
        ["Disabled"],
        ["Enabled"],
        FAIL,
        {"policies.exportPolicy.status": "disabled"},
    ),
    Row(registry.no_tokens, "status", ["disabled"], ["enabled"], FAIL),
    Row(registry.webhook_https, "serviceUri", ["https://a"], ["http://a", "ftp://a", ""], FAIL),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_property_has_a_verdict_in_every_state(row):
    hold(row)


def test_the_bypass_matters_where_there_are_rules():
    assert evaluate(rules.trusted_services, {}) == NOT_APPLICABLE
    open_rules = {"networkRuleSet": {"defaultAction": "Allow", "bypass": "None"}}
    assert evaluate(rules.trusted_services, open_rules) == NOT_APPLICABLE
    unknown = {"networkRuleSet": {"defaultAction": UNKNOWN, "bypass": "None"}}
    assert evaluate(rules.trusted_services, unknown) == UNDECIDED


def test_less_than_a_week_has_to_be_said():
    keyless = {"allowSharedKeyAccess": False}
    assert ask(rules.sas_ends_soon, keyless, days=1).outcome == FAIL
    period = keyless | {"sasPolicy": {"sasExpirationPeriod": "1.00:00:00"}}
    assert ask(rules.sas_ends_soon, period, days=1).outcome == PASS


def test_where_copies_may_be_is_a_parameter():
    props = {"location": "West Europe"}
    assert evaluate(registry.replica_location, props) == NOT_APPLICABLE
    asked = {"locations": ["westeurope", "northeurope"]}
    assert ask(registry.replica_location, props, **asked).outcome == PASS
    assert ask(registry.replica_location, {"location": "eastus"}, **asked).outcome == FAIL
    assert ask(registry.replica_location, {"location": UNKNOWN}, **asked).outcome == UNDECIDED
    assert ask(registry.sku, {"sku": {"name": "Standard"}}, allowed=["Standard"]).outcome == PASS


KEPT = [
    (rules.deleted_blobs_kept, "deleteRetentionPolicy"),
    (rules.deleted_containers_kept, "containerDeleteRetentionPolicy"),
]


def kept(rule, services, account=None, by_name=False):
    stack = Stack()
    made = stack.add(rules.ACCOUNT, "it", {"accountName": "it", **(account or {})})
    for index, props in enumerate(services):
        name = {"accountName": "IT" if by_name else UNKNOWN}
        edge = {} if by_name else {"accountName": made}
        stack.add(rules.BLOBS, f"b{index}", name | props, **edge)
    return stack.ask(rule)["it"]


@pytest.mark.parametrize(("rule", "key"), KEPT)
@pytest.mark.parametrize("by_name", [False, True])
def test_what_is_deleted_is_kept_for_a_while(rule, key, by_name):
    for policy, verdict in (
        ({"enabled": True, "days": 7}, PASS),
        ({"enabled": True}, PASS),
        ({"enabled": True, "days": 0}, FAIL),
        ({"enabled": False, "days": 7}, FAIL),
        ({"enabled": None}, FAIL),
        ({"enabled": UNKNOWN}, UNDECIDED),
        (None, FAIL),
        (UNKNOWN, UNDECIDED),
    ):
        assert kept(rule, [{key: policy}], by_name=by_name) == verdict, policy
    assert kept(rule, []) == FAIL
    assert kept(rule, [], {"kind": "fileStorage"}) == NOT_APPLICABLE


def test_a_hierarchical_account_keeps_containers_only():
    hierarchical = {"isHnsEnabled": True}
    assert kept(rules.deleted_blobs_kept, [], hierarchical) == NOT_APPLICABLE
    assert kept(rules.deleted_containers_kept, [], hierarchical) == FAIL
    assert kept(rules.deleted_blobs_kept, [], {"isHnsEnabled": UNKNOWN}) == UNDECIDED
