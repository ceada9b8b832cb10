"""Training, the model folder and its evaluation."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml import mlflow_model, training
from ml.data import examples, report
from ml.errors import TaskError
from ml.steps import evaluate as evaluation
from ml.steps import register
from ml.steps.evaluate import Evaluation, evaluate
from ml.steps.ingest import as_folder
from ml.steps.prepare import resolved
from ml.steps.train import train
from ml.tabular_scorer import Encoder


@pytest.fixture(scope="module")
def model(flights, made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "model"
    train(flights, made.train, folder)
    return folder


@pytest.fixture(scope="module")
def rows(made):
    return examples.read(made.holdout, examples.about(made.holdout, "holdout"))


@pytest.fixture(scope="module")
def measured(flights, made, model):
    return evaluate(flights, model, made.holdout)


def test_the_same_seed_gives_the_same_bytes(flights, made, model, tmp_path):
    train(flights, made.train, tmp_path / "again")
    assert mlflow_model.digest(tmp_path / "again") == mlflow_model.digest(model)


def test_the_digest_changes_with_any_byte_that_matters(model, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    encoder = copy / mlflow_model.DATA / "encoder.json"
    encoder.write_text(encoder.read_text().replace("UA", "XX"))
    assert mlflow_model.digest(copy) != mlflow_model.digest(model)


def test_mlflow_serves_what_evaluate_measured(model, rows):
    from mlflow import pyfunc  # noqa: PLC0415  seconds that the other tests do not need

    served = pyfunc.load_model(str(model))
    frame = pd.DataFrame(dict(rows.columns)).head(200)
    kinds = {name: "float64" for name in frame if name not in ("carrier", "origin", "dest")}
    ours = mlflow_model.load(model).score({name: frame[name].to_numpy() for name in rows.columns})
    np.testing.assert_array_equal(served.predict(frame.astype(kinds)), ours)


def test_the_model_folder_has_signature_example_and_pins(model):
    described = (model / "MLmodel").read_text()
    assert '"name": "carrier"' in described
    assert "probability" in described
    assert json.loads((model / "input_example.json").read_text())["columns"][0] == "carrier"
    pins = (model / "requirements.txt").read_text().split()
    assert all("==" in pin for pin in pins)
    assert {pin.split("==")[0] for pin in pins} == {*mlflow_model.PINNED}


def test_the_model_says_where_it_comes_from(model, made):
    lineage = mlflow_model.lineage(model)
    assert lineage.train_periods == ("2013-01", "2013-09")
    assert lineage.stop_periods == ("2013-08", "2013-09")
    assert lineage.data_version == examples.about(made.train, "train").data_version


def test_the_encoder_knows_only_what_it_was_fitted_on():
    encoder = Encoder.fit(["a", "n"], {"a": ["x", "x", "y", None]}, rare=2)
    assert encoder.categories == {"a": ("x",)}
    coded = encoder.encode({"a": ["x", "y", "new", None], "n": [1.0, 2.0, 3.0, np.nan]})
    np.testing.assert_array_equal(coded[:, 0], np.array([0, np.nan, np.nan, np.nan], np.float32))
    np.testing.assert_array_equal(coded[:, 1], np.array([1, 2, 3, np.nan], np.float32))


def test_the_encoder_names_features_that_are_missing():
    with pytest.raises(ValueError, match="missing: n"):
        Encoder(("a", "n"), {}).encode({"a": [1.0]})


def test_early_stopping_needs_a_period_to_stop_on(flights, made):
    all_rows = examples.read(made.train, examples.about(made.train, "train"))
    one = all_rows.chosen(all_rows.period == "2013-01")
    with pytest.raises(TaskError, match=r"has one period \(2013-01\)"):
        training.fit(one, flights.categories, flights.settings.training, 1)


def test_two_periods_have_one_fold_however_many_are_asked_for(flights, made):
    all_rows = examples.read(made.train, examples.about(made.train, "train"))
    two = all_rows.chosen(all_rows.period <= "2013-02")
    fitted = training.fit(two, flights.categories, flights.settings.training, 2)
    assert fitted.stop_periods == ("2013-02",)


def test_training_refuses_the_hold_out_and_evaluating_the_training_rows(flights, made, model):
    with pytest.raises(TaskError, match="holds the holdout examples; this step takes train"):
        train(flights, made.holdout, model)
    with pytest.raises(TaskError, match="holds the train examples; this step takes holdout"):
        evaluate(flights, model, made.train)


def test_a_model_is_not_measured_on_what_it_has_seen(flights, made, model, tmp_path):
    later = json.loads((model / mlflow_model.DATA / "lineage.json").read_text())
    later["train_periods"] = ["2013-01", "2013-11"]
    copy = tmp_path / "later"
    shutil.copytree(model, copy)
    (copy / mlflow_model.DATA / "lineage.json").write_text(json.dumps(later))
    with pytest.raises(TaskError, match="measured on what it has seen"):
        evaluate(flights, copy, made.holdout)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"passed": False}, "features of scoring requests differ"),
        ({"data_version": "other"}, "about data version other"),
    ],
)
def test_measures_want_requests_that_are_computed_like_the_examples(made, tmp_path, change, said):
    alike = report.read(made.report)
    evaluation.require_alike(made.report, alike.data_version)
    alike.model_copy(update=change).write(tmp_path)
    with pytest.raises(TaskError, match=said):
        evaluation.require_alike(tmp_path, alike.data_version)


def test_the_measures_cover_every_month_and_slice(measured, rows):
    assert list(measured.groups) == ["period", "carrier", "origin"]
    assert list(measured.groups["period"]) == ["2013-10", "2013-11", "2013-12"]
    for group in measured.groups.values():
        assert sum(found["rows"] for found in group.values()) == len(rows.label)
    # A sixtieth of the data is enough to be better than chance and than the base rate.
    rate = measured.overall["positive_rate"]
    assert measured.overall["auc"] > 0.6
    assert measured.overall["brier"] < rate * (1 - rate)


def test_the_names_in_mlflow_are_stable(measured):
    names = measured.flat
    assert names["holdout_auc"] == measured.overall["auc"]
    assert "holdout_brier.period.2013-10" in names
    assert "holdout_log_loss.origin.EWR" in names


def test_tags_hold_the_lineage_and_the_headlines(model, measured):
    tags = register.tags_of(model, measured, {"environment": "azureml:e:1"})
    assert tags["holdout_auc"] == f"{measured.overall['auc']:.6g}"
    assert tags["train_periods"] == "2013-01 to 2013-09"
    assert tags["environment"] == "azureml:e:1"
    assert all(isinstance(value, str) and len(value) <= 256 for value in tags.values())


def test_measures_of_another_model_are_refused(model, measured):
    other = Evaluation(**{**vars(measured), "model_digest": "0" * 64})
    with pytest.raises(TaskError, match="measures are of model 000000000000"):
        register.tags_of(model, other, {})


def test_steps_log_to_mlflow_only_where_the_environment_asks(
    flights, made, model, tmp_path, monkeypatch
):
    recorded: list[dict[str, float]] = []
    monkeypatch.setattr(
        evaluation.tracking, "record", lambda found, _: recorded.append(dict(found))
    )
    arguments = ["--model", model, "--holdout", made.holdout, "--metrics", tmp_path]
    evaluation.main([str(word) for word in arguments])
    assert (
        recorded[0]["holdout_auc"]
        == json.loads((tmp_path / "metrics.json").read_text())["overall"]["auc"]
    )


def test_without_a_tracking_address_nothing_is_logged(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert evaluation.tracking.record({"a": 1.0}, {}) is False


def test_with_a_tracking_address_metrics_arrive(monkeypatch, tmp_path):
    address = f"sqlite:///{tmp_path / 'runs.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    from mlflow.tracking import MlflowClient  # noqa: PLC0415  seconds that other tests do not need

    assert evaluation.tracking.record({"holdout_auc.period.2013-10": 0.5}, {"seed": 1}) is True
    client = MlflowClient(address)
    runs = client.search_runs(
        [experiment.experiment_id for experiment in client.search_experiments()]
    )
    assert runs[0].data.metrics == {"holdout_auc.period.2013-10": 0.5}
    assert runs[0].data.params == {"seed": "1"}


def test_the_scorer_stands_alone_so_that_it_can_travel_in_the_model(model):
    code = (model / "code" / "tabular_scorer.py").read_text()
    assert not [line for line in code.splitlines() if line.startswith(("from ml", "import ml"))]
    assert Path(model / "code" / "ml").exists() is False


def test_the_newest_period_and_those_before_it_are_found_in_the_tables(flights, made):
    given = {"train_from": "newest-2", "train_to": "newest-1", "holdout_from": "newest"}
    found = resolved(flights, made.tables, {**given, "holdout_to": "2013-12"})
    assert found == {
        "train_from": "2013-10", "train_to": "2013-11",
        "holdout_from": "2013-12", "holdout_to": "2013-12",
    }  # fmt: skip
    with pytest.raises(TaskError, match="newest-N with N below 12"):
        resolved(flights, made.tables, {"train_from": "newest-12"})


def test_a_file_that_arrives_alone_is_a_window_named_by_its_content(tmp_path):
    file = tmp_path / "flights.csv"
    file.write_text("a,b\n1,2\n")
    with as_folder(file) as folder:
        (window,) = folder.iterdir()
        assert window.name.startswith("arrived-")
        assert (window / "flights.csv").read_text() == "a,b\n1,2\n"
    with as_folder(tmp_path) as folder:
        assert folder == tmp_path
