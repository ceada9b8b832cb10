"""Factories: their network, their documents and their triggers."""

import copy
import json
from typing import Any

import pytest
from azure.mgmt.datafactory import models

from emulator.arm.errors import ArmError
from tests.emulator.providers.world import GROUP, located

FACTORY = "Microsoft.DataFactory/factories/adf-mlops"
NETWORK = f"{FACTORY}/managedVirtualNetworks/default"
ENDPOINT = f"{NETWORK}/managedPrivateEndpoints/lake"
RUNTIME = f"{FACTORY}/integrationRuntimes/managed"
CREDENTIAL = f"{FACTORY}/credentials/factory"
LAKE = f"{FACTORY}/linkedservices/lake"
FILE = f"{FACTORY}/datasets/lake_file"
INGEST = f"{FACTORY}/pipelines/ingest"
TRIGGER = f"{FACTORY}/triggers/new_data"


def properties(**values: object) -> dict[str, Any]:
    return {"properties": values}


def reference(kind: str, name: str) -> dict[str, str]:
    return {"type": f"{kind}Reference", "referenceName": name}


@pytest.fixture
def identity(azure):
    path = "Microsoft.ManagedIdentity/userAssignedIdentities/id-adf"
    return azure.put(path, {"location": "westeurope"})["id"]


def body(identity: str, **values: object) -> dict[str, Any]:
    mine = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    return {**located(publicNetworkAccess="Disabled", **values), "identity": mine}


@pytest.fixture
def factory(azure, identity):
    return azure.put(FACTORY, body(identity))


def runtime() -> dict[str, Any]:
    return properties(
        type="Managed",
        managedVirtualNetwork=reference("ManagedVirtualNetwork", "default"),
        typeProperties={"computeProperties": {"location": "westeurope"}},
    )


def lake(**values: object) -> dict[str, Any]:
    inner = {
        "url": "https://stmlops.dfs.core.windows.net",
        "credential": reference("Credential", "factory"),
    }
    via = reference("IntegrationRuntime", "managed")
    return properties(type="AzureBlobFS", typeProperties=inner, connectVia=via, **values)


def dataset() -> dict[str, Any]:
    return properties(type="Binary", linkedServiceName=reference("LinkedService", "lake"))


def activity(name: str, *before: str, **values: object) -> dict[str, Any]:
    waits = [{"activity": one, "dependencyConditions": ["Succeeded"]} for one in before]
    return {"name": name, "type": "Copy", "dependsOn": waits, **values}


def pipeline(*activities: dict[str, Any]) -> dict[str, Any]:
    copies = activities or (
        activity(
            "copy",
            inputs=[reference("Dataset", "lake_file")],
            outputs=[reference("Dataset", "lake_file")],
            typeProperties={"source": {"type": "BinarySource"}, "sink": {"type": "BinarySink"}},
        ),
    )
    return properties(activities=list(copies), concurrency=1)


def trigger(account: str, **values: object) -> dict[str, Any]:
    inner = {
        "scope": account,
        "events": ["Microsoft.Storage.BlobCreated"],
        "blobPathBeginsWith": "/raw/blobs/",
        "ignoreEmptyBlobs": True,
    }
    starts = [{"pipelineReference": reference("Pipeline", "ingest"), "parameters": {}}]
    return properties(type="BlobEventsTrigger", typeProperties=inner | values, pipelines=starts)


@pytest.fixture
def filled(azure, factory, identity):
    given = properties(type="ManagedIdentity", typeProperties={"resourceId": identity})
    azure.put(CREDENTIAL, given)
    azure.put(RUNTIME, runtime())
    azure.put(LAKE, lake())
    azure.put(FILE, dataset())
    azure.put(INGEST, pipeline())
    return factory


def test_factory_reads_back_through_the_official_models(azure, identity):
    first = azure.put(FACTORY, body(identity))
    assert azure.put(FACTORY, body(identity)) == first
    assert azure.put(FACTORY, copy.deepcopy(first)) == first
    found = models.Factory(azure.get(FACTORY))
    assert found.properties.public_network_access == "Disabled"
    assert found.identity.type == "UserAssigned"
    assert list(found.identity.user_assigned_identities) == [identity]
    assert found.properties.provisioning_state == "Succeeded"
    assert found.properties.create_time


@pytest.mark.parametrize(
    "change",
    [
        {"publicNetworkAccess": "Perhaps"},
        {"purviewConfiguration": {"purviewResourceId": "/subscriptions/s/nothing"}},
        {"repoConfiguration": {"type": "FactoryGitHubConfiguration"}},
        {"encryption": {"keyName": "k", "vaultBaseUrl": "https://v.vault.azure.net"}},
        {"globalParameters": {"a": {"type": "Word", "value": "x"}}},
    ],
)
def test_bad_factory_is_refused(azure, identity, change):
    given = body(identity)
    given["properties"] |= change
    assert azure.refuses(FACTORY, given).status == 400


def test_factory_has_the_identities_that_it_says(azure, identity):
    none = body(identity) | {"identity": {"type": "UserAssigned"}}
    assert azure.refuses(FACTORY, none).target == "identity.userAssignedIdentities"
    azure.refuses("Microsoft.DataFactory/factories/a--b", body(identity))


@pytest.mark.usefixtures("factory")
def test_runtime_brings_the_managed_network(azure):
    assert azure.put(RUNTIME, runtime()) == azure.put(RUNTIME, runtime())
    found = models.IntegrationRuntimeResource(azure.get(RUNTIME)).properties
    assert isinstance(found, models.ManagedIntegrationRuntime)
    assert found.managed_virtual_network.reference_name == "default"
    assert found.compute_properties.location == "westeurope"
    network = models.ManagedVirtualNetworkResource(azure.get(NETWORK)).properties
    assert network.v_net_id
    assert azure.put(NETWORK, {})["properties"]["vNetId"] == network.v_net_id
    with pytest.raises(ArmError, match="referenced by managed"):
        azure.delete(NETWORK)
    other = runtime()
    other["properties"]["managedVirtualNetwork"]["referenceName"] = "mine"
    azure.refuses(RUNTIME, other)
    azure.refuses(f"{FACTORY}/managedVirtualNetworks/mine", {})


def endpoint(target: str, group: str = "dfs") -> dict[str, Any]:
    return properties(privateLinkResourceId=target, groupId=group)


@pytest.mark.usefixtures("factory")
def test_managed_endpoint_waits_for_the_owner_of_its_target(azure):
    account = azure.account()["id"]
    assert azure.refuses(ENDPOINT, endpoint(account)).code == "ParentResourceNotFound"
    azure.put(NETWORK, {})
    first = azure.put(ENDPOINT, endpoint(account))
    assert azure.put(ENDPOINT, endpoint(account)) == first
    found = models.ManagedPrivateEndpointResource(azure.get(ENDPOINT)).properties
    assert (found.private_link_resource_id, found.group_id) == (account, "dfs")
    assert found.connection_state.status == "Pending"
    (shown,) = azure.get(account)["properties"]["privateEndpointConnections"]
    assert shown["properties"]["privateLinkServiceConnectionState"]["status"] == "Pending"
    answer = {"status": "Approved", "description": "ours"}
    approved = properties(privateLinkServiceConnectionState=answer)
    azure.put(shown["id"], approved)
    assert azure.put(shown["id"], approved) == azure.get(shown["id"])
    assert azure.get(ENDPOINT)["properties"]["connectionState"]["status"] == "Approved"
    assert azure.put(ENDPOINT, endpoint(account)) == azure.get(ENDPOINT)
    again = properties(privateLinkServiceConnectionState={"status": "Pending"})
    assert azure.refuses(shown["id"], again).code == "InvalidConnectionState"
    azure.delete(ENDPOINT)
    assert azure.get(account)["properties"]["privateEndpointConnections"] == []


@pytest.mark.usefixtures("factory")
def test_rejected_and_removed_connections_are_no_more(azure):
    account = azure.account()["id"]
    azure.put(NETWORK, {})
    azure.put(ENDPOINT, endpoint(account))
    (shown,) = azure.get(account)["properties"]["privateEndpointConnections"]
    rejected = properties(privateLinkServiceConnectionState={"status": "Rejected"})
    azure.put(shown["id"], rejected)
    approved = properties(privateLinkServiceConnectionState={"status": "Approved"})
    assert azure.refuses(shown["id"], approved).code == "InvalidConnectionState"
    azure.delete(shown["id"])
    assert azure.get(ENDPOINT)["properties"]["connectionState"]["status"] == "Disconnected"
    assert azure.refuses(shown["id"], approved).code == "PrivateEndpointConnectionNotFound"


@pytest.mark.usefixtures("factory")
def test_managed_endpoint_leads_to_a_target_and_a_group_that_it_has(azure):
    account = azure.account()["id"]
    azure.put(NETWORK, {})
    for given, code in (
        (endpoint(f"{account}x"), "InvalidResourceReference"),
        (endpoint(account, "vault"), "PrivateEndpointGroupIdInvalid"),
        (endpoint(azure.network()["id"]), "PrivateLinkServiceTypeNotSupported"),
    ):
        assert azure.refuses(ENDPOINT, given).code == code
    azure.put(ENDPOINT, endpoint(account))
    assert azure.refuses(ENDPOINT, endpoint(account, "blob")).code == "PropertyChangeNotAllowed"


@pytest.mark.usefixtures("filled")
def test_documents_read_back_through_the_official_models(azure):
    service = models.LinkedServiceResource(azure.get(LAKE)).properties
    assert isinstance(service, models.AzureBlobFSLinkedService)
    assert service.credential.reference_name == "factory"
    assert service.connect_via.reference_name == "managed"
    data = models.DatasetResource(azure.get(FILE)).properties
    assert data.linked_service_name.reference_name == "lake"
    steps = models.PipelineResource(azure.get(INGEST)).activities
    assert [one.name for one in steps] == ["copy"]
    assert models.CredentialResource(azure.get(CREDENTIAL)).properties.type == "ManagedIdentity"
    assert "provisioningState" not in azure.get(LAKE)["properties"]
    assert azure.put(LAKE, lake()) == azure.get(LAKE)
    assert azure.put(INGEST, pipeline()) == azure.get(INGEST)


@pytest.mark.usefixtures("filled")
def test_secrets_of_linked_services_are_never_shown(azure):
    path = f"{FACTORY}/linkedservices/sql"
    secret = {"type": "SecureString", "value": "hidden"}
    given = properties(type="AzureSqlDatabase", typeProperties={"password": secret})
    first = azure.put(path, given)
    assert azure.put(path, given) == first
    assert first["properties"]["typeProperties"]["password"]["value"] == "**********"
    assert "hidden" not in json.dumps(azure.store.get(azure.id(path)))
    store = {"type": "AzureKeyVaultSecret", "store": reference("LinkedService", "lake")}
    wrong = properties(type="AzureSqlDatabase", typeProperties={"password": store})
    assert "AzureKeyVault" in azure.refuses(path, wrong).message


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("path", "given"),
    [
        (LAKE, properties(type="AzureBlobFS")),
        (LAKE, lake(extra=reference("IntegrationRuntime", "none"))),
        (FILE, properties(type="Binary")),
        (FILE, properties(type="Binary", linkedServiceName=reference("LinkedService", "none"))),
        (INGEST, pipeline(activity("a", inputs=[reference("Dataset", "none")]))),
        (INGEST, pipeline(activity("a"), activity("a"))),
        (INGEST, pipeline(activity("a", "b"), activity("b", "a"))),
        (INGEST, pipeline(activity("a", "none"))),
        (INGEST, properties(activities=[], concurrency=0)),
        (CREDENTIAL, properties(type="ManagedIdentity", typeProperties={"resourceId": GROUP})),
    ],
)
def test_bad_document_is_refused(azure, path, given):
    assert azure.refuses(path, given).status == 400


@pytest.mark.usefixtures("filled")
def test_credential_is_an_identity_of_the_factory(azure):
    path = "Microsoft.ManagedIdentity/userAssignedIdentities/id-other"
    other = azure.put(path, {"location": "westeurope"})["id"]
    given = properties(type="ManagedIdentity", typeProperties={"resourceId": other})
    assert "not assigned" in azure.refuses(CREDENTIAL, given).message


@pytest.mark.usefixtures("filled")
def test_what_others_name_stays(azure):
    for path, by in (
        (LAKE, "lake_file"),
        (FILE, "ingest"),
        (RUNTIME, "lake"),
        (CREDENTIAL, "lake"),
    ):
        with pytest.raises(ArmError, match=f"referenced by {by}"):
            azure.delete(path)
    for path in (INGEST, FILE, LAKE, RUNTIME, CREDENTIAL):
        assert azure.delete(path)


@pytest.mark.usefixtures("filled")
def test_trigger_is_made_stopped_and_takes_no_change_once_started(azure):
    account = azure.account()["id"]
    first = azure.put(TRIGGER, trigger(account))
    assert azure.put(TRIGGER, trigger(account)) == first
    found = models.BlobEventsTrigger(azure.get(TRIGGER)["properties"])
    assert (found.runtime_state, found.scope) == ("Stopped", account)
    azure.post(TRIGGER, "start")
    assert azure.get(TRIGGER)["properties"]["runtimeState"] == "Started"
    assert azure.refuses(TRIGGER, trigger(account)).code == "TriggerEnabledCannotUpdate"
    with pytest.raises(ArmError, match="needs to be disabled"):
        azure.delete(TRIGGER)
    status = json.loads(azure.post(TRIGGER, "getEventSubscriptionStatus"))
    assert status == {"triggerName": "new_data", "status": "Enabled"}
    azure.post(TRIGGER, "stop")
    azure.put(TRIGGER, trigger(account, blobPathEndsWith=".csv"))
    assert azure.delete(TRIGGER)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "change",
    [
        {"scope": "/subscriptions/s/nothing"},
        {"events": []},
        {"events": ["Microsoft.Storage.BlobRenamed"]},
        {"blobPathBeginsWith": None},
        {"blobPathBeginsWith": "raw"},
    ],
)
def test_bad_trigger_is_refused(azure, change):
    given = trigger(azure.account()["id"], **change)
    assert azure.refuses(TRIGGER, given).code == "BadRequest"


@pytest.mark.usefixtures("factory")
def test_trigger_names_pipelines_that_exist_and_starts_some(azure):
    account = azure.account()["id"]
    assert "invalid reference 'ingest'" in azure.refuses(TRIGGER, trigger(account)).message
    idle = trigger(account)
    idle["properties"]["pipelines"] = []
    azure.put(TRIGGER, idle)
    with pytest.raises(ArmError, match="no pipeline"):
        azure.post(TRIGGER, "start")


@pytest.mark.usefixtures("filled")
def test_schedule_says_when(azure):
    starts = [{"pipelineReference": reference("Pipeline", "ingest")}]
    path = f"{FACTORY}/triggers/daily"

    def schedule(**recurrence: object) -> dict[str, Any]:
        inner = {"recurrence": recurrence}
        return properties(type="ScheduleTrigger", typeProperties=inner, pipelines=starts)

    azure.put(path, schedule(frequency="Day", interval=1, startTime="2026-01-01T00:00:00Z"))
    azure.refuses(path, schedule(frequency="Day", interval=1))
    azure.refuses(path, schedule(frequency="Year", interval=1, startTime="2026-01-01T00:00:00Z"))
