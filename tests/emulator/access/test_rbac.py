"""Role assignments decide, by scope, action and plane."""

import pytest

from emulator.access import rbac, roles
from emulator.arm.store import Store
from emulator.login.callers import Principal

SUB = "/subscriptions/s1"
ACCOUNT = f"{SUB}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st"
RAW = f"{ACCOUNT}/blobServices/default/containers/raw"
READ = f"{roles.CONTAINERS}/blobs/read"
WRITE = f"{roles.CONTAINERS}/blobs/write"
WHO = Principal("o1", "ServicePrincipal", "who", "c1")
BY_NAME = {role.name: role for role in roles.ROLES}


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "state.db")
    yield opened
    opened.close()


def assign(store, role, scope, principal="o1", number=0):
    guid = BY_NAME[role].guid
    store.put(
        {
            "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{number}-{guid}",
            "properties": {"roleDefinitionId": f"{SUB}/x/{guid}", "principalId": principal},
        }
    )


@pytest.mark.parametrize(
    ("role", "scope", "action", "target", "data", "expected"),
    [
        ("Storage Blob Data Reader", ACCOUNT, READ, RAW, True, True),
        ("Storage Blob Data Reader", ACCOUNT, WRITE, RAW, True, False),
        ("Storage Blob Data Reader", RAW, READ, RAW, True, True),
        ("Storage Blob Data Reader", RAW, READ, ACCOUNT, True, False),
        ("Storage Blob Data Reader", RAW, READ, f"{RAW}2", True, False),
        ("Storage Blob Data Reader", SUB.upper(), READ.lower(), RAW, True, True),
        ("Owner", SUB, READ, RAW, True, False),
        ("Owner", SUB, "Microsoft.Authorization/roleAssignments/write", ACCOUNT, False, True),
        (
            "Contributor",
            SUB,
            "Microsoft.Authorization/roleAssignments/write",
            ACCOUNT,
            False,
            False,
        ),
        ("Contributor", SUB, "Microsoft.Storage/storageAccounts/write", ACCOUNT, False, True),
        ("Reader", SUB, "Microsoft.Storage/storageAccounts/read", ACCOUNT, False, True),
        ("Reader", SUB, "Microsoft.Storage/storageAccounts/listKeys/action", ACCOUNT, False, False),
    ],
)
def test_a_role_allows_what_it_says_where_it_is_given(
    store, role, scope, action, target, data, expected
):
    assign(store, role, scope)
    assert rbac.allows(store, WHO, action, target, data=data) is expected


def test_nobody_is_allowed_anything_without_a_role(store):
    assign(store, "Owner", SUB, principal="o2")
    assert not rbac.allows(store, WHO, "Microsoft.Storage/storageAccounts/read", ACCOUNT)


def test_a_grant_and_its_removal_take_effect_at_once(store):
    assert not rbac.allows(store, WHO, READ, RAW, data=True)
    assign(store, "Storage Blob Data Reader", ACCOUNT)
    assert rbac.allows(store, WHO, READ, RAW, data=True)
    store.delete(store.find(rbac.ASSIGNMENTS)[0]["id"])
    assert not rbac.allows(store, WHO, READ, RAW, data=True)


def test_a_data_scientist_may_work_in_a_workspace_but_not_change_it(store):
    workspace = f"{SUB}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/w"
    assign(store, "AzureML Data Scientist", workspace)
    ml = roles.ML
    allowed = [
        f"{ml}/workspaces/read",
        f"{ml}/workspaces/jobs/write",
        f"{ml}/workspaces/models/versions/write",
    ]
    refused = [
        f"{ml}/workspaces/write",
        f"{ml}/workspaces/delete",
        f"{ml}/workspaces/listKeys/action",
    ]
    assert all(rbac.allows(store, WHO, action, workspace) for action in allowed)
    assert not any(rbac.allows(store, WHO, action, workspace) for action in refused)


def test_every_role_has_a_guid_of_its_own_and_allows_something():
    assert len(roles.by_guid()) == len(roles.ROLES)
    for role in roles.ROLES:
        assert role.actions or role.data_actions
        assert len(role.guid) == 36
