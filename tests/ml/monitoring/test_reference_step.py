"""The reference is of the hold-out, of exactly this model, and travels with it."""

import json

import numpy as np
import pytest

from ml import evidence, mlflow_model
from ml import task as tasks
from ml.drift import policy
from ml.errors import TaskError
from ml.metrics import measure
from ml.monitoring.writing import number
from ml.steps import reference
from ml.steps.train import train


@pytest.fixture(scope="module")
def model(flights, made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference") / "model"
    train(flights, made.train, folder)
    return folder


@pytest.fixture(scope="module")
def written(made, model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    words = ["--model", model, "--holdout", made.holdout, "--reference", folder]
    reference.main([str(word) for word in words])
    return folder


@pytest.fixture
def registered(model, written, tmp_path):
    (tmp_path / evidence.VERDICT).write_text("{}")
    return evidence.attach(model, tmp_path, None, tmp_path / "to", written)


def test_it_counts_what_the_model_says_of_the_hold_out(made, model, registered):
    from ml.data import examples  # noqa: PLC0415  beside its use

    found = reference.read(registered)
    rows = examples.read(made.holdout, examples.about(made.holdout, "holdout"))
    score = mlflow_model.load(model).score(rows.columns)
    assert int(found.profile.rows.sum()) == len(score)
    lost = found.profile.outcomes.sums["brier"].sum() / len(score) / 1e6
    assert lost == pytest.approx(measure(rows.label, score).numbers["brier"], abs=1e-6)
    cells = found.bins.number("score").count(score.astype(np.float32))
    assert (
        found.profile.columns["score"].total.tolist()
        == np.bincount(cells, minlength=found.bins.number("score").cells).tolist()
    )


def test_it_has_what_the_policy_watches(registered, flights):
    found = reference.read(registered)
    ignored = set(policy.load("flights").ignore)
    assert set(found.profile.columns) == {*flights.feature_names, "score"} - ignored
    assert set(found.segments) == {"origin=EWR", "origin=JFK", "origin=LGA"}


def test_importance_is_the_share_of_each_feature_in_the_gain(registered, flights):
    weights = reference.read(registered).importance
    assert set(weights) == set(flights.feature_names)
    assert sum(weights.values()) == pytest.approx(1.0)
    assert min(weights.values()) >= 0


def test_the_same_model_and_rows_give_the_same_bytes(made, model, written, tmp_path):
    words = ["--model", model, "--holdout", made.holdout, "--reference", tmp_path]
    reference.main([str(word) for word in words])
    name = reference.REFERENCE
    assert (tmp_path / name).read_bytes() == (written / name).read_bytes()


def test_it_lies_beside_the_verdict_and_outside_the_digest(model, registered):
    assert (registered / "evidence" / "reference.json").is_file()
    assert mlflow_model.digest(registered) == mlflow_model.digest(model)


def test_another_models_reference_is_refused(model, written, tmp_path):
    assert reference.checked(written, mlflow_model.digest(model)) == written
    about = json.loads((written / reference.ABOUT).read_text())
    (tmp_path / reference.ABOUT).write_text(json.dumps(about | {"model_digest": "0" * 64}))
    with pytest.raises(TaskError, match="the reference is of model 000000000000"):
        reference.checked(tmp_path, mlflow_model.digest(model))
    with pytest.raises(TaskError, match=r"has no about\.json"):
        reference.checked(tmp_path / "none", "0")


def test_a_model_of_before_says_how_it_gets_one(model, registered):
    with pytest.raises(TaskError, match=r"no evidence/reference\.json.*mlops train"):
        reference.read(model)
    (registered / "evidence" / "reference.json").write_text("{}")
    with pytest.raises(TaskError, match="no reference of this version"):
        reference.read(registered)


@pytest.mark.parametrize("name", ["flights", "employment"])
def test_every_task_has_a_policy_of_its_own_features(name):
    task = tasks.load(name)
    layout = policy.load(name).layout(task.feature_names)
    assert set(layout.columns) <= set(task.feature_names)


def test_a_number_for_people_has_four_digits():
    assert [number(value) for value in (None, 0.123456, 1234567.0)] == ["-", "0.1235", "1.235e+06"]
