"""Workspaces, datastores and computes: what they compute and what Azure would refuse."""

import pytest

from emulator.arm import plane
from emulator.arm.errors import ArmError
from emulator.arm.ids import ArmId
from emulator.azureml import control
from tests.emulator.azureml_world import GROUP, IDENTITY, STORAGE, VAULT, WORKSPACE

OTHER = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/other"


def body(**properties) -> dict:
    needed = {"storageAccount": STORAGE, "keyVault": VAULT}
    return {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": needed | properties,
    }


def test_a_workspace_comes_with_its_stores_and_addresses(world):
    made = world.store.get(WORKSPACE)
    properties = made["properties"]
    assert properties["discoveryUrl"] == "https://westeurope.api.azureml.ms/discovery"
    assert properties["mlFlowTrackingUri"].endswith(f"/mlflow/v1.0{WORKSPACE}")
    stores = {d["name"]: d["properties"] for d in world.store.children(WORKSPACE, "datastores")}
    assert set(stores) == {
        "workspaceblobstore",
        "workspaceartifactstore",
        "workspacefilestore",
        "workspaceworkingdirectory",
    }
    default = stores["workspaceblobstore"]
    assert default["isDefault"] is True
    assert default["credentials"] == {"credentialsType": "None"}
    names = {c.name for c in world.services.blobs.containers("mlstore")}
    assert {default["containerName"], "azureml"} <= names


def test_the_same_put_changes_nothing(world):
    again = body(systemDatastoresAuthMode="identity")
    before = world.store.get(WORKSPACE)
    world.put(WORKSPACE, again)
    assert world.store.get(WORKSPACE)["etag"] == before["etag"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"storageAccount": STORAGE + "x"}, "was not found; create the Microsoft.Storage"),
        ({"keyVault": STORAGE}, "was not found; create the Microsoft.KeyVault/vaults first"),
        ({"keyVault": None}, "properties.keyVault is missing"),
        ({"publicNetworkAccess": "off"}, "give one of Enabled, Disabled"),
        ({"systemDatastoresAuthMode": "key"}, "give one of accessKey, identity"),
        (
            {"primaryUserAssignedIdentity": IDENTITY},
            "is not one of identity.userAssignedIdentities",
        ),
        ({"managedNetwork": {"isolationMode": "Closed"}}, "give one of Disabled, AllowInternet"),
        (
            {
                "managedNetwork": {
                    "isolationMode": "AllowInternetOutbound",
                    "outboundRules": {"pypi": {"type": "FQDN", "destination": "pypi.org"}},
                }
            },
            "needs isolationMode AllowOnlyApprovedOutbound",
        ),
    ],
)
def test_a_workspace_that_azure_would_refuse_is_refused(world, change, message):
    with pytest.raises(ArmError, match=message):
        world.put(OTHER, body(**change))
    assert world.store.get(OTHER) is None


def test_keys_that_the_storage_forbids_are_refused_for_the_datastores(world):
    account = world.store.get(STORAGE)
    account["properties"]["allowSharedKeyAccess"] = False
    world.store.put(account)
    with pytest.raises(ArmError, match="set it to identity") as caught:
        world.put(OTHER, body())
    assert caught.value.code == "KeyBasedAuthenticationNotPermitted"
    assert world.put(OTHER, body(systemDatastoresAuthMode="identity"))["name"] == "other"


def test_what_a_workspace_stands_on_cannot_be_changed(world):
    second = STORAGE.replace("mlstore", "mlstore2")
    world.put(
        second, {"location": "westeurope", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    )
    with pytest.raises(ArmError, match="cannot be changed") as caught:
        world.put(WORKSPACE, body(storageAccount=second, systemDatastoresAuthMode="identity"))
    assert caught.value.status == 409


def test_isolation_cannot_be_taken_back(world):
    network = {"isolationMode": "AllowInternetOutbound"}
    made = world.put(OTHER, body(managedNetwork=network, provisionNetworkNow=True))
    assert made["properties"]["managedNetwork"]["status"]["status"] == "Active"
    with pytest.raises(ArmError, match="cannot go back"):
        world.put(OTHER, body(managedNetwork={"isolationMode": "Disabled"}))


async def forget(world, **query: str):
    request = world.request("DELETE", OTHER, **query)
    answer = await control.handle(request)
    if answer is None:
        plane.delete(world.context, ArmId.parse(OTHER))
    return answer


def test_a_deleted_workspace_keeps_its_name_until_it_is_purged(world, anyio_run):
    world.put(OTHER, body())
    anyio_run(forget, world)
    with pytest.raises(ArmError, match="Soft-deleted workspace exists"):
        world.put(OTHER, body())
    answer = anyio_run(forget, world, forceToPurge="true")
    assert answer.status_code == 200
    world.put(OTHER, body())


def test_a_workspace_deleted_for_good_can_be_made_again(world, anyio_run):
    world.put(OTHER, body())
    anyio_run(forget, world, forceToPurge="true")
    assert world.put(OTHER, body())["name"] == "other"


def test_secrets_of_a_datastore_are_handed_out_and_never_shown(world):
    id_ = f"{WORKSPACE}/datastores/old"
    credentials = {
        "credentialsType": "AccountKey",
        "secrets": {"secretsType": "AccountKey", "key": "a2V5"},
    }
    shown = world.put(
        id_,
        {
            "properties": {
                "datastoreType": "azureblob",
                "accountName": "mlstore",
                "containerName": "raw",
                "credentials": credentials,
            }
        },
    )
    assert shown["properties"]["credentials"] == {"credentialsType": "AccountKey"}
    assert shown["properties"]["datastoreType"] == "AzureBlob"
    request = world.request("POST", f"{id_}/listSecrets", {})
    answer = plane.act(request, ArmId.parse(id_), "listSecrets")
    assert b"a2V5" in answer.body
    none = f"{WORKSPACE}/datastores/workspaceblobstore"
    asked = world.request("POST", none, {})
    with pytest.raises(ArmError, match="keeps no credential"):
        plane.act(asked, ArmId.parse(none), "listSecrets")


def compute(**own) -> dict:
    given = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": {"maxNodeCount": 2}} | own
    return {
        "location": "westeurope",
        "properties": {"computeType": "amlcompute", "properties": given},
    }


@pytest.mark.parametrize(
    ("name", "own", "message"),
    [
        ("gpu", {"vmSize": None}, "vmSize is missing"),
        ("gpu", {"scaleSettings": {"maxNodeCount": 0}}, "maxNodeCount is 0; give 1 or more"),
        (
            "gpu",
            {"scaleSettings": {"minNodeCount": 3, "maxNodeCount": 2}},
            "minNodeCount is 3; give 0",
        ),
        ("gpu", {"vmPriority": "Cheap"}, "give one of Dedicated, LowPriority"),
        (
            "gpu",
            {"scaleSettings": {"maxNodeCount": 1, "nodeIdleTimeBeforeScaleDown": "5"}},
            "not an ISO 8601 duration",
        ),
        ("9gpu", {}, "a letter first"),
        ("g-", {}, "no - at the end"),
    ],
)
def test_a_cluster_that_azure_would_refuse_is_refused(world, name, own, message):
    with pytest.raises(ArmError, match=message):
        world.put(f"{WORKSPACE}/computes/{name}", compute(**own))


def test_a_cluster_grows_but_keeps_its_machines(world):
    id_ = f"{WORKSPACE}/computes/gpu"
    made = world.put(id_, compute())
    assert made["properties"]["computeType"] == "AmlCompute"
    assert made["properties"]["properties"]["currentNodeCount"] == 0
    grown = world.put(id_, compute(scaleSettings={"minNodeCount": 1, "maxNodeCount": 5}))
    assert grown["properties"]["properties"]["nodeStateCounts"]["idleNodeCount"] == 1
    with pytest.raises(ArmError, match="vmSize of compute 'gpu' cannot be changed"):
        world.put(id_, compute(vmSize="STANDARD_NC6"))
