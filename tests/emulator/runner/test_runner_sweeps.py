"""Sweeps run for real: trials, the best one's outputs, early ends, limits, failures."""

import json
import time
from itertools import pairwise

import pytest

from emulator.arm.errors import ArmError
from emulator.azureml.runs import Run
from emulator.tracking.metrics import Metrics
from tests.emulator.azureml_world import WORKSPACE, World, node

FOLDER = {"jobOutputType": "uri_folder"}
GRID = {"samplingAlgorithmType": "Grid"}


def sweep(command: str, space: dict, **more) -> dict:
    trial = {"command": command, "environmentId": f"{WORKSPACE}/environments/steps/versions/1"}
    return {
        "jobType": "Sweep",
        "trial": trial,
        "computeId": "cpu",
        "searchSpace": space,
        "samplingAlgorithm": GRID,
        "objective": {"goal": "maximize", "primaryMetric": "auc"},
        "limits": {"maxTotalTrials": 10, "maxConcurrentTrials": 2},
        **more,
    }


def trials(world: World, name: str) -> dict[str, Run]:
    """The trials of a sweep by what they were given."""
    return {
        json.loads(run.tags["hyperparameters"])["x"]: run
        for run in world.runs.children(WORKSPACE, name)
    }


def log(world: World, name: str, values: dict[str, list[float]]) -> None:
    """Log the metric of each trial while it runs, as a script would over MLflow."""
    metrics, left = Metrics(world.store), {x: list(v) for x, v in values.items()}
    deadline = time.monotonic() + 20
    while left:
        assert time.monotonic() < deadline, left
        for x, run in trials(world, name).items():
            if run.process is None or x not in left:
                continue
            for step, value in enumerate(left.pop(x)):
                item = {"key": "auc", "value": value, "step": step, "timestamp": step}
                metrics.log(run, [item], [])
        time.sleep(0.01)


def choice(*values: object) -> dict:
    return {"x": ["choice", [list(values)]]}


def test_the_best_trials_outputs_are_the_sweeps(world):
    command = "sleep 0.4; echo ${{search_space.x}} $AZUREML_SWEEP_x > ${{outputs.model}}/m"
    world.submit("s", sweep(command, choice(1, 2, 3), outputs={"model": FOLDER}))
    log(world, "s", {"1": [0.5], "2": [0.9, 0.1], "3": [0.7]})
    run = world.ended("s")
    assert run.status == "Completed", run.error
    best = trials(world, "s")["2"]
    assert run.properties["best_child_run_id"] == best.name
    assert (run.properties["score"], run.outputs) == ("0.9", best.outputs)
    assert world.read(run.outputs["model"]["uri"] + "m") == b"2 2\n"
    assert {one.name for one in trials(world, "s").values()} == {"s_0", "s_1", "s_2"}
    assert "Best trial: s_1, auc 0.9" in world.text("s", "azureml-logs/hyperdrive.txt")


def test_the_least_is_best_where_that_is_the_goal_and_goes_where_it_is_wanted(world):
    where = "azureml://datastores/workspaceblobstore/paths/best/"
    outputs = {"model": {**FOLDER, "uri": where, "assetName": "best", "assetVersion": "3"}}
    objective = {"goal": "Minimize", "primaryMetric": "auc"}
    command = "sleep 0.3; echo ${{search_space.x}} > ${{outputs.model}}/m"
    body = sweep(command, choice("a", "b"), outputs=outputs, objective=objective)
    world.submit("s", body)
    log(world, "s", {"a": [0.5], "b": [0.2]})
    assert world.ended("s").status == "Completed"
    assert world.read(f"{where}m") == b"b\n"
    model = world.store.get(f"{WORKSPACE}/data/best/versions/3")
    assert model["properties"]["dataUri"].endswith("/paths/best/")


def test_no_more_trials_run_at_once_than_the_limit_says(world):
    body = sweep("sleep 0.3", choice(*range(4)), limits={"maxConcurrentTrials": 1})
    world.submit("s", body)
    log(world, "s", {str(x): [x] for x in range(4)})
    world.ended("s")
    spans = sorted((run.started, run.ended) for run in trials(world, "s").values())
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


def test_a_trial_that_is_hopeless_is_ended_early(world):
    policy = {"policyType": "Bandit", "slackFactor": 0.1, "evaluationInterval": 1}
    # sh -c so that the trial with the good value ends by itself
    command = "if [ ${{search_space.x}} = good ]; then sleep 1; else sleep 60; fi"
    world.submit("s", sweep(command, choice("good", "bad"), earlyTermination=policy))
    log(world, "s", {"good": [0.9]})
    log(world, "s", {"bad": [0.3]})
    run = world.ended("s")
    assert run.status == "Completed", run.error
    found = trials(world, "s")
    assert (found["good"].status, found["bad"].status) == ("Completed", "Canceled")
    assert "cancelled by the policy bandit" in world.text("s", "azureml-logs/hyperdrive.txt")


def test_a_trial_that_takes_too_long_is_cancelled_and_the_sweep_goes_on(world):
    command = "if [ ${{search_space.x}} = slow ]; then sleep 60; else sleep 0.3; fi"
    limits = {"trialTimeout": "PT1S"}
    world.submit("s", sweep(command, choice("slow", "quick"), limits=limits))
    log(world, "s", {"slow": [0.9], "quick": [0.1]})
    run = world.ended("s")
    assert run.status == "Completed", run.error
    found = trials(world, "s")
    assert found["slow"].status == "Canceled"
    assert run.properties["best_child_run_id"] == found["quick"].name


def test_a_sweep_that_takes_too_long_is_cancelled(world):
    world.submit("s", sweep("sleep 60", choice(1, 2), limits={"timeout": "PT0.5S"}))
    assert world.ended("s").status == "Canceled"
    assert {run.status for run in trials(world, "s").values()} == {"Canceled"}


def test_cancelling_a_sweep_ends_its_trials(world):
    world.submit("s", sweep("sleep 60", choice(1, 2)))
    deadline = time.monotonic() + 10
    while not any(run.process for run in trials(world, "s").values()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    world.services.azureml.runner.cancel(world.run("s"))
    assert world.ended("s").status == "Canceled"
    assert {run.status for run in trials(world, "s").values()} == {"Canceled"}


def test_a_sweep_without_the_metric_says_which_is_missing(world):
    world.submit("s", sweep("true", choice(1, 2)))
    run = world.ended("s")
    assert run.status == "Failed"
    assert "logged the primary metric 'auc'" in run.error["message"]
    world.submit("f", sweep("echo no luck; exit 4", choice(1, 2)))
    run = world.ended("f")
    assert "2 of 2 trials failed" in run.error["message"]
    assert "no luck" in run.error["message"]


def swept(component: str, /, **more) -> dict:
    found = node(component, **more.pop("inputs", {}))
    del found["componentId"]
    return {
        **found,
        "type": "sweep",
        "trial": {"componentId": component},
        "search_space": {"x": {"type": "choice", "values": ["1", "2"]}},
        "sampling_algorithm": "grid",
        "objective": {"goal": "maximize", "primary_metric": "auc"},
        "limits": {"max_total_trials": 2, "max_concurrent_trials": 2},
        **more,
    }


def test_a_sweep_is_a_step_whose_best_output_the_next_step_reads(world):
    trial = world.component(
        "trial",
        "sleep 0.3; cat ${{inputs.data}} > ${{outputs.model}}/m; echo ${{inputs.x}} >> "
        "${{outputs.model}}/m",
        inputs={"x": {"type": "string"}, "data": {"type": "uri_file"}},
        outputs={"model": {"type": "uri_folder"}},
    )
    first = world.component(
        "first", "echo base > ${{outputs.out}}", outputs={"out": {"type": "uri_file"}}
    )
    last = world.component(
        "last",
        "cat ${{inputs.model}}/m > ${{outputs.out}}",
        inputs={"model": {"type": "uri_folder"}},
        outputs={"out": {"type": "uri_file"}},
    )
    bound = {"out": {"type": "literal", "value": "${{parent.outputs.out}}"}}
    nodes = {
        "first": node(first),
        "sweep": swept(trial, inputs={"data": "${{parent.jobs.first.outputs.out}}"}),
        "last": node(last, bound, model="${{parent.jobs.sweep.outputs.model}}"),
    }
    world.pipeline("p", nodes, outputs={"out": {"jobOutputType": "uri_file"}})
    deadline = time.monotonic() + 10
    while "sweep" not in world.steps("p"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    log(world, world.steps("p")["sweep"].name, {"1": [0.2], "2": [0.8]})
    run = world.ended("p")
    assert run.status == "Completed", run.error
    assert world.read(run.outputs["out"]["uri"]) == b"base\n2\n"
    assert world.steps("p")["sweep"].kind == "Sweep"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samplingAlgorithm": {"samplingAlgorithmType": "Bayesian"}}, "'bayesian' is not run"),
        ({"objective": {"goal": "most", "primaryMetric": "auc"}}, "maximize or minimize"),
        ({"limits": {"maxTotalTrials": 0}}, "give 1 to 1000"),
        ({"earlyTermination": {"policyType": "Bandit"}}, "has no slack"),
        ({"computeId": "gpu"}, "does not have; it has: cpu"),
    ],
)
def test_a_sweep_that_could_never_run_is_refused(world, change, message):
    with pytest.raises(ArmError, match=message):
        world.submit("s", sweep("true", choice(1)) | change)


def test_a_step_tries_inputs_that_its_component_has(world):
    trial = world.component("trial", "true", inputs={"y": {"type": "string"}})
    with pytest.raises(ArmError, match=r"tries x, but its component has the inputs: y"):
        world.pipeline("p", {"sweep": swept(trial)})
