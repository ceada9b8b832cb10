"""Run history: what the client reads to stream and download, and who may read it."""

import pytest

from emulator.arm.errors import ArmError
from emulator.azureml import access, history, tokens
from emulator.azureml.artifacts import Artifacts
from emulator.azureml.runs import Run
from emulator.login.callers import Caller
from tests.emulator.azureml_world import WORKSPACE


@pytest.fixture(name="run")
def _run(world) -> Run:
    where = "azureml://datastores/workspaceblobstore/paths/azureml/j/m/"
    outputs = {"m": {"uri": where, "jobOutputType": "mlflow_model"}}
    return world.runs.add(
        Run(
            workspace=WORKSPACE,
            name="j",
            kind="Command",
            experiment="e",
            status="Failed",
            outputs=outputs,
            error={"code": "UserError", "message": "no"},
            properties={"fixed": "1"},
        )
    )


def test_a_run_shows_its_state_and_why_it_failed(world, run):
    shown = history.details(world.store, run, {"user_logs/std_log.txt": "https://x"})
    assert (shown["runId"], shown["status"]) == ("j", "Failed")
    assert shown["error"]["error"]["message"] == "no"
    assert shown["logFiles"] == {"user_logs/std_log.txt": "https://x"}


def test_a_models_output_is_shown_as_the_folder_it_is(world, run):
    # the client 1.35.2 fails on outputs that are reported as models
    shown = history.run_json(world.store, run)["outputs"]["m"]
    assert shown["type"] == "uri_folder"
    found = history.resolved(world.store, WORKSPACE, [shown["assetId"]], "uri")["values"]
    assert found[shown["assetId"]]["uri"].endswith(
        "/datastores/workspaceblobstore/paths/azureml/j/m/"
    )


def test_tags_can_be_changed_and_set_properties_cannot(world, run):
    changed = history.change(world.store, run, {"tags": {"a": "b"}, "properties": {"new": "2"}})
    assert (changed.tags, changed.properties) == ({"a": "b"}, {"fixed": "1", "new": "2"})
    assert history.change(world.store, changed, {"hidden": True}).hidden
    with pytest.raises(ArmError, match="properties fixed are set and cannot be changed"):
        history.change(world.store, changed, {"properties": {"fixed": "3"}})


def test_logs_have_addresses_that_need_no_token(world, run):
    path = "ExperimentRun/dcid.j/user_logs/std_log.txt"
    world.services.blobs.put("mlstore", "azureml", path, b"hello")
    found = Artifacts(world.services, world.store.get(WORKSPACE)).logs("j")
    uri = found["user_logs/std_log.txt"]
    assert uri.startswith(f"https://mlstore.blob.core.windows.net/azureml/{path}?")
    assert "sp=r&" in uri
    assert "skoid=" in uri


def test_artifacts_cannot_be_announced_outside_their_run(world, run):
    artifacts = Artifacts(world.services, world.store.get(WORKSPACE))
    for path in ("../x", "/x", "", "a/../../b"):
        with pytest.raises(ArmError, match="not relative paths"):
            artifacts.announce("ExperimentRun", "dcid.j", [path])


def test_a_run_token_opens_its_workspace_and_is_nobody_elsewhere(world):
    issued = tokens.issue(world.services.tokens, WORKSPACE, "j")
    assert tokens.opens(world.services.tokens, f"Bearer {issued}", WORKSPACE.upper())
    assert not tokens.opens(world.services.tokens, f"Bearer {issued}", WORKSPACE + "2")
    assert not tokens.opens(world.services.tokens, "Bearer x.y.z", WORKSPACE)
    claims = world.services.tokens.verify(issued)
    assert world.services.principals.by_object_id(claims.object_id) is None


def test_runs_are_read_and_written_with_a_role_only(world):
    workspace = world.store.get(WORKSPACE)
    cluster = world.services.principals.by_name("cluster")
    with pytest.raises(ArmError) as caught:
        access.need_role(world.store, Caller("private", cluster), workspace, access.READ)
    assert caught.value.code == "AuthorizationFailed"
    with pytest.raises(ArmError) as caught:
        access.need_role(world.store, Caller("private", None), workspace, access.READ)
    assert caught.value.status == 401
    reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    world.grant(cluster.object_id, reader, WORKSPACE)
    access.need_role(world.store, Caller("private", cluster), workspace, access.READ)
    with pytest.raises(ArmError):
        access.need_role(world.store, Caller("private", cluster), workspace, access.WRITE)
