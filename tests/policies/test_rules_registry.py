"""Registry rules."""

import pytest

from policies.engine.verdict import FAIL, PASS, UNDECIDED
from policies.rules import registry
from tests.policies.asking import UNKNOWN, evaluate

SWITCHES = [
    (registry.no_admin_user, "adminUserEnabled", False, True, PASS),
    (registry.no_anonymous_pull, "anonymousPullEnabled", False, True, PASS),
    (registry.public_network_off, "publicNetworkAccess", "disabled", "Enabled", FAIL),
]


@pytest.mark.parametrize(("rule", "key", "good", "bad", "absent"), SWITCHES)
def test_a_registry_switch_has_a_verdict_for_every_value(rule, key, good, bad, absent):
    assert evaluate(rule, {key: good}) == PASS
    assert evaluate(rule, {key: bad}) == FAIL
    assert evaluate(rule, {}) == absent
    assert evaluate(rule, {key: None}) == absent
    assert evaluate(rule, {key: UNKNOWN}) == UNDECIDED
    other = "azure-native:containerregistry/v20230701:Registry"
    assert evaluate(rule, {key: bad}, type_token=other) == FAIL
