"""What ARM does with every resource, whatever its type."""

import json

import pytest

from tests.emulator.core.conftest import ARM, GROUP, SUBSCRIPTION, Azure, refused

# A type that no folder of `providers` knows: the generic behaviour alone.
THING = f"{GROUP}/providers/Microsoft.Example/things/one"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/worker"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def test_a_put_creates_and_the_same_put_again_changes_nothing(azure: Azure):
    first = azure.put(THING, {"location": "westeurope", "properties": {"size": 1}})
    again = azure.put(THING, {"location": "West Europe", "properties": {"size": 1}})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert first.json()["properties"] == {"size": 1, "provisioningState": "Succeeded"}


def test_a_resource_has_arms_shape(azure: Azure):
    shown = azure.made(THING, {"location": "westeurope", "tags": {"a": "b"}})
    assert shown["id"] == THING
    assert shown["name"] == "one"
    assert shown["type"] == "Microsoft.Example/things"
    assert shown["tags"] == {"a": "b"}
    assert shown["systemData"]["createdByType"] == "Application"


def test_ids_keep_the_spelling_they_were_created_with(azure: Azure):
    azure.made(THING, {"location": "westeurope"})
    assert (
        azure.get(THING.upper().replace("/SUBSCRIPTIONS", "/subscriptions")).json()["id"] == THING
    )
    azure.made(THING.lower(), {"location": "westeurope", "tags": {"x": "y"}})
    assert azure.get(THING).json()["id"] == THING


def test_a_request_without_an_api_version_is_refused(azure: Azure):
    refused(azure.get(f"{ARM}{GROUP}"), 400, "MissingApiVersionParameter")


def test_a_request_without_a_token_is_refused(azure: Azure):
    azure.who = None
    refused(azure.get(GROUP), 401, "AuthenticationFailed")


def test_a_token_for_another_audience_is_refused(azure: Azure):
    azure.audience = "https://storage.azure.com"
    refused(azure.get(GROUP), 401, "InvalidAuthenticationTokenAudience")


def test_a_token_signed_by_somebody_else_is_refused(azure: Azure):
    head, body, _ = azure.token().split(".")
    answer = azure.get(GROUP, headers={"authorization": f"Bearer {head}.{body}.c2lnbmF0dXJl"})
    refused(answer, 401, "AuthenticationFailed")


def test_parents_must_exist(azure: Azure):
    nowhere = f"{SUBSCRIPTION}/resourceGroups/none/providers/Microsoft.Example/things/one"
    assert "none" in refused(azure.put(nowhere, {}), 404, "ResourceGroupNotFound")
    message = refused(azure.put(f"{THING}/parts/p", {}), 404, "ParentResourceNotFound")
    assert THING in message
    assert azure.get(f"{GROUP}/resources").json() == {"value": []}


def test_another_subscription_is_not_found(azure: Azure):
    other = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg"
    refused(azure.get(other), 404, "SubscriptionNotFound")
    refused(azure.put(other, {"location": "westeurope"}), 404, "SubscriptionNotFound")


def test_what_is_not_there_is_not_found(azure: Azure):
    assert "things/one" in refused(azure.get(THING), 404, "ResourceNotFound")
    refused(azure.get(f"{SUBSCRIPTION}/resourceGroups/none"), 404, "ResourceGroupNotFound")
    refused(azure.patch(THING, {"tags": {}}), 404, "ResourceNotFound")
    assert azure.delete(THING).status_code == 204


def test_head_says_whether_a_resource_is_there(azure: Azure):
    assert azure.ask("HEAD", GROUP).status_code == 204
    assert azure.ask("HEAD", THING).status_code == 404


def test_patch_merges_properties_and_replaces_tags(azure: Azure):
    body = {"location": "westeurope", "tags": {"a": "1", "b": "2"}, "properties": {"x": 1, "y": 2}}
    azure.made(THING, body)
    changed = azure.patch(THING, {"tags": {"a": "3"}, "properties": {"y": None, "z": 4}}).json()
    assert changed["tags"] == {"a": "3"}
    assert changed["properties"] == {"x": 1, "z": 4, "provisioningState": "Succeeded"}


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({"tags": {"a": 1}}, "tags"),
        ({"tags": ["a"]}, "tags"),
        ({"properties": []}, "properties"),
        ({"sku": "Standard"}, "sku"),
        ({"identity": "SystemAssigned"}, "identity"),
    ],
)
def test_common_parts_of_the_wrong_shape_are_refused_by_name(azure: Azure, body, target):
    answer = azure.put(THING, {"location": "westeurope"} | body)
    assert target in refused(answer, 400, "InvalidRequestContent")
    assert answer.json()["error"]["target"] == target


def test_a_body_that_is_no_json_object_is_refused(azure: Azure):
    for content in ("{", "[]", '"text"'):
        answer = azure.ask("PUT", THING, content=content)
        refused(answer, 400, "InvalidRequestContent")


def test_a_change_of_location_is_refused(azure: Azure):
    azure.made(THING, {"location": "westeurope"})
    message = refused(azure.put(THING, {"location": "eastus"}), 409, "InvalidResourceLocation")
    assert "westeurope" in message


def test_if_match_protects_from_a_lost_update(azure: Azure):
    etag = azure.made(THING, {"location": "westeurope"})["etag"]
    azure.made(THING, {"location": "westeurope", "tags": {"by": "other"}})
    stale = {"if-match": etag}
    refused(azure.put(THING, {"tags": {}}, headers=stale), 412, "PreconditionFailed")
    refused(azure.delete(THING, headers=stale), 412, "PreconditionFailed")
    new = azure.put(THING, {}, headers={"if-none-match": "*"})
    refused(new, 412, "PreconditionFailed")
    assert azure.get(THING).json()["tags"] == {"by": "other"}


def test_deleting_a_group_deletes_what_is_in_it(azure: Azure):
    azure.made(THING, {"location": "westeurope"})
    azure.made(f"{THING}/parts/p", {})
    assert azure.delete(GROUP).status_code == 200
    for id_ in (THING, f"{THING}/parts/p"):
        assert azure.get(id_).status_code == 404


def test_deleting_a_resource_deletes_its_children_but_not_its_siblings(azure: Azure):
    for id_ in (THING, f"{THING}/parts/p", f"{THING}-two"):
        azure.made(id_, {"location": "westeurope"})
    assert azure.delete(THING).status_code == 200
    assert azure.get(f"{THING}/parts/p").status_code == 404
    assert azure.get(f"{THING}-two").status_code == 200


def test_lists_hold_what_stands_directly_there(azure: Azure):
    for id_ in (THING, f"{THING}/parts/p", f"{THING}/parts/q"):
        azure.made(id_, {"location": "westeurope"})
    other = f"{SUBSCRIPTION}/resourceGroups/other"
    azure.made(other, {"location": "westeurope"})
    azure.made(THING.replace(GROUP, other), {"location": "westeurope"})

    def names(path: str) -> list[str]:
        return [one["id"] for one in azure.get(path).json()["value"]]

    things = "/providers/Microsoft.Example/things"
    assert names(f"{GROUP}{things}") == [THING]
    assert names(f"{SUBSCRIPTION}{things}") == [THING, THING.replace(GROUP, other)]
    assert names(f"{THING}/parts") == [f"{THING}/parts/p", f"{THING}/parts/q"]
    assert names(f"{SUBSCRIPTION}/resourcegroups") == [GROUP, other]
    assert names(f"{GROUP}/resources") == [THING]
    assert names(f"{SUBSCRIPTION}/resources") == [THING, THING.replace(GROUP, other)]


def test_a_lock_stops_deletion_until_it_is_gone(azure: Azure):
    azure.made(THING, {"location": "westeurope"})
    lock = f"{THING}/providers/Microsoft.Authorization/locks/keep"
    azure.made(lock, {"properties": {"level": "CanNotDelete"}})
    for id_ in (THING, GROUP):
        assert "keep" in refused(azure.delete(id_), 409, "ScopeLocked")
    azure.made(THING, {"location": "westeurope", "tags": {"still": "writable"}})
    assert azure.delete(lock).status_code == 200
    assert azure.delete(THING).status_code == 200


def test_a_read_only_lock_stops_changes_and_actions(azure: Azure):
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/locked1"
    body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    azure.made(account, body)
    lock = f"{GROUP}/providers/Microsoft.Authorization/locks/frozen"
    azure.made(lock, {"properties": {"level": "ReadOnly"}})
    refused(azure.put(account, body | {"tags": {"a": "b"}}), 409, "ScopeLocked")
    refused(azure.post(f"{account}/listKeys"), 409, "ScopeLocked")
    assert azure.get(account).status_code == 200


def test_a_principal_without_a_role_may_do_nothing_and_a_reader_may_read(azure: Azure):
    deployer = azure.who
    worker = azure.made(IDENTITY, {"location": "westeurope"})["properties"]["principalId"]
    azure.made(THING, {"location": "westeurope"})
    azure.who = azure.services.principals.by_object_id(worker)
    message = refused(azure.get(THING), 403, "AuthorizationFailed")
    assert "Microsoft.Example/things/read" in message
    azure.who = deployer
    definition = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    azure.made(
        f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/11111111-1111-1111-1111-111111111111",
        {"properties": {"roleDefinitionId": definition, "principalId": worker}},
    )
    azure.who = azure.services.principals.by_object_id(worker)
    assert azure.get(THING).status_code == 200
    refused(azure.put(THING, {"tags": {"a": "b"}}), 403, "AuthorizationFailed")
    refused(azure.delete(THING), 403, "AuthorizationFailed")


def test_a_system_assigned_identity_keeps_its_id_until_it_is_given_up(azure: Azure):
    asked = {"location": "westeurope", "identity": {"type": "SystemAssigned"}}
    own = azure.made(THING, asked)["identity"]["principalId"]
    again = azure.made(THING, asked | {"tags": {"a": "b"}})
    assert again["identity"]["principalId"] == own
    assert azure.services.principals.by_object_id(own) is not None
    azure.made(THING, {"location": "westeurope", "identity": {"type": "None"}})
    assert azure.services.principals.by_object_id(own) is None


def test_a_deleted_resource_takes_its_identity_with_it(azure: Azure):
    own = azure.made(THING, {"location": "westeurope", "identity": {"type": "SystemAssigned"}})
    azure.delete(THING)
    assert azure.services.principals.by_object_id(own["identity"]["principalId"]) is None


def test_an_unknown_user_assigned_identity_is_refused(azure: Azure):
    identity = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    answer = azure.put(THING, {"location": "westeurope", "identity": identity})
    assert "worker" in refused(answer, 400, "FailedIdentityOperation")
    azure.made(IDENTITY, {"location": "westeurope"})
    shown = azure.made(THING, {"location": "westeurope", "identity": identity})
    assert shown["identity"]["userAssignedIdentities"][IDENTITY]["clientId"]


def test_globally_unique_names_are_taken_across_groups(azure: Azure):
    body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    azure.made(f"{GROUP}/providers/Microsoft.Storage/storageAccounts/unique1", body)
    other = f"{SUBSCRIPTION}/resourceGroups/other"
    azure.made(other, {"location": "westeurope"})
    answer = azure.put(f"{other}/providers/Microsoft.Storage/storageAccounts/unique1", body)
    refused(answer, 409, "StorageAccountAlreadyTaken")


def test_a_refused_write_leaves_nothing_behind(azure: Azure):
    before = azure.services.store.under("")
    answer = azure.put(
        f"{GROUP}/providers/Microsoft.Storage/storageAccounts/Not_Allowed",
        {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"},
         "identity": {"type": "SystemAssigned"}},
    )  # fmt: skip
    assert answer.status_code == 400
    assert azure.services.store.under("") == before
    assert [one.name for one in azure.services.principals.all()] == ["deployer"]


def test_an_unknown_type_is_stored_and_said_once(azure: Azure, caplog):
    for number in (1, 2):
        azure.made(f"{GROUP}/providers/Microsoft.Unheard/ofs/{number}", {"location": "westeurope"})
    said = [one.getMessage() for one in caplog.records if "Microsoft.Unheard/ofs" in one.message]
    assert len(said) == 1


def test_an_unknown_action_is_refused(azure: Azure):
    azure.made(THING, {"location": "westeurope"})
    answer = azure.post(f"{THING}/explode")
    assert "explode" in refused(answer, 404, "UnsupportedOperation")


def test_a_provider_can_be_registered_and_asked_about(azure: Azure):
    path = f"{SUBSCRIPTION}/providers/Microsoft.Storage"
    assert azure.post(f"{path}/register").json()["registrationState"] == "Registered"
    assert azure.get(path).json()["namespace"] == "Microsoft.Storage"


def test_subscription_and_tenant_are_shown(azure: Azure):
    shown = azure.get(SUBSCRIPTION).json()
    assert shown["state"] == "Enabled"
    assert azure.get("/subscriptions").json()["value"] == [shown]
    assert azure.get("/tenants").json()["value"][0]["tenantId"] == shown["tenantId"]


def test_the_request_log_has_no_query_no_body_and_no_token(azure: Azure):
    azure.log.truncate(0)
    azure.log.seek(0)
    azure.put(THING, {"location": "westeurope", "properties": {"password": "hunter2"}})
    (line,) = azure.log.getvalue().splitlines()
    entry = json.loads(line)
    assert (entry["method"], entry["status"], entry["as"]) == ("PUT", 201, "deployer")
    assert "hunter2" not in line
    assert "Bearer" not in line
    assert "api-version" not in line


def test_a_host_without_an_api_is_not_found(azure: Azure):
    assert azure.get("https://graph.microsoft.com/v1.0/me").status_code == 404
