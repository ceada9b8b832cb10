"""Registries: what is shared has the same bytes, stays as it is, and is had by whoever may."""

import json

import pytest

from emulator.access.roles import by_guid
from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError
from emulator.azureml import registry_assets, registry_host
from emulator.login.callers import Caller
from tests.emulator.azureml_world import CONDA, GROUP, READER, STORAGE, WORKSPACE, World

REGISTRY = f"{GROUP}/providers/Microsoft.MachineLearningServices/registries/shared"
SOMEBODY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/somebody"
FILES = {"m/MLmodel": b"flavors: {}\n", "m/data/model.bin": bytes(range(256)) * 10}


@pytest.fixture(name="shared")
def _shared(world: World) -> World:
    detail = {
        "location": "westeurope",
        "acrDetails": [{"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}],
        "storageAccountDetails": [{"systemCreatedStorageAccount": {}}],
    }
    body = {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {"regionDetails": [detail]},
    }
    world.put(REGISTRY, body)
    principal = world.context.caller.principal
    assert principal is not None
    world.grant(principal.object_id, READER)
    container = world.store.get(f"{WORKSPACE}/datastores/workspaceblobstore")
    for name, content in FILES.items():
        place = container["properties"]["containerName"]
        world.services.blobs.put("mlstore", place, f"models/{name}", content)
    world.put(f"{WORKSPACE}/models/flights", {"properties": {}})
    uri = "azureml://datastores/workspaceblobstore/paths/models/m"
    properties = {"modelUri": uri, "modelType": "mlflow_model", "tags": {"auc": "0.7"}}
    world.put(f"{WORKSPACE}/models/flights/versions/3", {"properties": properties})
    return world


def ask(world, method: str, rest: str, body: dict | None = None, ctx: Context | None = None):
    found = registry_host.PATH.match(f"{REGISTRY}/{rest}")
    assert found is not None
    answer = registry_host.answer(ctx or world.context, method, found, {}, body or {})
    return json.loads(bytes(answer.body)) if answer.body else None


def share(world, path: str = "models/flights/versions/3", **more):
    guid = world.store.get(WORKSPACE)["properties"]["workspaceId"]
    source = f"azureml://locations/westeurope/workspaces/{guid}/{path}"
    ctx = more.pop("ctx", None)
    return ask(world, "POST", "import", {"properties": {"sourceAssetId": source, **more}}, ctx)


def files(world: World, uri: str) -> dict[str, bytes]:
    _, _, account, container, path = uri.split("/", 4)
    account = account.partition(".")[0]
    found = world.services.blobs.list(account, container, path)
    return {blob.name: world.services.blobs.content(blob).read_bytes() for blob in found}


def somebody(world: World, *roles: tuple[str, str]) -> Context:
    made = world.put(SOMEBODY, {"location": "westeurope"})["properties"]
    guids = {role.name: guid for guid, role in by_guid().items()}
    for role, scope in roles:
        world.grant(made["principalId"], guids[role], scope)
    who = world.services.principals.by_object_id(made["principalId"])
    return Context(world.store, Caller("private", who), world.services)


def test_a_shared_model_has_the_same_bytes_and_outlives_its_source(shared):
    share(shared)
    made = ask(shared, "GET", "models/flights/versions/3")
    assert made["id"] == "azureml://registries/shared/models/flights/versions/3"
    properties = made["properties"]
    assert (properties["modelType"], properties["tags"]) == ("mlflow_model", {"auc": "0.7"})
    assert files(shared, properties["modelUri"]) == FILES
    for blob in shared.services.blobs.list("mlstore", "x"):
        shared.services.blobs.delete("mlstore", "x", blob.name)
    assert files(shared, properties["modelUri"]) == FILES
    listed = ask(shared, "GET", "models")["value"]
    assert [(one["name"], one["properties"]["latestVersion"]) for one in listed] == [
        ("flights", "3")
    ]
    versions = ask(shared, "GET", "models/flights/versions")["value"]
    assert [one["id"] for one in versions] == [made["id"]]


def test_it_may_have_another_name_there_but_never_twice(shared):
    share(shared, destinationName="delays", destinationVersion="12")
    assert ask(shared, "GET", "models/delays/versions/12")["name"] == "12"
    with pytest.raises(ArmError, match="exists already") as caught:
        share(shared, destinationName="delays", destinationVersion="12")
    assert caught.value.status == 409


def test_an_environment_is_shared_with_its_conda_file(shared):
    share(shared, "environments/steps/versions/1")
    made = ask(shared, "GET", "environments/steps/versions/1")["properties"]
    assert (made["image"], made["condaFile"]) == ("base", CONDA)
    changed = {"properties": {"image": "other", "condaFile": CONDA}}
    with pytest.raises(ArmError, match="already exists with another image"):
        ask(shared, "PUT", "environments/steps/versions/1", changed)


def test_a_version_keeps_its_files_but_not_its_tags(shared):
    share(shared)
    properties = ask(shared, "GET", "models/flights/versions/3")["properties"]
    changed = {"properties": {**properties, "tags": {"auc": "0.8"}}}
    made = ask(shared, "PUT", "models/flights/versions/3", changed)
    assert made["properties"]["tags"] == {"auc": "0.8"}
    share(shared, destinationVersion="4")
    other = ask(shared, "GET", "models/flights/versions/4")["properties"]["modelUri"]
    assert other != properties["modelUri"]
    changed["properties"]["modelUri"] = other
    with pytest.raises(ArmError, match=r"register .* as a new version"):
        ask(shared, "PUT", "models/flights/versions/3", changed)


def test_files_are_uploaded_to_a_place_of_their_own_and_read_by_a_signed_address(shared):
    id_ = "azureml://registries/shared/models/own/versions/1"
    place = ask(shared, "PUT", "tempdatarefs/own/versions/1", {"assetId": id_})
    reference = place["blobReferenceForConsumption"]
    assert reference["credential"]["sasUri"].startswith(f"{reference['blobUri']}?")
    uri = f"{reference['blobUri']}/m"
    body = {"properties": {"modelUri": uri, "modelType": "custom_model"}}
    with pytest.raises(ArmError, match="No files were found"):
        ask(shared, "PUT", "models/own/versions/1", body)
    _, _, host, container = reference["blobUri"].split("/")
    shared.services.blobs.put(host.partition(".")[0], container, "m/x", b"1")
    ask(shared, "PUT", "models/own/versions/1", body)
    with pytest.raises(ArmError, match="exists already"):
        ask(shared, "PUT", "tempdatarefs/own/versions/1", {"assetId": id_})
    answer = ask(shared, "POST", "datarefs/own/versions/1", {"blobUri": uri})
    assert answer["blobReferenceForConsumption"]["blobUri"] == uri
    assert "sp=rl" in answer["blobReferenceForConsumption"]["credential"]["sasUri"]
    elsewhere = {"blobUri": "https://mlstore.blob.core.windows.net/azureml/x"}
    with pytest.raises(ArmError, match="outside the stores"):
        ask(shared, "POST", "datarefs/own/versions/1", elsewhere)
    body["properties"]["modelUri"] = elsewhere["blobUri"]
    with pytest.raises(ArmError, match="lie in its own store"):
        ask(shared, "PUT", "models/other/versions/1", body)


def test_jobs_read_models_and_environments_of_registries(shared):
    share(shared)
    share(shared, "environments/steps/versions/1")
    model = "azureml://registries/shared/models/flights/versions/3"
    shared.command(
        "j",
        "wc -c < ${{inputs.m}}/data/model.bin",
        environmentId="azureml://registries/shared/environments/steps/versions/1",
        inputs={"m": {"jobInputType": "mlflow_model", "uri": model}},
    )
    run = shared.ended("j")
    assert run.status == "Completed", run.error
    assert shared.text("j", "user_logs/std_log.txt").strip() == "2560"
    gone = {"m": {"jobInputType": "mlflow_model", "uri": model.replace("flights", "gone")}}
    shared.command("k", "ls ${{inputs.m}}", inputs=gone)
    assert "in registry 'shared'" in shared.ended("k").error["message"]


def test_sharing_needs_a_role_here_and_there_and_on_the_files(shared):
    user, science = ("AzureML Registry User", REGISTRY), ("AzureML Data Scientist", WORKSPACE)
    reader = ("Storage Blob Data Reader", STORAGE)
    for roles, message in (
        ((science, reader), "registries/assets/write"),
        ((user, reader), "models/versions/read"),
        ((user, science), "cannot be read"),
    ):
        ctx = somebody(shared, *roles)
        with pytest.raises(ArmError, match=message) as caught:
            share(shared, ctx=ctx)
        assert caught.value.status == 403
        # somebody else, with other roles, comes next
        shared.store.delete(SOMEBODY)
        shared.services.principals.remove(SOMEBODY)
    share(shared, ctx=somebody(shared, user, science, reader))


def test_a_private_registry_answers_from_its_network_only(shared):
    resource = shared.store.get(REGISTRY)
    resource["properties"]["publicNetworkAccess"] = "Disabled"
    shared.store.put(resource)
    ctx = Context(
        shared.store, Caller("internet", shared.context.caller.principal), shared.services
    )
    with pytest.raises(ArmError, match="Public network access is disabled") as caught:
        ask(shared, "GET", "models", ctx=ctx)
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("components/copy/versions/1", "are not shared; shared are models"),
        ("models/gone/versions/1", "was not found"),
        ("models/flights", "give the id of a version"),
    ],
)
def test_what_is_not_there_or_not_shared_is_refused(shared, path, message):
    with pytest.raises(ArmError, match=message):
        share(shared, path)


def test_other_kinds_are_refused_by_name_and_other_registries_not_found(shared):
    with pytest.raises(ArmError, match="has no components; it has models") as caught:
        ask(shared, "GET", "components")
    assert caught.value.status == 501
    with pytest.raises(ArmError, match="registries/other"):
        registry_host.discovered(shared.context, "other")
    found = json.loads(bytes(registry_host.discovered(shared.context, "shared").body))
    assert found["primaryRegionResourceProviderUri"] == "https://westeurope.api.azureml.ms/"
    assert registry_assets.KINDS == ("models", "environments", "data")
