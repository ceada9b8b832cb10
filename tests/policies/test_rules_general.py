"""Rules for resources of many services."""

import pytest

from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import general
from tests.policies.asking import UNKNOWN, Stack, ask, evaluate, token


@pytest.mark.parametrize("kind", general.location_allowed.types)
def test_locations_are_compared_in_any_spelling(kind):
    rule, allowed = general.location_allowed, ["westeurope"]
    for location, verdict in (
        ("westeurope", PASS),
        ("West Europe", PASS),
        ("global", PASS),
        ("eastus", FAIL),
        (None, PASS),
        (UNKNOWN, UNDECIDED),
    ):
        props = {"location": location}
        found = ask(rule, props, type_token=token(kind), locations=allowed)
        assert found.outcome == verdict, location
    assert evaluate(rule, {"location": "eastus"}) == NOT_APPLICABLE


VAULT = "keyvault:Vault"
ARM = "/subscriptions/s/resourceGroups/RG/providers/Microsoft.KeyVault/vaults/IT"


def locked(lock_kind, lock, edge=""):
    stack = Stack()
    group = stack.add("resources:ResourceGroup", "g", {})
    vault = stack.add(
        VAULT, "it", {"vaultName": "it", "resourceGroupName": "rg"}, resourceGroupName=group
    )
    edges = {"": {}, "vault": {"scope": vault}, "group": {"scope": group}}[edge]
    stack.add(lock_kind, "lock", lock, **edges)
    return stack.ask(general.data_protected)["it"]


@pytest.mark.parametrize(
    ("lock", "edge", "verdict"),
    [
        ({"level": "CanNotDelete", "scope": UNKNOWN}, "vault", PASS),
        ({"level": "readonly", "scope": UNKNOWN}, "group", PASS),
        ({"level": "NotSpecified", "scope": UNKNOWN}, "vault", FAIL),
        ({"level": UNKNOWN, "scope": UNKNOWN}, "vault", UNDECIDED),
        ({"level": "CanNotDelete", "scope": ARM}, "", PASS),
        ({"level": "CanNotDelete", "scope": "/subscriptions/s/resourceGroups/rg"}, "", PASS),
        ({"level": "CanNotDelete", "scope": "/subscriptions/s/resourceGroups/other"}, "", FAIL),
        ({"level": "CanNotDelete", "scope": ARM + "2"}, "", FAIL),
        ({"level": "CanNotDelete", "scope": UNKNOWN}, "", FAIL),
    ],
)
def test_a_lock_protects_what_it_is_on(lock, edge, verdict):
    assert locked(general.LOCKS[0], lock, edge) == verdict


def test_a_lock_of_a_group_protects_what_is_in_it():
    lock = {"level": "CanNotDelete", "resourceGroupName": "RG"}
    assert locked("authorization:ManagementLockAtResourceGroupLevel", lock) == PASS


def test_protection_is_asked_in_prod_only():
    stack = Stack()
    stack.add(VAULT, "it", {})
    assert stack.ask(general.data_protected) == {"it": FAIL}
    dev = Stack()
    vault = dev.add(VAULT, "it", {})
    vault.urn = vault.urn.replace(":prod::", ":dev::")
    assert dev.ask(general.data_protected) == {"it": NOT_APPLICABLE}
    safe = Stack()
    vault = safe.add(VAULT, "it", {})
    vault.opts = type(vault.opts)(
        protect=True,
        ignore_changes=[],
        delete_before_replace=None,
        aliases=[],
        custom_timeouts=vault.opts.custom_timeouts,
        additional_secret_outputs=[],
    )
    assert safe.ask(general.data_protected) == {"it": PASS}


@pytest.mark.parametrize("kind", general.budget_tells.types)
@pytest.mark.parametrize(
    ("notifications", "verdict"),
    [
        ({"a": {"enabled": True, "contactEmails": ["a@example.com"]}}, PASS),
        ({"a": {"enabled": True, "contactGroups": [UNKNOWN]}}, PASS),
        ({"a": {"enabled": True, "contactRoles": ["Owner"]}}, PASS),
        ({"a": {"enabled": False, "contactEmails": ["a@example.com"]}}, FAIL),
        ({"a": {"enabled": True, "contactEmails": []}}, FAIL),
        ({}, FAIL),
        (None, FAIL),
        (UNKNOWN, UNDECIDED),
        ({"a": UNKNOWN}, UNDECIDED),
    ],
)
def test_a_budget_tells_somebody(kind, notifications, verdict):
    props = {"notifications": notifications}
    assert evaluate(general.budget_tells, props, type_token=token(kind)) == verdict


@pytest.mark.parametrize(
    ("tags", "verdict"),
    [
        ({"team": "data", "cost": "12"}, PASS),
        ({"Team": "data", "COST": "12", "more": "x"}, PASS),
        ({"team": "data"}, FAIL),
        ({"team": "", "cost": "12"}, FAIL),
        ({}, FAIL),
        (None, FAIL),
        (UNKNOWN, UNDECIDED),
        ({"team": "data", "cost": UNKNOWN}, UNDECIDED),
    ],
)
def test_tags_are_there_where_they_are_asked_for(tags, verdict):
    rule, props = general.tags_present, {"tags": tags}
    for kind in rule.types:
        asked = {"type_token": token(kind)}
        assert ask(rule, props, tags=["team", "cost=none"], **asked).outcome == verdict
        assert ask(rule, props, **asked).outcome == NOT_APPLICABLE
    assert ask(rule, {}, tags=["team"]).outcome == FAIL
