"""Lineage is looked at anew: what changed differs, what was deleted is gone."""

import shutil
from types import SimpleNamespace

import pytest

from ml import evidence, lineage, mlflow_model
from ml import task as tasks
from ml.cli.lineages import Walked
from ml.data import manifest
from ml.errors import PlatformError
from ml.lineage import State
from ml.verdict import envelope, releasing
from ml.workspace import DIGEST, RegisteredModel, Run
from tests.ml.verdict.conftest import JOB


class Kept:
    """A workspace that keeps one model, one data asset, one environment and one job."""

    def __init__(self, folder, data):
        self.folder, self.data, self.lost = folder, data, set()
        self.workspace = SimpleNamespace(job=self.job)

    def _there(self, what):
        if what in self.lost:
            raise PlatformError(f"{what} was not found")

    def model_folder(self, model, folder):
        return shutil.copytree(self.folder, folder / "model")

    def data_files(self, name, version, folder):
        self._there("data")
        return shutil.copytree(self.data, folder)

    def environment(self, name, version):
        self._there("environment")
        return SimpleNamespace(name=name, version=version)

    def job(self, name):
        self._there("job")
        return Run(name, "train", "Completed")


@pytest.fixture
def raw(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "flights.csv").write_text("a\n1\n")
    return tmp_path / "raw"


@pytest.fixture
def kept(model, verdict, signer, raw, tmp_path, monkeypatch, task):
    monkeypatch.setattr(tasks, "TASKS", task.parent)
    text = envelope.seal(verdict(), signer)
    (tmp_path / "gate").mkdir()
    (tmp_path / "gate" / evidence.VERDICT).write_text(text)
    folder = evidence.attach(model, tmp_path / "gate", None, tmp_path / "registered")
    tags = {
        DIGEST: mlflow_model.digest(model),
        releasing.SHA256: envelope.digest(text),
        "job": JOB,
        "data_version": "d" * 16,
        "data_asset": f"azureml:raw:{manifest.data_version(manifest.sources_of(raw))}",
        "environment": "azureml:mlops-steps:1",
    }
    return Kept(folder, raw), RegisteredModel("flights-late", "1", tags)


def states(kept, signer) -> dict[str, State]:
    return {link.what: link.state for link in lineage.walk(*kept, signer.trusted)}


def test_an_untouched_model_holds_in_every_link(kept, signer):
    found = states(kept, signer)
    assert set(found.values()) == {State.HOLDS}
    assert {"model", "verdict", "data", "environment", "job", "policy", "schema"} <= found.keys()


def test_swapped_bytes_differ_and_nothing_else(kept, signer):
    (kept[0].folder / "data" / "scorer" / "booster.ubj").write_bytes(b"another")
    found = states(kept, signer)
    assert found.pop("model") is State.DIFFERS
    assert set(found.values()) == {State.HOLDS}


def test_data_that_was_overwritten_differ(kept, signer):
    (kept[0].data / "flights.csv").write_text("a\n2\n")
    links = lineage.walk(*kept, signer.trusted)
    assert not Walked(kept[1], links).holds
    (differing,) = [link for link in links if link.state is State.DIFFERS]
    assert differing.what == "data"


def test_a_verdict_that_does_not_hold_differs_and_says_why(kept, signer):
    path = kept[0].folder / "evidence" / "verdict.json"
    path.write_text(path.read_text().replace("job-of-march", "job-of-april"))
    link = next(one for one in lineage.walk(*kept, signer.trusted) if one.what == "verdict")
    assert link.state is State.DIFFERS
    assert "the verdict is refused" in link.found


@pytest.mark.parametrize("lost", ["data", "environment", "job"])
def test_what_was_deleted_is_gone_and_does_not_differ(kept, signer, lost):
    kept[0].lost = {lost}
    links = lineage.walk(*kept, signer.trusted)
    gone = {link.what: link.found for link in links if link.state is State.GONE}
    assert gone == {lost: f"{lost} was not found"}
    assert Walked(kept[1], links).holds


def test_a_model_without_verdict_says_so(kept, signer):
    shutil.rmtree(kept[0].folder / "evidence")
    assert states(kept, signer)["verdict"] is State.GONE


def test_the_document_names_each_link(kept, signer):
    document = Walked(kept[1], lineage.walk(*kept, signer.trusted)).document
    assert document["model"] == "flights-late:1"
    assert document["holds"] is True
    assert {"what", "state", "recorded", "found"} == set(document["links"][0])
