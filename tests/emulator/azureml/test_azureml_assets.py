"""Versions of assets: what they keep for good, what they show, how they are found."""

import json

import pytest

from emulator.arm.errors import ArmError
from emulator.azureml.runs import Run
from tests.emulator.azureml_world import WORKSPACE

DATA = f"{WORKSPACE}/data/raw"
PATH = "azureml://datastores/workspaceblobstore/paths/raw/a.csv"


@pytest.fixture(name="put")
def _put(world, anyio_run):
    def put(id_: str, **properties) -> dict:
        anyio_run(world.ask, "PUT", id_, {"properties": properties})
        return world.put(id_, {"properties": properties})

    return put


@pytest.fixture(name="get")
def _get(world, anyio_run):
    def get(id_: str, **query: str) -> dict:
        return json.loads(anyio_run(world.ask, "GET", id_, **query).body)

    return get


def test_the_first_version_makes_the_asset(put, get):
    put(f"{DATA}/versions/1", dataType="URI_FILE", dataUri=PATH)
    put(f"{DATA}/versions/2", dataType="uri_file", dataUri=f"{PATH}2")
    found = get(DATA)["properties"]
    assert (found["latestVersion"], found["nextVersion"]) == ("2", "3")
    assert found["dataType"] == "uri_file"
    assert [v["name"] for v in get(f"{DATA}/versions")["value"]] == ["2", "1"]
    assert get(f"{DATA}/labels/latest")["name"] == "2"
    top = {"$top": "1", "$orderBy": "createdtime desc"}
    assert [v["name"] for v in get(f"{DATA}/versions", **top)["value"]] == ["2"]


def test_an_asset_without_a_version_is_not_found(get):
    with pytest.raises(ArmError) as caught:
        get(DATA)
    assert caught.value.status == 404


def test_the_same_version_again_is_fine_and_another_path_is_not(put):
    first = put(f"{DATA}/versions/1", dataType="uri_file", dataUri=PATH)
    again = put(f"{DATA}/versions/1", dataType="uri_file", dataUri=PATH)
    assert again["etag"] == first["etag"]
    told = put(f"{DATA}/versions/1", dataType="uri_file", dataUri=PATH, tags={"a": "b"})
    assert told["properties"]["tags"] == {"a": "b"}
    with pytest.raises(ArmError, match="Asset paths cannot be updated") as caught:
        put(f"{DATA}/versions/1", dataType="uri_file", dataUri=f"{PATH}x")
    assert (caught.value.status, caught.value.code) == (400, "UserError")


def test_archived_versions_are_shown_only_when_asked_for(put, get):
    put(f"{DATA}/versions/1", dataType="uri_file", dataUri=PATH)
    put(f"{DATA}/versions/1", dataType="uri_file", dataUri=PATH, isArchived=True)
    assert get(f"{DATA}/versions", listViewType="ActiveOnly")["value"] == []
    assert len(get(f"{DATA}/versions", listViewType="All")["value"]) == 1
    assert len(get(f"{DATA}/versions", listViewType="ArchivedOnly")["value"]) == 1


def test_a_component_version_keeps_its_specification(put):
    id_ = f"{WORKSPACE}/components/c/versions/1"
    spec = {"type": "command", "name": "c", "command": "true", "environment": "e"}
    put(id_, componentSpec=spec)
    put(id_, componentSpec={**spec, "id": "azureml:added by the client"})
    with pytest.raises(ArmError, match="a version is never changed") as caught:
        put(id_, componentSpec={**spec, "command": "false"})
    assert caught.value.status == 409


def test_an_anonymous_component_stays_what_it_was_first(put):
    id_ = f"{WORKSPACE}/components/azureml_anonymous/versions/565a57b2-6782-a15d-f3f6-49b2de9156c7"
    spec = {"type": "command", "name": "c", "command": "true", "environment": "e"}
    first = put(id_, componentSpec=spec, isAnonymous=True)
    again = put(id_, componentSpec={**spec, "name": "d"}, isAnonymous=True)
    assert again["properties"] == first["properties"]


@pytest.mark.parametrize(
    ("kind", "properties", "message"),
    [
        ("data", {"dataType": "csv", "dataUri": PATH}, "give one of uri_file, uri_folder, mltable"),
        ("data", {"dataType": "uri_file"}, "properties.dataUri is missing"),
        ("data", {"dataType": "uri_file", "dataUri": "ftp://x"}, "not an address"),
        ("models", {"modelUri": PATH}, "No files were found"),
        ("models", {"modelUri": "azureml://jobs/none/outputs/m"}, "no job 'none'"),
        ("environments", {}, "neither properties.image nor properties.build"),
        ("components", {}, "componentSpec is missing"),
        ("components", {"componentSpec": {"type": "command", "name": "c"}}, "has no command"),
        ("codes", {}, "startPendingUpload"),
    ],
)
def test_a_version_that_makes_no_sense_is_refused(put, kind, properties, message):
    with pytest.raises(ArmError, match=message):
        put(f"{WORKSPACE}/{kind}/a/versions/1", **properties)


def test_a_model_of_a_jobs_output_points_to_where_it_lies(world, put):
    where = "azureml://datastores/workspaceblobstore/paths/azureml/j/m/"
    world.runs.add(
        Run(
            workspace=WORKSPACE,
            name="j",
            kind="Command",
            experiment="e",
            outputs={"m": {"uri": where}},
        )
    )
    container = world.store.get(f"{WORKSPACE}/datastores/workspaceblobstore")["properties"]
    world.services.blobs.put("mlstore", container["containerName"], "azureml/j/m/model.json", b"{}")
    made = put(f"{WORKSPACE}/models/m/versions/1", modelUri="azureml://jobs/j/outputs/m")
    assert made["properties"]["modelUri"].endswith(
        "/datastores/workspaceblobstore/paths/azureml/j/m/"
    )
    assert made["properties"]["jobName"] == "j"
    assert made["properties"]["flavors"] == {}
    with pytest.raises(ArmError, match="it has: m"):
        put(f"{WORKSPACE}/models/n/versions/1", modelUri="azureml://jobs/j/outputs/x")


def test_code_is_found_by_its_content_under_any_name(put, get):
    uri = "https://mlstore.blob.core.windows.net/c/x"
    put(f"{WORKSPACE}/codes/one/versions/1", codeUri=uri, properties={"hash_sha256": "abc"})
    found = get(f"{WORKSPACE}/codes/another/versions", hash="abc", hashVersion="202208")["value"]
    assert [v["properties"]["codeUri"] for v in found] == [uri]


def test_a_pending_upload_is_a_container_of_its_own_with_a_signature(world, anyio_run):
    id_ = f"{WORKSPACE}/codes/one/versions/1/startPendingUpload"
    first = json.loads(anyio_run(world.ask, "POST", id_, {}).body)
    second = json.loads(anyio_run(world.ask, "POST", id_, {}).body)
    place = first["blobReferenceForConsumption"]
    assert place["blobUri"] != second["blobReferenceForConsumption"]["blobUri"]
    assert place["credential"]["credentialType"] == "SAS"
    assert "skoid=" in place["credential"]["sasUri"]


def test_from_the_internet_a_closed_workspace_shows_no_assets(world, anyio_run):
    workspace = world.store.get(WORKSPACE)
    workspace["properties"]["publicNetworkAccess"] = "Disabled"
    world.store.put(workspace)
    world.place = "internet"
    with pytest.raises(ArmError) as caught:
        anyio_run(world.ask, "GET", f"{WORKSPACE}/data")
    assert caught.value.status == 403
