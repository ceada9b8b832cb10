"""Registering needs a passing verdict for exactly these bytes, this job and this champion."""

import json
import shutil
from dataclasses import asdict, replace
from datetime import datetime

import pytest

from ml import mlflow_model, workspace
from ml.errors import TaskError
from ml.gates.outcome import Outcome
from ml.steps import register
from ml.steps.evaluate import METRICS, Evaluation
from ml.verdict import check, document, envelope
from ml.verdict.errors import VerdictError
from ml.workspace import RegisteredModel
from tests.ml.verdict.conftest import JOB, NOW, results
from tests.ml.verdict.local_signer import LocalSigner


class Place:
    """A workspace that remembers what was registered in it."""

    def __init__(self, *known: RegisteredModel) -> None:
        self.known = list(known)

    def models(self, name, limit):
        return self.known

    def register_model(self, name, folder, digest, tags, description):
        for each in self.known:
            if each.tags.get(workspace.DIGEST) == digest:
                return each
        made = RegisteredModel(
            name, str(len(self.known) + 1), {workspace.DIGEST: digest, **tags}, new=True
        )
        self.known.insert(0, replace(made, new=False))
        return made


@pytest.fixture
def place(monkeypatch):
    made = Place()
    monkeypatch.setattr(workspace, "in_job", lambda: made)
    return made


@pytest.fixture
def started(place, model, task, verdict, signer, tmp_path, monkeypatch):
    """Return a function that signs a verdict, runs the step and returns what it wrote."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None) -> datetime:
            return NOW

    monkeypatch.setattr(register, "datetime", Clock)
    monkeypatch.setenv("AZUREML_ROOT_RUN_ID", JOB)
    measured = Evaluation(
        task="flights",
        model_digest=mlflow_model.digest(model),
        data_version="d" * 16,
        train_periods=("2013-01", "2013-09"),
        holdout_periods=("2013-10", "2013-12"),
        overall={"auc": 0.7, "brier": 0.15, "rows": 100.0},
        groups={},
    )

    def start(sealed=None, **parts):
        folder = tmp_path / "step"
        folder.mkdir(exist_ok=True)
        changed = {**asdict(measured), "model_digest": mlflow_model.digest(model)}
        (folder / METRICS).write_text(json.dumps(changed))
        (folder / envelope.NAME).write_text(sealed or envelope.seal(verdict(**parts), signer))
        (folder / "key.json").write_text(json.dumps(signer.jwk))
        words = ["--task", task, "--model", model, "--metrics", folder, "--verdict", folder]
        words += ["--jwk", folder / "key.json", "--registration", folder]
        register.main([str(word) for word in words])
        return json.loads((folder / register.REGISTRATION).read_text())

    return start


def test_a_model_with_a_passing_verdict_becomes_a_version(started, place, verdict, signer):
    text = envelope.seal(verdict(), signer)
    made = started(text)
    assert (made["name"], made["version"], made["new"]) == ("flights-late", "1", True)
    tags = place.known[0].tags
    assert tags["verdict"] == "pass"
    assert tags["verdict_sha256"] == envelope.digest(text)
    assert tags["compared_with"] == "none"
    assert tags["job"] == JOB
    assert tags[workspace.DIGEST] == made["digest"]
    assert all(len(value) <= 256 for value in tags.values())


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.INCONCLUSIVE])
def test_without_a_pass_nothing_is_registered(started, place, outcome):
    with pytest.raises(VerdictError, match=f"rule absolute is {outcome}"):
        started(outcome=outcome)
    assert place.known == []


def test_a_model_file_swapped_after_the_gate_is_not_registered(
    started, place, model, verdict, signer
):
    text = envelope.seal(verdict(), signer)
    (model / "data" / "scorer" / "booster.ubj").write_bytes(b"another model")
    with pytest.raises(VerdictError, match="model digest is"):
        started(text)
    assert place.known == []


def test_another_jobs_verdict_registers_nothing(started, place, monkeypatch):
    monkeypatch.setenv("AZUREML_ROOT_RUN_ID", "job-of-april")
    with pytest.raises(VerdictError, match=r"job is job-of-march .* job-of-april is wanted"):
        started()
    assert place.known == []


def test_a_verdict_of_the_training_identitys_own_key_registers_nothing(started, place, verdict):
    own = LocalSigner("https://training.vault.azure.net/keys/mine/1")
    with pytest.raises(VerdictError, match=r"it is signed by key https://training"):
        started(envelope.seal(verdict(), own))
    assert place.known == []


def test_a_champion_that_changed_after_the_gate_is_met_again(started, place):
    rival = {"verdict": "pass", workspace.DIGEST: "b" * 64}
    place.known = [RegisteredModel("flights-late", "7", rival)]
    with pytest.raises(VerdictError, match=f"champion digest is none .* {'b' * 64} is wanted"):
        started()
    assert len(place.known) == 1


def test_a_model_that_is_already_registered_stays_one_version(started, place):
    started()
    again = started()
    assert (again["version"], again["new"]) == ("1", False)
    assert len(place.known) == 1


def test_a_version_registered_past_the_gate_is_named(started, place, model):
    forged = {workspace.DIGEST: mlflow_model.digest(model)}
    place.known = [RegisteredModel("flights-late", "1", forged)]
    with pytest.raises(TaskError, match=r"flights-late:1 says it has these bytes .* past the gate"):
        started()


def test_a_model_registered_directly_gains_nothing(started, place, model, task, tmp_path, signer):
    """A release verifies anew: tags that claim a verdict do not replace one."""
    started()
    text = (tmp_path / "step" / envelope.NAME).read_text()
    other = tmp_path / "other"
    shutil.copytree(model, other)
    (other / "data" / "scorer" / "booster.ubj").write_bytes(b"never judged")
    place.known.insert(0, RegisteredModel("flights-late", "2", dict(place.known[0].tags)))
    wanted = check.Wanted.of(other, task, job=JOB, now=NOW)
    with pytest.raises(VerdictError, match="model digest is"):
        check.passing(text, signer.trusted, wanted)


def test_a_step_without_verdict_or_key_says_so(model, task, tmp_path, signer):
    with pytest.raises(TaskError, match=r"has no verdict\.json; give the folder that gate wrote"):
        register.verdict_tags(task, model, tmp_path, signer.trusted, [], job=JOB, now=NOW)
    words = ["--model", model, "--metrics", tmp_path, "--registration", tmp_path]
    with pytest.raises(SystemExit):
        register.main([str(word) for word in [*words, "--verdict", tmp_path]])


def test_the_key_is_one_of_the_vault_or_a_file(tmp_path, signer, monkeypatch):
    monkeypatch.setattr(workspace, "credential", lambda: "somebody")
    path = tmp_path / "key.json"
    path.write_text(json.dumps(signer.jwk))
    assert register.trusted(None, path).find(signer.key_id)
    assert register.trusted(signer.key_id, None).key == signer.key_id


def test_the_champion_that_was_compared_with_is_a_tag(started, place, verdict, signer):
    digest = "c" * 64
    place.known = [
        RegisteredModel("flights-late", "3", {"verdict": "pass", workspace.DIGEST: digest})
    ]

    made = verdict()
    full = results(Outcome.PASS, [*(each.rule for each in made.results), "champion", "slices"])
    champion = document.Champion(version="3", digest=digest)
    started(champion=champion, results=full, skipped=())
    assert place.known[0].tags["compared_with"] == "3"
