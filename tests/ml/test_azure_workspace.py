"""What is sent to the workspace, seen through a client that keeps assets in memory."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
)

from ml.data import manifest
from ml.environments import DEFINITION
from ml.errors import PlatformError
from ml.place import Place
from ml.refusals import explained
from ml.workspace import Workspace

PLACE = Place("s", "rg", "mlw")


class Assets:
    """Versions of one kind of asset."""

    def __init__(self):
        self.kept = {}
        self.sent = []

    def get(self, name, version=None):
        if (name, version) not in self.kept:
            raise ResourceNotFoundError(f"{name}:{version} not found")
        return self.kept[name, version]

    def create_or_update(self, entity):
        self.sent.append(entity)
        entity.version = entity.version or str(len(self.kept) + 1)
        self.kept[entity.name, entity.version] = entity
        return entity

    def list(self, name=None):
        return [found for (known, _), found in self.kept.items() if name in {None, known}]


@pytest.fixture
def client():
    return SimpleNamespace(data=Assets(), models=Assets(), environments=Assets())


@pytest.fixture
def workspace(client):
    return Workspace(PLACE, lambda place: client)


@pytest.fixture
def raw(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "flights.csv").write_text("a,b\n1,2\n")
    return folder


def test_data_are_sent_once_and_named_by_their_content(workspace, client, raw):
    first = workspace.ensure_data("flights-raw", raw, "raw files")
    second = workspace.ensure_data("flights-raw", raw, "raw files")
    assert (first.new, second.new) == (True, False)
    assert first.reference == second.reference == f"azureml:flights-raw:{first.version}"
    assert len(client.data.sent) == 1
    assert client.data.sent[0].type == "uri_folder"


def test_a_version_keeps_what_carries_it(workspace, raw):
    assert workspace.data_versions("flights-raw") == []
    alone = workspace.ensure_data("flights-raw", raw, "raw files")
    (raw / "flights.csv").write_text("a,b\n1,3\n")
    carried = workspace.ensure_data("flights-raw", raw, "raw files", alone.version)
    assert (carried.new, carried.previous) == (True, alone.version)
    found = {one.version: one.previous for one in workspace.data_versions("flights-raw")}
    assert found == {alone.version: None, carried.version: alone.version}


def test_the_logs_of_all_processes_of_a_step_are_read(workspace, client):
    def download(run, download_path):
        logs = Path(download_path) / "user_logs"
        logs.mkdir()
        for rank in range(2):
            (logs / f"std_log_process_{rank}.txt").write_text(f"I am {rank}\n")
        (Path(download_path) / "zzz.txt").write_text("something else")

    client.jobs = SimpleNamespace(download=download)
    assert workspace.log("step") == ["I am 0", "I am 1"]


def test_a_step_that_took_over_results_says_so(workspace, client):
    ran = SimpleNamespace(name="a", display_name="ingest", status="Completed", properties={})
    reused = SimpleNamespace(**{**vars(ran), "properties": {"azureml.isreused": "true"}})
    client.jobs = SimpleNamespace(list=lambda parent_job_name: [ran, reused])
    assert [run.reused for run in workspace.steps("job")] == [False, True]


def test_other_content_is_another_version(workspace, raw):
    first = workspace.ensure_data("flights-raw", raw, "raw files")
    (raw / "flights.csv").write_text("a,b\n1,3\n")
    assert workspace.ensure_data("flights-raw", raw, "raw files").version != first.version


def test_the_version_does_not_depend_on_the_place_or_on_leftovers(raw, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "__pycache__").mkdir(parents=True)
    (elsewhere / "__pycache__" / "x.pyc").write_bytes(b"x")
    (elsewhere / "flights.csv").write_text("a,b\n1,2\n")
    versions = {manifest.data_version(manifest.sources_of(folder)) for folder in (raw, elsewhere)}
    assert len(versions) == 1


def test_the_environment_is_registered_once(workspace, client):
    assert workspace.ensure_environment(DEFINITION) == workspace.ensure_environment(DEFINITION)
    assert len(client.environments.sent) == 1
    assert "xgboost-cpu==" in str(client.environments.sent[0].conda_file)


def test_the_same_model_is_registered_once(workspace, client, tmp_path):
    (tmp_path / "MLmodel").write_text("{}")
    tags = {"holdout_auc": "0.7"}
    first = workspace.register_model("flights-late", tmp_path, "d1", tags, "first")
    again = workspace.register_model("flights-late", tmp_path, "d1", tags, "again")
    other = workspace.register_model("flights-late", tmp_path, "d2", tags, "other")
    assert (first.new, again.new, other.new) == (True, False, True)
    assert again.version == first.version != other.version
    assert client.models.sent[0].type == "mlflow_model"
    assert client.models.sent[0].tags == {"model_digest": "d1", "holdout_auc": "0.7"}


def test_models_come_newest_first(workspace, client):
    for version, day in (("1", 3), ("2", 9), ("3", 5)):
        client.models.kept["m", version] = SimpleNamespace(
            name="m",
            version=version,
            tags=None,
            creation_context=SimpleNamespace(created_at=datetime(2026, 1, day, tzinfo=UTC)),
        )
    assert [model.version for model in workspace.models("m", 2)] == ["2", "3"]
    assert [model.version for model in workspace.models(None, 9)] == ["2", "3", "1"]


def test_the_log_of_a_step_is_what_it_printed(client):
    def download(name, download_path):
        folder = Path(download_path) / "artifacts" / "user_logs"
        folder.mkdir(parents=True)
        (folder / "std_log.txt").write_text(f"{name} said this\nand that\n")
        (folder.parent / "other.txt").write_text("not this")

    client.jobs = SimpleNamespace(download=download)
    lines = Workspace(PLACE, lambda place: client).log("step-1")
    assert lines == ["step-1 said this", "and that"]


def refused(status: int) -> HttpResponseError:
    error = HttpResponseError("(AuthorizationFailed) no")
    error.status_code = status
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ClientAuthenticationError("expired"), "run `az login`"),
        (
            ClientAuthenticationError("EnvironmentCredential: Connection refused"),
            "sign-in service cannot be reached",
        ),
        (ResourceNotFoundError("gone"), "workspace mlw in rg was not found: .*`make up`"),
        (refused(403), "needs the role AzureML Data Scientist"),
        (refused(409), "refused: .AuthorizationFailed. no$"),
        (ServiceRequestError("no route"), "cannot be reached: .*no route"),
    ],
)
def test_what_the_clients_raise_becomes_one_sentence(error, words):
    with pytest.raises(PlatformError, match=words) as caught, explained(PLACE):
        raise error
    assert "\n" not in str(caught.value)
