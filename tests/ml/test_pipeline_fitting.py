"""What the training pipeline becomes with windows carried over, many processes, or a sweep."""

import math

import pytest
import yaml

from ml import task as tasks
from ml.errors import TaskError
from ml.pipelines import train
from ml.pipelines.fitting import Fit
from ml.steps.tune import METRIC
from ml.task import Range


def nodes(task, **more) -> dict:
    job = train.build(
        task,
        data="azureml:flights-raw:new",
        compute="cpu",
        code_version="code-1",
        gate=train.Gate(key="https://test.vault.azure.net/keys/verdicts", compute="gates"),
        **more,
    )
    assert job._validate().passed
    return yaml.safe_load(str(job))["jobs"]


def test_windows_are_carried_over_from_version_to_version(flights):
    found = nodes(flights, earlier=["azureml:flights-raw:a", "azureml:flights-raw:b"])
    assert found["ingest_earlier_1"]["inputs"]["raw"]["path"] == "azureml:flights-raw:a"
    assert "previous" not in found["ingest_earlier_1"]["inputs"]
    chain = [
        found[name]["inputs"]["previous"]["path"].split(".")[2]
        for name in ("ingest_earlier_2", "ingest")
    ]
    assert chain == ["ingest_earlier_1", "ingest_earlier_2"]


def test_a_model_fitted_by_one_process_needs_no_launcher(flights):
    assert "distribution" not in nodes(flights)["train"]


def test_many_processes_and_nodes_fit_one_model(flights):
    node = nodes(flights, fit=Fit(processes=2, nodes=3))["train"]
    assert node["distribution"] == {"type": "pytorch", "process_count_per_instance": 2}
    assert node["resources"]["instance_count"] == 3


def test_folds_and_device_reach_whatever_fits(flights):
    found = nodes(flights, fit=Fit(folds=3, device="cuda", trials=2))
    for inputs in (found["train"]["inputs"], found["sweep"]["inputs"]):
        assert (inputs["folds"], inputs["device"]) == (3, "cuda")
    assert not {"folds", "device"} & set(nodes(flights)["train"]["inputs"])


def test_the_best_settings_of_a_sweep_go_into_training(flights):
    found = nodes(flights, fit=Fit(trials=4))
    sweep = found["sweep"]
    assert (sweep["type"], sweep["trial"]["name"]) == ("sweep", "mlops_tune")
    assert sweep["objective"] == {"goal": "minimize", "primary_metric": METRIC}
    assert sweep["limits"] == {"max_concurrent_trials": 2, "max_total_trials": 4}
    assert sweep["search_space"]["max_leaves"]["values"] == [15, 31, 63]
    rate = sweep["search_space"]["learning_rate"]
    assert math.exp(rate["min_value"]) == pytest.approx(0.03)
    assert math.exp(rate["max_value"]) == pytest.approx(0.3)
    assert found["train"]["inputs"]["parameters"]["path"].startswith("${{parent.jobs.sweep.")
    assert "holdout" not in sweep["inputs"]


def test_a_task_without_a_search_space_cannot_be_swept(flights):
    settings = flights.settings.model_copy(update={"sweep": None})
    with pytest.raises(TaskError, match=r"give task\.yaml a part `sweep`"):
        nodes(flights.model_copy(update={"settings": settings}), fit=Fit(trials=2))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "one of choice"),
        ({"choice": [1], "uniform": [0, 1]}, "one of choice"),
        ({"uniform": [1, 0]}, "lower bound first"),
        ({"log_uniform": [0, 1]}, "above 0"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        Range.model_validate(given)


def test_leaves_are_whole():
    with pytest.raises(ValueError, match="whole numbers"):
        tasks.Sweep.model_validate({"space": {"max_leaves": {"uniform": [2, 9]}}})
