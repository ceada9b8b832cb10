"""Role rules: by the role's id, whatever the form in which it is written."""

import pytest

from policies.engine.verdict import FAIL, PASS, UNDECIDED
from policies.rules import rbac
from tests.policies.asking import UNKNOWN, ask, evaluate

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
ADMINISTRATOR = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"


def role(guid: str, scope: str = SUBSCRIPTION) -> str:
    return f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


BAD = {
    "roleDefinitionId": role(OWNER),
    "scope": SUBSCRIPTION,
    "principalType": "ServicePrincipal",
    "principalId": "p",
}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, FAIL),
        ({"roleDefinitionId": role(OWNER.upper())}, FAIL),
        ({"roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{OWNER}"}, FAIL),
        ({"roleDefinitionId": OWNER}, FAIL),
        ({"roleDefinitionId": role(ADMINISTRATOR)}, FAIL),
        ({"roleDefinitionId": role(READER)}, PASS),
        ({"roleDefinitionId": UNKNOWN}, UNDECIDED),
        ({"scope": SUBSCRIPTION + "/"}, FAIL),
        ({"scope": SUBSCRIPTION.strip("/")}, FAIL),
        ({"scope": SUBSCRIPTION.upper()}, FAIL),
        ({"scope": "/"}, FAIL),
        ({"scope": "/providers/Microsoft.Management/managementGroups/mg"}, FAIL),
        ({"scope": GROUP}, PASS),
        ({"scope": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/st"}, PASS),
        ({"scope": UNKNOWN}, UNDECIDED),
        ({"scope": UNKNOWN, "roleDefinitionId": role(READER)}, PASS),
        ({"principalType": "User"}, PASS),
        ({"principalType": "group"}, PASS),
        ({"principalType": "servicePrincipal"}, FAIL),
        ({"principalType": None}, FAIL),
        ({"principalType": UNKNOWN}, UNDECIDED),
        ({"principalId": UNKNOWN}, FAIL),
    ],
)
def test_wide_roles_of_identities_at_wide_scopes_are_found(changes, verdict):
    assert evaluate(rbac.no_wide_role_for_identities, BAD | changes) == verdict


def test_the_evidence_names_the_role_in_words():
    told = "; ".join(map(str, ask(rbac.no_wide_role_for_identities, BAD).evidence))
    assert "roleDefinitionId is Owner" in told
    assert SUBSCRIPTION not in told


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"scope": "/"}, FAIL),
        ({"scope": ""}, FAIL),
        ({"scope": SUBSCRIPTION}, PASS),
        ({"scope": "/", "roleDefinitionId": role(READER)}, PASS),
        ({"scope": UNKNOWN}, UNDECIDED),
        ({"scope": "/", "roleDefinitionId": UNKNOWN}, UNDECIDED),
        ({"scope": "/", "principalType": "User"}, FAIL),
    ],
)
def test_nobody_administers_access_at_the_root(changes, verdict):
    props = BAD | {"roleDefinitionId": role(ADMINISTRATOR, "")} | changes
    assert evaluate(rbac.no_access_administrator_at_root, props) == verdict


@pytest.mark.parametrize(
    ("props", "verdict"),
    [
        ({"principalType": "ServicePrincipal"}, PASS),
        ({"principalType": "group"}, PASS),
        ({"principalType": ""}, FAIL),
        ({"principalType": None}, FAIL),
        ({}, FAIL),
        ({"principalType": UNKNOWN}, UNDECIDED),
    ],
)
def test_an_assignment_says_whom_it_is_for(props, verdict):
    assert evaluate(rbac.principal_type, props) == verdict
    old = "azure-native:authorization/v20200801preview:RoleAssignment"
    assert evaluate(rbac.principal_type, props, type_token=old) == verdict


@pytest.mark.parametrize(
    ("actions", "scopes", "verdict"),
    [
        (["*"], [SUBSCRIPTION], FAIL),
        (["Microsoft.Storage/*/read", "*"], [GROUP, SUBSCRIPTION], FAIL),
        (["*"], ["/"], FAIL),
        (["*"], [], FAIL),
        (["*"], None, FAIL),
        (["*"], [GROUP], PASS),
        (["*/read"], [SUBSCRIPTION], PASS),
        ([], [SUBSCRIPTION], PASS),
        (UNKNOWN, [SUBSCRIPTION], UNDECIDED),
        ([UNKNOWN], [GROUP], PASS),
        (["*"], UNKNOWN, UNDECIDED),
        (["*"], [UNKNOWN], UNDECIDED),
        (["*"], [UNKNOWN, SUBSCRIPTION], FAIL),
    ],
)
def test_a_second_owner_is_found(actions, scopes, verdict):
    props = {"permissions": [{"actions": ["x/read"]}, {"actions": actions}]}
    props |= {"assignableScopes": scopes}
    assert evaluate(rbac.no_custom_owner, props) == verdict


@pytest.mark.parametrize(
    ("action", "verdict"),
    [
        ("Microsoft.Authorization/roleDefinitions/write", FAIL),
        ("microsoft.authorization/RoleDefinitions/Write", FAIL),
        ("Microsoft.Authorization/*", FAIL),
        ("Microsoft.Authorization/*/write", FAIL),
        ("microsoft.*/write", FAIL),
        ("*/Write", FAIL),
        ("*", FAIL),
        ("", PASS),
        ("Microsoft.Authorization/roleDefinitions/read", PASS),
        ("Microsoft.Authorization/*/read", PASS),
        (UNKNOWN, UNDECIDED),
    ],
)
def test_a_role_that_writes_roles_is_found(action, verdict):
    props = {"permissions": [{"actions": ["x/read", action], "notActions": []}]}
    assert evaluate(rbac.no_custom_role_writer, props) == verdict


@pytest.mark.parametrize(
    ("not_actions", "verdict"),
    [
        (["Microsoft.Authorization/*/Write"], PASS),
        (["x/read", "Microsoft.Authorization/*"], PASS),
        (["Microsoft.Authorization/*/read"], FAIL),
        ([], FAIL),
        (None, FAIL),
        (UNKNOWN, UNDECIDED),
        ([UNKNOWN], UNDECIDED),
    ],
)
def test_what_a_permission_takes_away_again_is_not_granted(not_actions, verdict):
    props = {"permissions": [{"actions": ["*"], "notActions": not_actions}]}
    assert evaluate(rbac.no_custom_role_writer, props) == verdict
