"""Key vault rules: all their properties stand under `properties`."""

import pytest

from policies.engine.verdict import FAIL, PASS, UNDECIDED
from policies.rules import key_vault
from tests.policies.asking import UNKNOWN, evaluate

SWITCHES = [
    (key_vault.soft_delete, "enableSoftDelete", True, False, PASS),
    (key_vault.purge_protection, "enablePurgeProtection", True, False, FAIL),
    (key_vault.roles, "enableRbacAuthorization", True, False, FAIL),
    (key_vault.public_network_off, "publicNetworkAccess", "disabled", "Enabled", FAIL),
]


@pytest.mark.parametrize(("rule", "key", "good", "bad", "absent"), SWITCHES)
def test_a_vault_switch_has_a_verdict_for_every_value(rule, key, good, bad, absent):
    assert evaluate(rule, {"properties": {key: good}}) == PASS
    assert evaluate(rule, {"properties": {key.upper(): good}}) == PASS
    assert evaluate(rule, {"properties": {key: bad}}) == FAIL
    for nothing in ({}, {"properties": {}}, {"properties": None}, {"properties": {key: None}}):
        assert evaluate(rule, nothing) == absent
    assert evaluate(rule, {"properties": {key: UNKNOWN}}) == UNDECIDED
    assert evaluate(rule, {"properties": UNKNOWN}) == UNDECIDED
    other = "azure-native:keyvault/v20230701:Vault"
    assert evaluate(rule, {"properties": {key: bad}}, type_token=other) == FAIL


@pytest.mark.parametrize(
    ("properties", "verdict"),
    [
        ({"networkAcls": {"defaultAction": "Deny"}}, PASS),
        ({"networkAcls": {"defaultAction": "Allow"}}, FAIL),
        ({"networkAcls": {"bypass": "AzureServices"}}, FAIL),
        ({}, FAIL),
        ({"networkAcls": UNKNOWN}, UNDECIDED),
        ({"networkAcls": UNKNOWN, "publicNetworkAccess": "Disabled"}, PASS),
    ],
)
def test_a_vault_is_closed_by_its_rules_or_by_its_switch(properties, verdict):
    rule = key_vault.network_denied_by_default
    assert evaluate(rule, {"properties": properties}) == verdict


@pytest.mark.parametrize("permission", ["purge", "Purge", "all", "ALL", "*"])
@pytest.mark.parametrize("kind", ["keys", "secrets", "certificates", "storage"])
def test_a_sweeping_permission_of_any_kind_is_found(permission, kind):
    policies = [
        {"permissions": {"keys": ["get"]}},
        {"permissions": {kind: ["get", permission]}},
    ]
    rule = key_vault.no_sweeping_access_policies
    assert evaluate(rule, {"properties": {"accessPolicies": policies}}) == FAIL


@pytest.mark.parametrize(
    ("properties", "verdict"),
    [
        ({}, PASS),
        ({"accessPolicies": []}, PASS),
        ({"accessPolicies": [{"permissions": {"secrets": ["get", "list"]}}]}, PASS),
        ({"accessPolicies": UNKNOWN}, UNDECIDED),
        ({"accessPolicies": [UNKNOWN]}, UNDECIDED),
        ({"accessPolicies": [{"permissions": {"keys": UNKNOWN}}]}, UNDECIDED),
        ({"accessPolicies": [{"permissions": {"keys": [UNKNOWN, "all"]}}]}, FAIL),
        # With roles on, Azure does not read them.
        ({"enableRbacAuthorization": True, "accessPolicies": UNKNOWN}, PASS),
    ],
)
def test_access_policies_that_may_hold_anything_are_undecided(properties, verdict):
    rule = key_vault.no_sweeping_access_policies
    assert evaluate(rule, {"properties": properties}) == verdict
