"""The gate step: judges, signs with the key that it was given, and refuses strangers."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from ml import mlflow_model, workspace
from ml import task as tasks
from ml.data import examples
from ml.errors import TaskError
from ml.gates import judge as judging
from ml.gates import policy
from ml.gates.outcome import Outcome, Result
from ml.steps import gate
from ml.verdict import check, key_vault
from ml.verdict.errors import VerdictError
from tests.ml.verdict.local_signer import LocalSigner

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def task(tmp_path, holdout, saved, monkeypatch):
    """A task that the synthetic hold-out and model belong to, with a policy of its own."""
    described = examples.about(holdout, "holdout")
    real = tasks.load("flights")
    monkeypatch.setattr(
        tasks,
        "load",
        lambda _: real.model_copy(
            update={
                "schema_digest": described.schema_sha256,
                "settings_digest": described.settings_sha256,
            }
        ),
    )
    folder = tmp_path / "flights"
    folder.mkdir()
    rules = {
        "valid_days": 30,
        "bootstrap": {"seed": 1, "resamples": 200},
        "absolute": {"auc": {"at_least": 0.55}, "brier_skill": {"at_least": 0}},
        "size": {"bytes": 10_000_000},
        "waived": {
            name: "this test is about the step, not the rule"
            for name in policy.RULES
            if name not in policy.KEPT
        },
    }
    (folder / policy.NAME).write_text(json.dumps(rules))
    (folder / "task.yaml").touch()

    def passed(*_):
        return Result(rule="sandbox", outcome=Outcome.PASS, reason="not run here", findings=())

    monkeypatch.setattr(judging.sandbox, "judge", passed)
    return folder


def judged(task, saved, holdout, champion=None):
    return gate.gate(
        task,
        saved,
        holdout,
        champion=champion,
        job="job-1",
        environment="azureml:mlops-steps:1",
        code_version="c0ffee",
        now=NOW,
    )


@pytest.fixture(scope="module")
def signer():
    return LocalSigner()


@pytest.fixture
def started(task, saved, holdout, tmp_path, monkeypatch, signer):
    """Return a function that runs the step as Azure ML does and returns what it wrote."""
    monkeypatch.setattr(workspace, "credential", lambda: "somebody")

    def vault(key, credential):
        assert (key, credential) == (signer.key_id, "somebody")
        return signer

    monkeypatch.setattr(key_vault, "KeyVaultSigner", vault)
    monkeypatch.setenv("AZUREML_ROOT_RUN_ID", "job-1")

    def start(*more):
        words = ["--task", task, "--model", saved, "--holdout", holdout, "--key", signer.key_id]
        words += ["--verdict", tmp_path / "verdict", *more]
        gate.main([str(word) for word in words])
        return (tmp_path / "verdict" / "verdict.json").read_text()

    return start


def test_the_step_writes_a_verdict_that_opens_for_this_model_and_job(
    started, signer, saved, task, caplog
):
    with caplog.at_level("INFO"):
        text = started("--environment", "azureml:mlops-steps:1", "--code-version", "c0ffee")
    wanted = check.Wanted.of(saved, task, job="job-1", champion=None)
    found = check.passing(text, signer.trusted, wanted)
    assert found.environment.reference == "azureml:mlops-steps:1"
    assert found.code.version == "c0ffee"
    assert found.data.holdout_periods == ("2013-10", "2013-11")
    assert found.expires - found.issued == timedelta(days=30)
    assert f"signing with key {signer.key_id}" in caplog.text
    assert "verdict    pass for flights-late, task flights" in caplog.text
    with pytest.raises(VerdictError, match="job is job-1 in the verdict, job-2 is wanted"):
        check.passing(text, signer.trusted, check.Wanted.of(saved, task, job="job-2"))


def test_a_verdict_is_written_whatever_it_says(started, signer, saved, task):
    text = started("--champion", str(saved), "--champion-version", "3")
    found = check.read(text, signer.trusted)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.champion.version == "3"
    digest = mlflow_model.digest(saved)
    assert found.champion.digest == digest
    wanted = check.Wanted.of(saved, task, job="job-1", champion=digest, now=found.issued)
    with pytest.raises(VerdictError, match="rule champion is inconclusive: the champion stays"):
        check.passing(text, signer.trusted, wanted)


@pytest.mark.parametrize("words", [["--champion", "somewhere"], ["--champion-version", "3"]])
def test_a_champion_has_a_folder_and_a_version(started, words):
    with pytest.raises(TaskError, match="give both, or neither"):
        started(*words)


def test_without_a_key_nothing_is_judged(task, saved, holdout, tmp_path):
    words = ["--task", task, "--model", saved, "--holdout", holdout, "--verdict", tmp_path]
    with pytest.raises(SystemExit):
        gate.main([str(word) for word in words])
    with pytest.raises(TaskError, match="is no key of Key Vault"):
        gate.main([*(str(word) for word in words), "--key", "mine"])


@pytest.mark.parametrize("name", ["schema_digest", "settings_digest"])
def test_a_hold_out_of_other_files_is_refused(task, saved, holdout, monkeypatch, name):
    changed = tasks.load(task).model_copy(update={name: "0" * 64})
    monkeypatch.setattr(tasks, "load", lambda _: changed)
    with pytest.raises(TaskError, match=f"the hold-out has {name.split('_')[0]}_sha256"):
        judged(task, saved, holdout)


def test_a_model_of_another_window_is_refused(task, saved, holdout, monkeypatch):
    other = mlflow_model.lineage(saved).model_copy(update={"data_version": "e" * 16})
    monkeypatch.setattr(mlflow_model, "lineage", lambda _: other)
    with pytest.raises(TaskError, match=f"the model has data_version {'e' * 16}, wanted is d+"):
        judged(task, saved, holdout)


def test_a_model_that_changes_while_it_is_judged_is_refused(
    task, saved, holdout, monkeypatch, tmp_path
):
    model = tmp_path / "model"
    shutil.copytree(saved, model)

    def swapped(*_):
        (model / "more.json").write_text("{}")
        return Result(rule="sandbox", outcome=Outcome.PASS, reason="not run", findings=())

    monkeypatch.setattr(judging.sandbox, "judge", swapped)
    with pytest.raises(TaskError, match="changed while it was judged"):
        judged(task, model, holdout)


def test_judging_again_gives_the_same_verdict(task, saved, holdout):
    assert judged(task, saved, holdout) == judged(task, saved, holdout)
