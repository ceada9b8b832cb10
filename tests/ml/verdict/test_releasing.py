"""A release believes nothing of a registered model but a verdict on exactly its bytes."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from ml import evidence, mlflow_model
from ml.errors import TaskError
from ml.gates.outcome import Outcome
from ml.verdict import envelope, releasing
from ml.verdict.errors import VerdictError
from ml.workspace import DIGEST, RegisteredModel
from tests.ml.verdict.conftest import JOB, NOW
from tests.ml.verdict.local_signer import LocalSigner


def test_evidence_joins_a_model_without_changing_its_digest(registered, model):
    folder, version = registered()
    assert (folder / "evidence" / "verdict.json").is_file()
    assert mlflow_model.digest(folder) == mlflow_model.digest(model) == version.tags[DIGEST]


@pytest.mark.parametrize("name", ["evidence/other.py", "evidence/verdict.json/x", "verdict.json"])
def test_any_other_file_changes_the_digest(model, name):
    before = mlflow_model.digest(model)
    file = model / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("import os")
    assert mlflow_model.digest(model) != before


def test_a_model_may_not_bring_evidence_of_its_own(model, tmp_path):
    (model / "evidence").mkdir()
    with pytest.raises(TaskError, match="holds evidence/ before it is registered"):
        evidence.attach(model, tmp_path, None, tmp_path / "to")


def test_a_registered_model_with_a_passing_verdict_may_be_released(registered, signer, task):
    folder, version = registered()
    found = releasing.verified(folder, version, signer.trusted, task=task, now=NOW)
    assert found.outcome is Outcome.PASS


def test_a_model_that_was_registered_directly_is_not_released(model, signer, task):
    tags = {DIGEST: mlflow_model.digest(model), "verdict": "pass", "job": JOB}
    version = RegisteredModel("flights-late", "4", tags)
    with pytest.raises(TaskError, match="registered past the gate"):
        releasing.verified(model, version, signer.trusted, task=task, now=NOW)


def test_an_edited_verdict_opens_nothing(registered, signer, task, verdict):
    sealed = json.loads(envelope.seal(verdict(outcome=Outcome.FAIL), signer))
    sealed["verdict"]["outcome"] = "pass"
    folder, version = registered(json.dumps(sealed))
    with pytest.raises(VerdictError):
        releasing.verified(folder, version, signer.trusted, task=task, now=NOW)


def test_swapped_bytes_are_not_released(registered, signer, task):
    folder, version = registered()
    (folder / "data" / "scorer" / "booster.ubj").write_bytes(b"another model")
    with pytest.raises(VerdictError, match="model digest is"):
        releasing.verified(folder, version, signer.trusted, task=task, now=NOW)


def test_a_verdict_of_another_job_is_not_replayed(registered, signer, task):
    folder, version = registered(job="job-of-january")
    with pytest.raises(VerdictError, match="job-of-january"):
        releasing.verified(folder, version, signer.trusted, task=task, now=NOW)


def test_an_old_verdict_is_not_replayed(registered, signer, task):
    folder, version = registered()
    with pytest.raises(VerdictError, match="expire"):
        releasing.verified(folder, version, signer.trusted, task=task, now=NOW + timedelta(days=40))


def test_a_policy_that_changed_after_the_verdict_is_asked_anew(registered, signer, task):
    folder, version = registered()
    gates = task / "gates.yaml"
    gates.write_text(gates.read_text().replace("valid_days: 30", "valid_days: 29"))
    with pytest.raises(VerdictError, match="policy"):
        releasing.verified(folder, version, signer.trusted, task=task, now=NOW)


def test_a_key_of_the_trainings_own_opens_nothing(registered, signer, task, verdict):
    own = LocalSigner("https://training.vault.azure.net/keys/mine/1")
    folder, version = registered(envelope.seal(verdict(), own))
    with pytest.raises(VerdictError, match="signed by key https://training"):
        releasing.verified(folder, version, signer.trusted, task=task, now=NOW)


def test_a_tag_that_names_another_verdict_is_told(registered, signer, task):
    folder, version = registered()
    other = replace(version, tags={**version.tags, releasing.SHA256: "0" * 64})
    with pytest.raises(VerdictError, match=r"verdict_sha256 is .* tagged 000"):
        releasing.verified(folder, other, signer.trusted, task=task, now=NOW)


def test_a_failing_and_expired_verdict_is_explained_all_the_same(registered, signer):
    folder, version = registered(outcome=Outcome.FAIL, expires=NOW)
    found = releasing.explained(folder, version, signer.trusted)
    assert found.outcome is Outcome.FAIL
    assert "absolute" in found.text
