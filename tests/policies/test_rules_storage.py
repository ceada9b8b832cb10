"""Storage rules: each on every value that its properties can have."""

import pytest

from policies.engine.verdict import FAIL, PASS, UNDECIDED
from policies.rules import storage
from tests.policies.asking import UNKNOWN, ask, evaluate

# Rule, the property's name, good values, bad ones, the verdict of none at all.
SWITCHES = [
    (storage.https_only, "enableHttpsTrafficOnly", [True, "true", "True"], [False], PASS),
    (storage.min_tls, "minimumTlsVersion", ["TLS1_2", "TLS1_3", "tls1_2"], ["TLS1_0"], FAIL),
    (storage.no_anonymous_blobs, "allowBlobPublicAccess", [False, "false"], [True], FAIL),
    (storage.private_containers, "publicAccess", ["None", "none"], ["Blob", "container"], PASS),
    (
        storage.public_network_off,
        "publicNetworkAccess",
        ["Disabled", "disabled", "DISABLED", "SecuredByPerimeter"],
        ["Enabled", "enabled", "", "typo", 0, [], {}],
        FAIL,
    ),
    (storage.no_shared_keys, "allowSharedKeyAccess", [False, "False"], [True, "true", 1], FAIL),
]
NAMES = [rule.id for rule, *_ in SWITCHES]


@pytest.mark.parametrize(("rule", "key", "good", "bad", "absent"), SWITCHES, ids=NAMES)
def test_a_switch_has_a_verdict_for_every_value(rule, key, good, bad, absent):
    assert [evaluate(rule, {key: value}) for value in good] == [PASS] * len(good)
    assert [evaluate(rule, {key: value}) for value in bad] == [FAIL] * len(bad)
    assert evaluate(rule, {}) == absent
    assert evaluate(rule, {key: None}) == absent
    assert evaluate(rule, {key: UNKNOWN}) == UNDECIDED


@pytest.mark.parametrize(("rule", "key", "good", "bad", "absent"), SWITCHES, ids=NAMES)
@pytest.mark.parametrize(
    "form",
    [
        "azure-native:{0}/v20230101:{1}",
        "azure-native:{0}/v20240101preview:{1}",
        "azure-native_{0}_v20240101:{0}:{1}",
    ],
)
def test_other_api_versions_of_a_type_are_the_same_type(rule, key, good, bad, absent, form):
    other = form.format(*rule.types[0].split(":"))
    assert evaluate(rule, {key: good[0]}, type_token=other) == PASS
    assert evaluate(rule, {key: bad[0]}, type_token=other) == FAIL


def test_https_is_not_the_default_of_old_api_versions():
    old = "azure-native:storage/v20180701:StorageAccount"
    assert evaluate(storage.https_only, {}, type_token=old) == FAIL
    assert evaluate(storage.https_only, {"enableHttpsTrafficOnly": True}, type_token=old) == PASS


@pytest.mark.parametrize(
    ("props", "verdict"),
    [
        ({"networkRuleSet": {"defaultAction": "Deny"}}, PASS),
        ({"networkRuleSet": {"defaultAction": "deny"}}, PASS),
        ({"networkRuleSet": {"defaultAction": "Allow"}}, FAIL),
        ({"networkRuleSet": {}}, FAIL),
        ({"networkRuleSet": None}, FAIL),
        ({}, FAIL),
        ({"networkRuleSet": UNKNOWN}, UNDECIDED),
        ({"networkRuleSet": {"defaultAction": UNKNOWN}}, UNDECIDED),
        # Rules do not matter where nobody comes in, whatever they turn out to be.
        ({"publicNetworkAccess": "Disabled"}, PASS),
        ({"publicNetworkAccess": "Disabled", "networkRuleSet": UNKNOWN}, PASS),
        ({"publicNetworkAccess": UNKNOWN, "networkRuleSet": {"defaultAction": "Allow"}}, UNDECIDED),
        ({"publicNetworkAccess": "Enabled", "networkRuleSet": {"defaultAction": "Allow"}}, FAIL),
    ],
)
def test_an_account_is_closed_by_its_rules_or_by_its_switch(props, verdict):
    assert evaluate(storage.network_denied_by_default, props) == verdict


def test_the_evidence_says_what_an_absent_value_means():
    (evidence,) = ask(storage.no_shared_keys, {}).evidence
    assert str(evidence) == ("allowSharedKeyAccess is not set, which means true; wanted false")
