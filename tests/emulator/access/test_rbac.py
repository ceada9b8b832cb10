"""Role assignments decide, by scope, action and plane."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_a_star_between_slashes_may_stand_for_nothing():
    assert rbac.matches(["a/*/read"], "A/read")
    assert rbac.matches(["a/*/read"], "a/b/c/READ")
    assert not rbac.matches(["a/*/read"], "ab/read")
    assert not rbac.matches(["a/*"], "a")
    assert rbac.matches(["*"], "anything/at/all")
    assert not rbac.matches(["a.b/read"], "axb/read")


@given(st.lists(st.sampled_from(["a", "b", "cc"]), min_size=1, max_size=5), st.data())
def test_an_action_with_parts_replaced_by_stars_matches_it(parts, data):
    starred = [data.draw(st.sampled_from([part, "*"])) for part in parts]
    assert rbac.matches(["/".join(starred).upper()], "/".join(parts))


@given(st.lists(st.text("abc/", max_size=4), max_size=3), st.text("abc", min_size=1, max_size=3))
def test_a_scope_covers_itself_and_what_is_below_it(parts, name):
    scope = "/" + "/".join(parts)
    assert rbac.covers(scope.upper(), scope)
    assert rbac.covers(scope, f"{scope.rstrip('/')}/{name}")
    if scope.strip("/"):
        assert not rbac.covers(f"{scope.rstrip('/')}/{name}", scope)
        assert not rbac.covers(scope, f"{scope.rstrip('/')}x")


def test_several_assignments_add_up(store):
    assign(store, "Storage Blob Data Reader", RAW, number=1)
    assign(store, "Reader", SUB, number=2)
    assert rbac.allows(store, WHO, READ, RAW, data=True)
    assert rbac.allows(store, WHO, "Microsoft.Storage/storageAccounts/read", ACCOUNT)
    assert rbac.roles_at(store, WHO, RAW) == ["Reader", "Storage Blob Data Reader"]
    assert rbac.roles_at(store, WHO, ACCOUNT) == ["Reader"]


def test_an_assignment_remade_for_another_takes_effect(store):
    assign(store, "Storage Blob Data Reader", ACCOUNT)
    assert rbac.allows(store, WHO, READ, RAW, data=True)
    assign(store, "Storage Blob Data Reader", ACCOUNT, principal="o2")
    assert not rbac.allows(store, WHO, READ, RAW, data=True)


def test_a_grant_that_is_rolled_back_was_never_made(store):
    def fail():
        with store.transaction():
            assign(store, "Storage Blob Data Reader", ACCOUNT)
            assert rbac.allows(store, WHO, READ, RAW, data=True)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not rbac.allows(store, WHO, READ, RAW, data=True)


def test_assignments_are_looked_through_for_each_change_not_each_decision(store, monkeypatch):
    for number in range(200):
        assign(store, "Storage Blob Data Reader", f"{ACCOUNT}{number}", f"o{number % 20}", number)
    rows: list[int] = []
    query = store.query

    def counted(*words):
        found = query(*words)
        rows.append(len(found))
        return found

    def decide():
        rows.clear()
        assert rbac.allows(store, WHO, READ, f"{ACCOUNT}1/x", data=True)
        assert not rbac.allows(store, WHO, READ, f"{ACCOUNT}2/x", data=True)
        return sum(rows)

    decide()
    monkeypatch.setattr(store, "query", counted)
    assert decide() == 0
    for number in range(5):
        store.put({"id": f"{SUB}/resourceGroups/r{number}", "properties": {}})
        assert decide() <= 200
        assert decide() == 0


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_role_is_shown_as_arm_shows_it(name):
    role = BY_NAME[name]
    shown = roles.definition(role, SUB)
    assert shown["id"] == f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role.guid}"
    assert roles.find(str(shown["id"]).upper()) is role
    assert role.guid == role.guid.lower()
    permitted = role.actions + role.data_actions
    assert all("/" in action or action == "*" for action in permitted)
