"""Conditions of role assignments: what they allow, and that nothing unknown is allowed."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.access import rbac
from emulator.access.conditions import Facts, UnknownConditionError, parse, satisfied
from emulator.arm.store import Store
from emulator.login.callers import Principal

WRITE = "Microsoft.Authorization/roleAssignments/write"
DELETE = "Microsoft.Authorization/roleAssignments/delete"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
DELEGATE = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
GROUP = "/subscriptions/s1/resourceGroups/rg"
WHO = Principal("o1", "ServicePrincipal", "who", "c1")

ROLE = "[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
KIND = "[Microsoft.Authorization/roleAssignments:PrincipalType]"
LIMITED = (
    f"((!(ActionMatches{{'{WRITE}'}})) OR "
    f"(@Request{ROLE} ForAnyOfAnyValues:GuidEquals {{{READER}, {PULL}}})) AND "
    f"((!(ActionMatches{{'{DELETE}'}})) OR "
    f"(@Resource{ROLE} ForAnyOfAnyValues:GuidEquals {{{READER}, {PULL}}}))"
)
FOR_GROUPS = (
    f"((!(ActionMatches{{'{WRITE}'}})) OR "
    f"(@Request{ROLE} ForAnyOfAnyValues:GuidEquals {{{READER}}} AND "
    f"@Request{KIND} ForAnyOfAnyValues:StringEqualsIgnoreCase {{'Group'}}))"
)
ALL_BUT_OWNER = (
    f"((!(ActionMatches{{'{WRITE}'}})) OR "
    f"(@Request{ROLE} ForAnyOfAllValues:GuidNotEquals {{{OWNER}}}))"
)


@pytest.mark.parametrize(
    ("condition", "action", "request_", "resource", "expected"),
    [
        (LIMITED, WRITE, {"roledefinitionid": READER}, {}, True),
        (LIMITED, WRITE, {"roledefinitionid": PULL.upper()}, {}, True),
        (LIMITED, WRITE, {"roledefinitionid": OWNER}, {}, False),
        (LIMITED, WRITE, {}, {}, False),
        (LIMITED, WRITE, {"roledefinitionid": OWNER}, {"roledefinitionid": READER}, False),
        (LIMITED, DELETE, {}, {"roledefinitionid": READER}, True),
        (LIMITED, DELETE, {}, {"roledefinitionid": OWNER}, False),
        (LIMITED, DELETE, {"roledefinitionid": READER}, {}, False),
        (LIMITED, "Microsoft.Storage/storageAccounts/read", {}, {}, True),
        (FOR_GROUPS, WRITE, {"roledefinitionid": READER, "principaltype": "group"}, {}, True),
        (FOR_GROUPS, WRITE, {"roledefinitionid": READER, "principaltype": "User"}, {}, False),
        (FOR_GROUPS, WRITE, {"roledefinitionid": PULL, "principaltype": "Group"}, {}, False),
        (ALL_BUT_OWNER, WRITE, {"roledefinitionid": READER}, {}, True),
        (ALL_BUT_OWNER, WRITE, {"roledefinitionid": OWNER}, {}, False),
    ],
)
def test_a_condition_allows_what_it_says(condition, action, request_, resource, expected):
    assert satisfied(condition, Facts(action, request_, resource)) is expected


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "   ",
        "true",
        f"ActionMatches{{'{WRITE}'}} AND",
        f"(ActionMatches{{'{WRITE}'}}",
        f"ActionMatches{{'{WRITE}'}})",
        f"ActionMatches{{'{WRITE}'",
        "SubOperationMatches{'Blob.List'}",
        "@Principal[Microsoft.Directory/x:y] StringEquals 'a'",
        "@Request[Microsoft.Storage/storageAccounts:name] StringEquals 'a'",
        f"@Request{ROLE} StringLike '*'",
        f"@Request{ROLE} GuidEquals",
        f"@Request{ROLE} GuidEquals {{}}",
        f"@Request{ROLE} GuidEquals {{{READER},}}",
        f"@Request{ROLE} GuidEquals {READER} ; drop",
        "(" * 200 + f"ActionMatches{{'{WRITE}'}}" + ")" * 200,
    ],
)
def test_what_is_not_understood_is_not_satisfied_and_says_so(condition, caplog):
    with caplog.at_level(logging.WARNING):
        assert not satisfied(condition, Facts(WRITE, {"roledefinitionid": READER}))
    assert "not understood" in caplog.text
    with pytest.raises(UnknownConditionError):
        parse(condition)


@given(st.text("(){}!'@[] ORANDActionMatches:,-ab", max_size=60))
def test_no_text_breaks_the_reader(text):
    assert satisfied(text, Facts(WRITE)) in {True, False}


@given(st.text("(){}!'@[],:;ab c", max_size=20))
def test_what_is_added_to_a_condition_never_widens_it(rest):
    facts = Facts(WRITE, {"roledefinitionid": OWNER})
    assert not satisfied(f"{LIMITED} AND {rest}", facts)
    assert not satisfied(f"{LIMITED} {rest}", facts)


def test_an_assignment_with_a_condition_allows_what_the_condition_does(tmp_path):
    store = Store(tmp_path / "state.db")
    store.put(
        {
            "id": f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/1",
            "properties": {
                "roleDefinitionId": f"/x/{DELEGATE}",
                "principalId": "o1",
                "condition": LIMITED,
                "conditionVersion": "2.0",
            },
        }
    )

    def may(action: str, role: str | None = None) -> bool:
        facts = Facts(action, {"roledefinitionid": role} if role else {})
        return rbac.allows(store, WHO, action, GROUP, facts=facts)

    assert may(WRITE, READER)
    assert not may(WRITE, OWNER)
    assert not may(WRITE, DELEGATE)
    assert not rbac.allows(store, WHO, WRITE, GROUP)
    assert not may(DELETE)
    assert may("Microsoft.Resources/subscriptions/resourceGroups/read")
    store.close()
