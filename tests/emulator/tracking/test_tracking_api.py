"""The MLflow REST API of a workspace, called as MLflow's client calls it."""

import math

import pytest

from emulator.arm.store import Store
from emulator.azureml.runs import Run, Runs
from emulator.tracking.errors import TrackingError
from emulator.tracking.service import Tracking

WORKSPACE = (
    "/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w"
)


@pytest.fixture(name="tracking")
def _tracking(tmp_path):
    store = Store(tmp_path / "state.db")
    yield Tracking(Runs(store), WORKSPACE, "westeurope", "alice")
    store.close()


def started(tracking, **more) -> str:
    experiment = tracking.answer("POST", "experiments/create", {"name": "flights"})["experiment_id"]
    request = {"experiment_id": experiment, "start_time": 1000, **more}
    return tracking.answer("POST", "runs/create", request)["run"]["info"]["run_id"]


def test_a_run_gives_back_what_was_logged(tracking):
    run = started(tracking, tags=[{"key": "a", "value": "b"}], run_name="first")
    batch = {
        "run_id": run,
        "metrics": [
            {"key": "auc", "value": 0.6, "timestamp": 1, "step": 0},
            {"key": "auc", "value": 0.7, "timestamp": 2, "step": 1},
            {"key": "loss", "value": "NaN", "timestamp": 1, "step": 0},
        ],
        "params": [{"key": "depth", "value": "6"}],
        "tags": [{"key": "c", "value": "d"}],
    }
    assert tracking.answer("POST", "runs/log-batch", batch) == {}
    found = tracking.answer("GET", "runs/get", {"run_id": run})["run"]
    assert found["info"]["run_name"] == "first"
    assert found["info"]["status"] == "RUNNING"
    assert found["info"]["artifact_uri"].endswith(f"/experiments/flights/runs/{run}/artifacts")
    metrics = {m["key"]: m["value"] for m in found["data"]["metrics"]}
    assert metrics == {"auc": 0.7, "loss": "NaN"}
    assert found["data"]["params"] == [{"key": "depth", "value": "6"}]
    tags = {t["key"]: t["value"] for t in found["data"]["tags"]}
    assert (tags["a"], tags["c"], tags["mlflow.runName"]) == ("b", "d", "first")
    history = tracking.answer("GET", "metrics/get-history", {"run_id": run, "metric_key": "auc"})
    assert [m["value"] for m in history["metrics"]] == [0.6, 0.7]


def test_logging_the_same_value_twice_keeps_one(tracking):
    run = started(tracking)
    for _ in range(2):
        metric = {"run_id": run, "key": "m", "value": 1, "timestamp": 5, "step": 0}
        tracking.answer("POST", "runs/log-metric", metric)
    history = tracking.answer("GET", "metrics/get-history", {"run_id": run, "metric_key": "m"})
    assert len(history["metrics"]) == 1
    assert math.isclose(history["metrics"][0]["value"], 1)


def test_a_param_cannot_change(tracking):
    run = started(tracking)
    tracking.answer("POST", "runs/log-parameter", {"run_id": run, "key": "p", "value": "1"})
    tracking.answer("POST", "runs/log-parameter", {"run_id": run, "key": "p", "value": "1"})
    with pytest.raises(TrackingError, match="Changing param values is not allowed") as caught:
        tracking.answer("POST", "runs/log-parameter", {"run_id": run, "key": "p", "value": "2"})
    assert (caught.value.code, caught.value.status) == ("INVALID_PARAMETER_VALUE", 400)


@pytest.mark.parametrize(
    "metric", [{"key": "a/../b", "value": 1}, {"key": "m", "value": "x"}, {"key": "m"}]
)
def test_a_bad_metric_is_refused_and_nothing_is_kept(tracking, metric):
    run = started(tracking)
    batch = {"run_id": run, "metrics": [{"key": "good", "value": 1}, metric]}
    with pytest.raises(TrackingError):
        tracking.answer("POST", "runs/log-batch", batch)
    assert tracking.answer("GET", "runs/get", {"run_id": run})["run"]["data"]["metrics"] == []


def test_what_is_missing_is_named(tracking):
    with pytest.raises(TrackingError, match="No run with id 'x'") as caught:
        tracking.answer("GET", "runs/get", {"run_id": "x"})
    assert caught.value.status == 404
    with pytest.raises(TrackingError, match="does not serve POST logged-models"):
        tracking.answer("POST", "logged-models", {})


def test_an_experiment_exists_once(tracking):
    started(tracking)
    with pytest.raises(TrackingError, match="already exists"):
        tracking.answer("POST", "experiments/create", {"name": "flights"})
    found = tracking.answer("GET", "experiments/get-by-name", {"experiment_name": "flights"})
    assert found["experiment"]["lifecycle_stage"] == "active"


def test_runs_are_found_by_what_they_logged(tracking):
    first = started(tracking)
    experiment = tracking.answer("GET", "runs/get", {"run_id": first})["run"]["info"][
        "experiment_id"
    ]
    second = tracking.answer("POST", "runs/create", {"experiment_id": experiment})["run"]["info"][
        "run_id"
    ]
    for run, value in ((first, 0.6), (second, 0.8)):
        tracking.answer("POST", "runs/log-metric", {"run_id": run, "key": "auc", "value": value})
    asked = {"experiment_ids": [experiment], "filter": "metrics.auc > 0.7"}
    assert [r["info"]["run_id"] for r in tracking.answer("POST", "runs/search", asked)["runs"]] == [
        second
    ]
    asked = {"experiment_ids": [experiment], "order_by": ["metrics.auc ASC"], "max_results": 1}
    page = tracking.answer("POST", "runs/search", asked)
    assert [r["info"]["run_id"] for r in page["runs"]] == [first]
    asked["page_token"] = page["next_page_token"]
    rest = tracking.answer("POST", "runs/search", asked)
    assert [r["info"]["run_id"] for r in rest["runs"]] == [second]
    assert "next_page_token" not in rest


def test_a_script_cannot_end_the_job_it_runs_in(tracking):
    run = tracking.runs.add(
        Run(workspace=WORKSPACE, name="job", kind="Command", experiment="e", status="Running")
    )
    tracking.answer("POST", "runs/update", {"run_id": run.name, "status": "FINISHED"})
    assert (
        tracking.answer("GET", "runs/get", {"run_id": "job"})["run"]["info"]["status"] == "RUNNING"
    )


def test_a_deleted_run_is_not_found_by_searching(tracking):
    run = started(tracking)
    experiment = tracking.answer("GET", "runs/get", {"run_id": run})["run"]["info"]["experiment_id"]
    tracking.answer("POST", "runs/delete", {"run_id": run})
    assert tracking.answer("POST", "runs/search", {"experiment_ids": [experiment]})["runs"] == []
    tracking.answer("POST", "runs/restore", {"run_id": run})
    assert (
        len(tracking.answer("POST", "runs/search", {"experiment_ids": [experiment]})["runs"]) == 1
    )
