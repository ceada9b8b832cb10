"""Identities, role assignments and locks."""

import asyncio
import json
import uuid

import pytest

from emulator.access import rbac
from emulator.arm.errors import ArmError
from emulator.providers.authorization import definitions, listing
from tests.emulator.providers.world import GROUP, SUBSCRIPTION, located

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
AUTHORIZATION = "providers/Microsoft.Authorization"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/id-train"


@pytest.fixture
def principal(azure):
    return azure.put(IDENTITY, located())["properties"]["principalId"]


def assignment(principal_id, role=READER, **properties):
    definition = f"/subscriptions/{SUBSCRIPTION}/{AUTHORIZATION}/roleDefinitions/{role}"
    return {
        "properties": {"roleDefinitionId": definition, "principalId": principal_id} | properties
    }


def at(scope, name=None):
    return f"{scope}/{AUTHORIZATION}/roleAssignments/{name or uuid.uuid4()}"


def answer(handler, azure, path, **query):
    response = asyncio.run(handler(azure.request("GET", path, None, **query)))
    assert response is not None
    return json.loads(bytes(response.body))


def test_identity_keeps_its_ids(azure, principal):
    again = azure.put(IDENTITY, {**located(), "tags": {"a": "b"}})["properties"]
    assert again["principalId"] == principal
    found = azure.ctx.services.principals.by_object_id(principal)
    assert found.client_id == again["clientId"]
    azure.delete(IDENTITY)
    assert azure.ctx.services.principals.by_object_id(principal) is None


def test_federated_credentials_are_complete_and_unique(azure, principal):
    path = f"{IDENTITY}/federatedIdentityCredentials"
    good = {
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:org/name:environment:prod",
        "audiences": ["api://AzureADTokenExchange"],
    }
    for missing in good:
        body = {"properties": {name: good[name] for name in good if name != missing}}
        assert azure.refuses(f"{path}/prod", body).target == f"properties.{missing}"
    azure.put(f"{path}/prod", {"properties": good})
    assert azure.refuses(f"{path}/again", {"properties": good}).code == "Conflict"
    azure.refuses(f"{path}/plain", {"properties": good | {"issuer": "http://x"}})


def test_assignment_says_its_scope_and_kind(azure, principal):
    properties = azure.put(at(GROUP), assignment(principal))["properties"]
    assert properties["scope"] == GROUP
    assert properties["principalType"] == "ServicePrincipal"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"roleDefinitionId": f"/x/{uuid.UUID(int=7)}"}, "RoleDefinitionDoesNotExist"),
        ({"roleDefinitionId": None}, "InvalidRoleAssignmentRequest"),
        ({"principalId": None}, "InvalidRoleAssignmentRequest"),
        ({"principalId": "me"}, "InvalidPrincipalId"),
        ({"principalId": str(uuid.UUID(int=7))}, "PrincipalNotFound"),
        ({"principalType": "User"}, "UnmatchedPrincipalType"),
        ({"scope": "/subscriptions/other"}, "InvalidScope"),
    ],
)
def test_bad_assignment_is_refused(azure, principal, change, code):
    assert azure.refuses(at(GROUP), assignment(principal, **change)).code == code


def test_name_of_an_assignment_is_a_guid(azure, principal):
    refusal = azure.refuses(at(GROUP, "mine"), assignment(principal))
    assert refusal.code == "InvalidRoleAssignmentId"


def test_people_outside_the_directory_get_roles_when_their_kind_is_said(azure):
    body = assignment(str(uuid.uuid4()), principalType="Group")
    assert azure.put(at(GROUP), body)["properties"]["principalType"] == "Group"


def test_same_assignment_twice_is_refused(azure, principal):
    azure.put(at(GROUP), assignment(principal))
    refusal = azure.refuses(at(GROUP), assignment(principal))
    assert (refusal.status, refusal.code) == (409, "RoleAssignmentExists")
    azure.put(at(GROUP), assignment(principal, CONTRIBUTOR))


def test_assignment_cannot_change_but_its_description(azure, principal):
    id_ = at(GROUP)
    azure.put(id_, assignment(principal))
    azure.put(id_, assignment(principal, description="why"))
    refusal = azure.refuses(id_, assignment(principal, CONTRIBUTOR))
    assert refusal.code == "RoleAssignmentUpdateNotPermitted"


def test_lists_show_what_is_inherited(azure, principal):
    account = azure.account()["id"]
    azure.put(at(GROUP), assignment(principal))
    azure.put(at(account), assignment(principal, CONTRIBUTOR))

    def scopes(scope, filter_=""):
        query = {"$filter": filter_} if filter_ else {}
        path = f"{scope}/{AUTHORIZATION}/roleAssignments"
        found = answer(listing.handle, azure, path, **query)["value"]
        return sorted(one["properties"]["scope"] for one in found)

    assert scopes(account) == [GROUP, account]
    assert scopes(GROUP) == [GROUP, account]
    assert scopes(GROUP, "atScope()") == [GROUP]
    assert scopes(GROUP, f"principalId eq '{principal}'") == [GROUP, account]
    assert scopes(GROUP, f"principalId eq '{uuid.uuid4()}'") == []
    with pytest.raises(ArmError, match="filter"):
        scopes(GROUP, "color eq 'red'")


def test_built_in_roles_are_shown_and_found_by_name(azure):
    path = f"{GROUP}/{AUTHORIZATION}/roleDefinitions"
    shown = answer(definitions.handle, azure, f"{path}/{READER}")
    assert shown["properties"]["roleName"] == "Reader"
    named = answer(definitions.handle, azure, path, **{"$filter": "roleName eq 'Reader'"})
    assert [one["name"] for one in named["value"]] == [READER]
    with pytest.raises(ArmError, match="does not exist"):
        answer(definitions.handle, azure, f"{path}/{uuid.UUID(int=1)}")


def test_lock_needs_a_level_and_holds(azure):
    account = azure.account()["id"]
    lock = f"{account}/{AUTHORIZATION}/locks/keep"
    assert azure.refuses(lock, {}).code == "LockLevelNotSpecified"
    assert azure.refuses(lock, {"properties": {"level": "Hard"}}).code == "InvalidLockLevel"
    azure.put(lock, {"properties": {"level": "CanNotDelete"}})
    with pytest.raises(ArmError, match="locked"):
        azure.delete(account)


def test_group_needs_a_region_and_keeps_it(azure):
    other = GROUP.replace("/rg", "/other")
    assert azure.refuses(other, {}).code == "LocationRequired"
    wrong = {"location": "atlantis"}
    assert azure.refuses(other, wrong).code == "LocationNotAvailableForResourceGroup"
    assert azure.refuses(GROUP, {"location": "eastus"}).code == "InvalidResourceLocation"
    assert azure.refuses(f"{other}.", {"location": "eastus"}).code == "InvalidResourceGroup"


def test_policy_assignment_names_a_definition(azure):
    path = f"{GROUP}/{AUTHORIZATION}/policyAssignments/p"
    assert azure.refuses(path, {}).target == "properties.policyDefinitionId"
    policy = f"/{AUTHORIZATION}/policyDefinitions/438c38d2-3772-465a-a9cc-7a6666a275ce"
    shown = azure.put(path, {"properties": {"policyDefinitionId": policy}})
    assert shown["properties"]["enforcementMode"] == "Default"


ROLE = "0b2b8c4e-6a35-4f0c-9d0e-3f6f3c1c7a11"
MODELS = "Microsoft.MachineLearningServices/workspaces/models"


def custom(**changes):
    properties = {
        "roleName": "Model keeper",
        "assignableScopes": [GROUP],
        "permissions": [{"actions": [f"{MODELS}/*"], "notActions": [f"{MODELS}/delete"]}],
    }
    return {"properties": properties | changes}


def role_at(name=ROLE):
    return f"{GROUP}/{AUTHORIZATION}/roleDefinitions/{name}"


def test_a_custom_role_allows_what_it_says_where_it_is_assigned(azure, principal):
    azure.put(role_at(), custom())
    azure.put(at(GROUP), assignment(principal, ROLE))
    caller = azure.ctx.services.principals.by_object_id(principal)

    def may(action, scope=GROUP):
        return rbac.allows(azure.store, caller, action, scope)

    assert may(f"{MODELS}/write", f"{GROUP}/providers/{MODELS}/m")
    assert not may(f"{MODELS}/delete")
    assert not may(f"{MODELS}/write", f"/subscriptions/{SUBSCRIPTION}")
    assert rbac.roles_at(azure.store, caller, GROUP) == ["Model keeper"]
    azure.put(role_at(), custom(permissions=[{"actions": [f"{MODELS}/read"]}]))
    assert may(f"{MODELS}/read")
    assert not may(f"{MODELS}/write")


def test_a_custom_role_reads_back_and_stands_beside_the_built_in_ones(azure):
    made = azure.put(role_at(), custom())
    assert made["properties"]["type"] == "CustomRole"
    assert azure.get(role_at())["properties"]["permissions"][0]["dataActions"] == []
    path = f"{GROUP}/{AUTHORIZATION}/roleDefinitions"
    listed = answer(definitions.handle, azure, path)["value"]
    assert {"Model keeper", "Reader"} <= {each["properties"]["roleName"] for each in listed}
    wanted = answer(definitions.handle, azure, path, **{"$filter": "roleName eq 'Model keeper'"})
    assert [each["name"] for each in wanted["value"]] == [ROLE]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"roleName": ""}, "InvalidRoleDefinition"),
        ({"type": "BuiltInRole"}, "InvalidRoleDefinition"),
        ({"assignableScopes": ["/"]}, "InvalidAssignableScopes"),
        ({"permissions": []}, "InvalidRoleDefinition"),
        ({"permissions": [{"actions": ["write"]}]}, "InvalidActionOrNotAction"),
    ],
)
def test_a_custom_role_that_azure_would_refuse_is_refused(azure, changes, code):
    assert azure.refuses(role_at(), custom(**changes)).code == code


def test_a_built_in_role_cannot_be_changed_and_names_are_unique(azure):
    assert azure.refuses(role_at(READER), custom()).code == "RoleDefinitionUpdateNotPermitted"
    assert azure.refuses(role_at("mine"), custom()).code == "InvalidRoleDefinitionId"
    azure.put(role_at(), custom())
    other = role_at(str(uuid.uuid4()))
    assert azure.refuses(other, custom()).code == "RoleDefinitionWithSameNameExists"


def test_a_custom_role_is_assigned_within_its_scopes_only_and_stays_while_it_is(azure, principal):
    azure.put(role_at(), custom())
    wide = at(f"/subscriptions/{SUBSCRIPTION}")
    refused = azure.refuses(wide, assignment(principal, ROLE))
    assert refused.code == "RoleDefinitionNotAssignableAtScope"
    made = at(GROUP)
    azure.put(made, assignment(principal, ROLE))
    with pytest.raises(ArmError, match="existing role assignments"):
        azure.delete(role_at())
    azure.delete(made)
    azure.delete(role_at())
    unknown = azure.refuses(at(GROUP), assignment(principal, ROLE))
    assert unknown.code == "RoleDefinitionDoesNotExist"
