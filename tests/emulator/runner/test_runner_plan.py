"""What a step is to do, read from a job's own words."""

import pytest

from emulator.runner.durations import PlanError, seconds
from emulator.runner.model import Data, InputSpec, Literal, OutputSpec, Step
from emulator.runner.pipeline_plan import bind_inputs, pipeline_step
from emulator.runner.plan import command_step, destination

COMPONENT = {
    "type": "command",
    "command": "run",
    "environment": "azureml:/e",
    "inputs": {
        "data": {"type": "uri_folder"},
        "rate": {"type": "number", "default": "0.5"},
        "note": {"type": "string", "optional": True},
    },
    "outputs": {"model": {"type": "mlflow_model"}},
}


def step() -> Step:
    return pipeline_step("train", {"computeId": "gpu"}, COMPONENT, {"default_compute": "cpu"})


def test_a_node_wins_over_its_pipeline_and_its_component():
    node = {
        "limits": {"timeout": "PT1M"},
        "environment_variables": {"SEED": 1},
        "outputs": {"model": {"value": "${{parent.outputs.m}}", "type": "literal"}},
    }
    found = pipeline_step(
        "train", node, COMPONENT, {"default_compute": "cpu", "default_datastore": "d"}
    )
    assert (found.compute, found.timeout, found.variables) == ("cpu", 60.0, {"SEED": "1"})
    assert (found.datastore, found.outputs["model"].type) == ("d", "mlflow_model")
    assert step().compute == "gpu"


def test_inputs_come_from_the_pipeline_from_steps_from_defaults_or_not_at_all():
    node = {"inputs": {"data": {"value": "${{parent.jobs.prep.outputs.out}}"}}}
    made = {"prep": {"out": Data("azureml://x", "uri_folder")}}
    assert bind_inputs(step(), node, {}, made) == {
        "data": Data("azureml://x", "uri_folder"),
        "rate": Literal("0.5"),
    }
    node = {"inputs": {"data": {"uri": "azureml:a:1"}, "rate": {"value": "${{parent.inputs.r}}"}}}
    assert bind_inputs(step(), node, {"r": Literal("2")}, {}) == {
        "data": Data("azureml:a:1", "uri_folder"),
        "rate": Literal("2"),
    }


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, r"input 'data' \(uri_folder\) has no value and no default"),
        ({"dta": {"value": "x"}}, "given the inputs dta, but its component has: data, rate, note"),
        ({"data": {"value": "${{parent.jobs.prep.outputs.x}}"}}, "has none of that name"),
    ],
)
def test_inputs_that_do_not_fit_are_named(inputs, message):
    with pytest.raises(PlanError, match=message):
        bind_inputs(step(), {"inputs": inputs}, {}, {"prep": {}})


def test_an_output_goes_where_the_job_says_or_to_a_folder_of_the_run():
    plain = step()
    assert (
        destination(plain, "model", "r1", OutputSpec(type="uri_folder"))
        == "azureml://datastores/workspaceblobstore/paths/azureml/r1/model/"
    )
    told = OutputSpec(type="uri_file", uri="azureml://datastores/d/paths/${{name}}/x.csv")
    assert destination(plain, "model", "r1", told) == "azureml://datastores/d/paths/r1/x.csv"
    with pytest.raises(PlanError, match="known are name"):
        destination(plain, "model", "r1", OutputSpec(type="uri_file", uri="${{what}}"))


def test_a_command_job_is_one_step():
    found, values = command_step(
        "j",
        {
            "command": "echo ${{inputs.n}}",
            "computeId": "/x/computes/cpu",
            "environmentId": "e",
            "inputs": {"n": {"jobInputType": "literal", "value": "3"}},
            "outputs": {"o": {"jobOutputType": "uri_folder", "assetName": "a"}},
        },
    )
    assert values == {"n": Literal("3")}
    assert found.inputs == {"n": InputSpec(type="literal")}
    assert found.outputs["o"].asset_name == "a"


def test_what_needs_more_nodes_or_another_kind_of_step_is_refused():
    with pytest.raises(PlanError, match="asks for 2 nodes"):
        pipeline_step("s", {"resources": {"instance_count": 2}}, COMPONENT, {})
    with pytest.raises(PlanError, match="of type 'sweep'"):
        pipeline_step("s", {"type": "sweep"}, COMPONENT | {"type": "sweep"}, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("PT1M", 60.0), ("P1DT1H", 90000.0), ("PT0.5S", 0.5), (30, 30.0), (None, None)],
)
def test_durations_are_read(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["1 minute", "P", "PT"])
def test_other_durations_are_refused(text):
    with pytest.raises(PlanError, match="not an ISO 8601 duration"):
        seconds(text)
