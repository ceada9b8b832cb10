"""Trials of a sweep: what they measure, what they leave, and what training takes from it."""

import json

import pytest

from ml import mlflow_model
from ml.data import examples
from ml.errors import TaskError
from ml.steps import train as training
from ml.steps import tune


@pytest.fixture
def logged(monkeypatch):
    found: list[tuple[dict, dict]] = []
    for step in (tune, training):
        monkeypatch.setattr(
            step.tracking, "record", lambda metrics, said: found.append((metrics, dict(said)))
        )
    return found


def trial(made, folder, *words: str) -> None:
    given = ["--examples", made.train, "--parameters", folder, *words]
    tune.main([str(word) for word in given])


def test_a_trial_logs_its_metric_and_leaves_what_it_was_given(made, tmp_path, logged):
    trial(made, tmp_path, "--learning-rate", "0.2", "--max-leaves", "15")
    assert json.loads((tmp_path / training.PARAMETERS).read_text()) == {
        "learning_rate": 0.2,
        "max_leaves": 15,
    }
    metrics, parameters = logged[0]
    assert 0.3 < metrics[tune.METRIC] < 0.7
    assert parameters == {"learning_rate": 0.2, "max_leaves": 15}


def test_training_takes_the_settings_of_the_best_trial(flights, made, tmp_path, logged):
    trial(made, tmp_path / "tuned", "--max-leaves", "7", "--folds", "1")
    given = ["--examples", made.train, "--parameters", tmp_path / "tuned", "--folds", "1"]
    training.main([*(str(word) for word in given), "--model", str(tmp_path / "model")])
    (tried, _), (fitted, settings) = logged
    assert settings["max_leaves"] == 7
    assert settings["learning_rate"] == flights.settings.training.learning_rate
    assert fitted["stop_log_loss"] == tried[tune.METRIC]
    assert fitted["train_rounds"] == tried["train_rounds"]
    lineage = mlflow_model.lineage(tmp_path / "model")
    chosen = {name: value for name, value in settings.items() if name != "processes"}
    assert lineage.fitted_with == chosen


def test_a_trial_is_as_the_training_that_follows_it_and_never_sees_the_hold_out(flights, made):
    with pytest.raises(TaskError, match="holds the holdout examples; this step takes train"):
        tune.tune(flights, made.holdout)
    about = examples.about(made.train, "train")
    assert all(str(period["period"]) <= "2013-09" for period in about.periods)


@pytest.mark.parametrize("folds", [0, -1])
def test_folds_are_one_or_more(flights, folds):
    with pytest.raises(TaskError, match="give 1 or more"):
        training.with_folds(flights, folds)


def test_a_folder_without_settings_is_refused(tmp_path):
    with pytest.raises(TaskError, match=r"has no parameters\.json"):
        training.tuned(tmp_path)
