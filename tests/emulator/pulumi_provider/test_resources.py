"""Create, read, update and delete against an ARM in memory."""

from __future__ import annotations

import httpx
import pytest

from emulator.pulumi_provider.answers import AzureError
from emulator.pulumi_provider.arm import ArmClient, CancelledError
from emulator.pulumi_provider.config import Config
from emulator.pulumi_provider.resources import AlreadyExistsError
from emulator.pulumi_provider.state import refreshed_inputs
from emulator.pulumi_provider.values import UNKNOWN, Secret, plain
from shapes import catalog
from tests.emulator.pulumi_provider.conftest import CONFIG

URN = "urn:pulumi:dev::p::azure-native:storage:StorageAccount::data"
GROUP = "/subscriptions/sub/resourceGroups/rg"
ACCOUNT_ID = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/mlopsdata"
ACCOUNT = {
    "accountName": "mlopsdata",
    "resourceGroupName": "rg",
    "location": "westeurope",
    "kind": "StorageV2",
    "sku": {"name": "Standard_ZRS"},
    "enableHttpsTrafficOnly": True,
    "networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"iPAddressOrRange": "1.2.3.4"}]},
    "identity": {"type": "UserAssigned", "userAssignedIdentities": [f"{GROUP}/providers/x/y/id"]},
}
STORAGE = catalog.resource("azure-native:storage:StorageAccount")
BLOBS = catalog.resource("azure-native:storage:BlobServiceProperties")
NETWORK = catalog.resource("azure-native:network:VirtualNetwork")


def test_create_sends_the_body_that_arm_takes(resources, arm):
    made = resources.create(URN, STORAGE, ACCOUNT)
    assert made.id == ACCOUNT_ID
    body = arm.resources[ACCOUNT_ID.lower()]
    assert body["properties"] == {
        "supportsHttpsTrafficOnly": True,
        "networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "1.2.3.4"}]},
    }
    assert body["identity"]["userAssignedIdentities"] == {f"{GROUP}/providers/x/y/id": {}}
    assert "resourceGroupName" not in body
    assert made.outputs["enableHttpsTrafficOnly"] is True
    assert made.outputs["azureApiVersion"] == "2024-01-01"
    assert made.outputs["networkRuleSet"] == ACCOUNT["networkRuleSet"]


def test_create_refuses_what_it_did_not_make(resources, arm):
    arm.resources[ACCOUNT_ID.lower()] = {"id": ACCOUNT_ID}
    with pytest.raises(
        AlreadyExistsError, match=r"cannot create already existing resource .* import it"
    ):
        resources.create(URN, STORAGE, ACCOUNT)
    assert ("PUT", ACCOUNT_ID) not in arm.calls


def test_create_goes_on_with_what_an_interrupted_update_began(resources, arm, said):
    resources.create(URN, STORAGE, ACCOUNT)  # and the engine dies before it hears of it
    resources.create(URN, STORAGE, ACCOUNT)
    assert "interrupted" in said[0]
    with pytest.raises(AlreadyExistsError):
        resources.create(URN + "2", STORAGE, ACCOUNT)
    resources.read(ACCOUNT_ID, STORAGE, ACCOUNT)  # now the engine's state knows it
    with pytest.raises(AlreadyExistsError):
        resources.create(URN, STORAGE, ACCOUNT)


def test_a_refused_creation_leaves_no_claim(resources, arm):
    refused = httpx.Response(
        409, json={"error": {"code": "StorageAccountAlreadyTaken", "message": "taken"}}
    )
    arm.faults = [None, refused]
    with pytest.raises(AzureError, match='Code="StorageAccountAlreadyTaken" Message="taken"'):
        resources.create(URN, STORAGE, ACCOUNT)
    assert not resources.journal.began(ACCOUNT_ID, URN)


def test_what_always_exists_is_made_by_put_and_reset_on_delete(resources, arm):
    inputs = {
        "accountName": "a",
        "resourceGroupName": "rg",
        "blobServicesName": "default",
        "isVersioningEnabled": True,
    }
    made = resources.create(URN, BLOBS, inputs)
    assert made.id.endswith("/storageAccounts/a/blobServices/default")
    assert [call[0] for call in arm.calls] == ["PUT"]
    resources.delete(made.id, BLOBS)
    assert arm.resources[made.id.lower()]["properties"] == {}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_is_retried(resources, arm, status):
    arm.faults = [httpx.Response(status, headers={"Retry-After": "0"})]
    assert resources.create(URN, STORAGE, ACCOUNT).id == ACCOUNT_ID


def test_a_lost_reply_is_asked_for_again(resources, arm):
    arm.faults = [None, httpx.ReadError("reset")]
    assert resources.create(URN, STORAGE, ACCOUNT).id == ACCOUNT_ID


def test_an_azure_that_stays_away_is_reported_with_what_to_do(resources, arm):
    arm.faults = [httpx.ConnectError("refused")] * 50
    with pytest.raises(AzureError, match="no answer from Azure: refused"):
        resources.create(URN, STORAGE, ACCOUNT)


def test_a_sign_in_that_fails_is_tried_once_for_all_who_wait(tmp_path):
    tried = []

    def handle(request: httpx.Request) -> httpx.Response:
        tried.append(request.url.host)
        return httpx.Response(401, json={"error": "invalid_client", "error_description": "wrong"})

    client = ArmClient(CONFIG, httpx.MockTransport(handle), patience=1.0)
    for _ in range(3):
        with pytest.raises(AzureError, match=r"invalid_client.*wrong"):
            client.get("/subscriptions/sub", "2024-01-01")
    assert tried == ["login.microsoftonline.com"]


def test_a_missing_credential_is_named():
    client = ArmClient(Config(subscription_id="sub", tenant_id="t"), patience=1.0)
    with pytest.raises(AzureError, match="without clientId, clientSecret"):
        client.get("/subscriptions/sub", "2024-01-01")


def test_cancel_stops_waiting(resources, arm):
    resources.client.cancel()
    with pytest.raises(CancelledError):
        resources.create(URN, STORAGE, ACCOUNT)


def test_a_long_operation_is_followed_to_its_end(resources, arm):
    monitor = "https://management.azure.com/subscriptions/sub/operations/1"
    running = {"Azure-AsyncOperation": monitor, "Retry-After": "0.01"}
    done = httpx.Response(200, json={"status": "Succeeded"})
    arm.resources[ACCOUNT_ID.lower()] = {
        "id": ACCOUNT_ID,
        "properties": {"provisioningState": "Succeeded"},
    }
    missing = httpx.Response(404, json={"error": {"code": "NotFound", "message": "no"}})
    started = httpx.Response(202, headers=running)
    waiting = httpx.Response(200, json={"status": "InProgress"}, headers=running)
    arm.faults = [missing, started, waiting, done]
    assert resources.create(URN, STORAGE, ACCOUNT).outputs["provisioningState"] == "Succeeded"


def test_a_long_operation_that_fails_says_why(resources, arm):
    monitor = "https://management.azure.com/subscriptions/sub/operations/1"
    missing = httpx.Response(404, json={})
    failed = httpx.Response(
        200, json={"status": "Failed", "error": {"code": "SkuNotAvailable", "message": "none left"}}
    )
    arm.faults = [
        missing,
        httpx.Response(202, headers={"Azure-AsyncOperation": monitor, "Retry-After": "0.01"}),
        failed,
    ]
    with pytest.raises(AzureError, match=r"SkuNotAvailable.*none left"):
        resources.create(URN, STORAGE, ACCOUNT)


def test_refresh_shows_drift_only_in_what_the_program_set(resources, arm):
    resources.create(URN, STORAGE, ACCOUNT)
    body = arm.resources[ACCOUNT_ID.lower()]
    body["properties"]["networkAcls"]["defaultAction"] = "Allow"
    body["properties"]["minimumTlsVersion"] = "TLS1_0"
    body["kind"] = "storagev2"
    found = resources.read(ACCOUNT_ID, STORAGE, ACCOUNT)
    rules = {**ACCOUNT["networkRuleSet"], "defaultAction": "Allow"}
    assert found.inputs == {**ACCOUNT, "networkRuleSet": rules}
    assert found.outputs["minimumTlsVersion"] == "TLS1_0"


def test_a_refresh_after_nothing_happened_changes_nothing(resources):
    resources.create(URN, STORAGE, ACCOUNT)
    assert resources.read(ACCOUNT_ID, STORAGE, ACCOUNT).inputs == ACCOUNT


def test_what_a_service_adds_inside_an_entry_of_a_map_is_no_drift():
    registry = catalog.resource("azure-native:containerregistry:Registry")
    identity = {"type": "UserAssigned", "userAssignedIdentities": {"/id/one": {}}}
    held = {"/id/one": {"principalId": "p", "clientId": "c"}, "/id/two": {"principalId": "q"}}
    body = {"identity": {"type": "UserAssigned", "userAssignedIdentities": held}}
    read = refreshed_inputs({"identity": identity}, ACCOUNT_ID, body, registry)
    assert read["identity"]["userAssignedIdentities"] == {
        "/id/one": {},
        "/id/two": {"principalId": "q"},
    }


def test_who_an_identity_is_is_no_drift_where_its_map_may_hold_anything():
    factory = catalog.resource("azure-native:datafactory:Factory")
    identity = {"type": "UserAssigned", "userAssignedIdentities": {"/id/One": {}}}
    held = {"/id/one": {"principalId": "p"}, "/id/two": {"principalId": "q"}}
    body = {"identity": {"type": "UserAssigned", "userAssignedIdentities": held}}
    read = refreshed_inputs({"identity": identity}, ACCOUNT_ID, body, factory)
    assert read["identity"]["userAssignedIdentities"] == {"/id/One": {}, "/id/two": {}}


def test_import_reads_all_that_a_program_could_have_written(resources):
    resources.create(URN, STORAGE, ACCOUNT)
    assert resources.read(ACCOUNT_ID, STORAGE, None).inputs == ACCOUNT


def test_import_refuses_the_id_of_another_type(resources, arm):
    arm.resources[f"{GROUP}/providers/microsoft.network/virtualnetworks/v".lower()] = {
        "properties": {}
    }
    with pytest.raises(ValueError, match="not the id of a azure-native:storage:StorageAccount"):
        resources.read(f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v", STORAGE, None)


def test_what_is_gone_is_read_as_nothing_and_deleted_without_a_word(resources):
    assert resources.read(ACCOUNT_ID, STORAGE, ACCOUNT) is None
    resources.delete(ACCOUNT_ID, STORAGE)


def test_an_update_keeps_the_children_that_have_types_of_their_own(resources, arm):
    inputs = {
        "virtualNetworkName": "v",
        "resourceGroupName": "rg",
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
    }
    made = resources.create(URN, NETWORK, inputs)
    arm.resources[made.id.lower()]["properties"]["subnets"] = [
        {"name": "a", "properties": {"addressPrefix": "10.0.1.0/24"}}
    ]
    resources.update(made.id, NETWORK, {**inputs, "tags": {"a": "b"}})
    body = arm.resources[made.id.lower()]
    assert body["tags"] == {"a": "b"}
    assert body["properties"]["subnets"][0]["name"] == "a"
    resources.update(made.id, NETWORK, {**inputs, "subnets": []})
    assert arm.resources[made.id.lower()]["properties"]["subnets"] == []


def test_secrets_go_out_plain_and_come_back_secret(resources, arm):
    shape = catalog.resource("azure-native:keyvault:Secret")
    inputs = {
        "secretName": "s",
        "vaultName": "v",
        "resourceGroupName": "rg",
        "properties": {"value": Secret("hush")},
        "tags": {"note": Secret("psst")},
    }
    made = resources.create(URN, shape, inputs)
    assert arm.resources[made.id.lower()]["properties"] == {"value": "hush"}
    assert made.outputs["properties"]["value"] == Secret("hush")
    assert made.outputs["tags"]["note"] == Secret("psst")


def test_a_preview_knows_what_was_given_and_nothing_else(resources):
    outputs = resources.preview_create(STORAGE, {**ACCOUNT, "tags": {"a": UNKNOWN}})
    assert outputs["name"] == "mlopsdata"
    assert outputs["kind"] == "StorageV2"
    assert outputs["primaryEndpoints"] is UNKNOWN
    assert outputs["tags"] == {"a": UNKNOWN}
    assert plain(outputs["networkRuleSet"])["bypass"] is UNKNOWN
    assert outputs["identity"]["principalId"] is UNKNOWN
    assert outputs["identity"]["userAssignedIdentities"] is UNKNOWN


def test_nothing_unknown_is_ever_sent(resources, arm):
    with pytest.raises(ValueError, match="accountName is still unknown"):
        resources.create(URN, STORAGE, {**ACCOUNT, "accountName": UNKNOWN})
    assert arm.calls == []
