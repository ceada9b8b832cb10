"""Pipelines run for real: order, data between steps, failure, cancel, slots, reuse."""

import time

from emulator.azureml import jobs
from tests.emulator.azureml_world import WORKSPACE, node

TEXT_IN = {"inputs": {"text": {"type": "string"}}}
FILE_OUT = {"outputs": {"out": {"type": "uri_file"}}}
FOLDER = {"type": "uri_folder"}


def three_steps(world) -> dict:
    write = world.component(
        "write",
        "echo ${{inputs.text}} > ${{outputs.out}}/a.txt; echo said ${{inputs.text}}",
        inputs={"text": {"type": "string"}},
        outputs={"out": FOLDER},
    )
    upper = world.component(
        "upper",
        "tr a-z A-Z < ${{inputs.data}}/a.txt > ${{outputs.out}}/b.txt",
        inputs={"data": FOLDER},
        outputs={"out": FOLDER},
    )
    count = world.component(
        "count",
        "wc -c < ${{inputs.data}}/b.txt > ${{outputs.report}} $[[; echo ${{inputs.more}}]]",
        inputs={"data": FOLDER, "more": {"type": "string", "optional": True}},
        outputs={"report": {"type": "uri_file"}},
    )
    return {
        "write": node(write, text="${{parent.inputs.text}}"),
        "upper": node(upper, data="${{parent.jobs.write.outputs.out}}"),
        "count": node(
            count,
            {"report": {"type": "literal", "value": "${{parent.outputs.report}}"}},
            data="${{parent.jobs.upper.outputs.out}}",
        ),
    }


def test_a_pipeline_hands_data_from_step_to_step(world):
    inputs = {"text": {"jobInputType": "literal", "value": "hello"}}
    outputs = {"report": {"jobOutputType": "uri_file"}}
    world.pipeline("p", three_steps(world), inputs=inputs, outputs=outputs)
    run = world.ended("p")
    assert run.status == "Completed", run.error
    assert world.read(run.outputs["report"]["uri"]).strip() == b"6"
    steps = world.steps("p")
    assert [s.status for s in steps.values()] == ["Completed"] * 3
    assert world.text(steps["write"].name, "user_logs/std_log.txt") == "said hello\n"
    log = world.text("p", "logs/azureml/executionlogs.txt")
    assert "Step write [" in log
    assert "Completed" in log


def test_a_failing_step_fails_the_pipeline_and_skips_what_waits_for_it(world):
    bad = world.component("bad", "echo why it fails; exit 3", outputs={"out": FOLDER})
    after = world.component("after", "cat ${{inputs.data}}/x", inputs={"data": FOLDER})
    nodes = {"bad": node(bad), "after": node(after, data="${{parent.jobs.bad.outputs.out}}")}
    world.pipeline("p", nodes)
    run = world.ended("p")
    assert run.status == "Failed"
    assert run.error is not None
    assert "'bad'" in run.error["message"]
    assert "why it fails" in run.error["message"]
    assert "Not run because of it: after" in run.error["message"]
    steps = world.steps("p")
    assert steps["bad"].status == "Failed"
    assert steps["after"].status == "Canceled"
    assert world.text(steps["bad"].name, "user_logs/std_log.txt") == "why it fails\n"


def test_as_many_steps_run_at_once_as_the_cluster_has_nodes(world):
    nap = world.component("nap", "sleep 0.5", is_deterministic=False)
    world.pipeline("p", {f"n{i}": node(nap) for i in range(4)})
    run = world.ended("p")
    assert run.status == "Completed", run.error
    assert run.started is not None
    assert run.ended is not None
    assert 0.95 < run.ended - run.started < 2.0


def test_cancelling_kills_the_process_group_and_ends_the_pipeline(world):
    nap = world.component("nap", "sleep 60 & sleep 60", is_deterministic=False)
    world.pipeline("p", {"nap": node(nap)})
    deadline = time.monotonic() + 10
    while not (steps := world.steps("p")) or steps["nap"].process is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    start = time.monotonic()
    world.services.azureml.runner.cancel(world.run("p"))
    assert world.ended("p").status == "Canceled"
    assert time.monotonic() - start < 3
    assert world.steps("p")["nap"].status == "Canceled"


def test_a_deterministic_step_with_equal_inputs_is_reused(world):
    inputs = {"text": {"jobInputType": "literal", "value": "hello"}}
    world.pipeline("first", three_steps(world), inputs=inputs)
    assert world.ended("first").status == "Completed"
    world.pipeline("second", three_steps(world), inputs=inputs)
    assert world.ended("second").status == "Completed"
    first, second = world.steps("first"), world.steps("second")
    assert second["count"].properties["azureml.reusedrunid"] == first["count"].name
    assert second["count"].outputs == first["count"].outputs
    world.pipeline("forced", three_steps(world), inputs=inputs, settings={"force_rerun": True})
    world.ended("forced")
    assert "azureml.isreused" not in world.steps("forced")["count"].properties


def test_an_output_is_registered_as_the_asset_it_is_named_after(world):
    write = world.component(
        "write", "echo 1 > ${{outputs.model}}/m", outputs={"model": {"type": "custom_model"}}
    )
    bound = {"model": {"type": "literal", "value": "${{parent.outputs.model}}"}}
    outputs = {"model": {"jobOutputType": "custom_model", "assetName": "m", "assetVersion": "7"}}
    world.pipeline("p", {"write": node(write, bound)}, outputs=outputs)
    run = world.ended("p")
    assert run.status == "Completed", run.error
    model = world.store.get(f"{WORKSPACE}/models/m/versions/7")
    assert model is not None
    assert model["properties"]["modelUri"].endswith("/model/")


def test_a_pipeline_is_a_step_of_another_one(world):
    inputs = {"text": {"type": "string", "default": "inner"}}
    outputs = {"report": {"type": "uri_file"}}
    inner = world.pipeline_component("inner", three_steps(world), inputs=inputs, outputs=outputs)
    show = world.component(
        "show",
        "cat ${{inputs.data}} > ${{outputs.out}}",
        inputs={"data": {"type": "uri_file"}},
        **FILE_OUT,
    )
    bound = {"out": {"type": "literal", "value": "${{parent.outputs.out}}"}}
    nodes = {
        "inner": {**node(inner, text="outer text"), "type": "pipeline"},
        "show": node(show, bound, data="${{parent.jobs.inner.outputs.report}}"),
    }
    world.pipeline("p", nodes, outputs={"out": {"jobOutputType": "uri_file"}})
    run = world.ended("p")
    assert run.status == "Completed", run.error
    assert world.read(run.outputs["out"]["uri"]).strip() == b"11"
    steps = world.steps("p")
    assert (steps["inner"].kind, steps["inner"].root) == ("Pipeline", "p")
    assert set(world.steps(steps["inner"].name)) == {"write", "upper", "count"}


def test_a_failure_deep_inside_is_told_at_the_top(world):
    bad = world.component("bad", "echo deep reason; exit 3", outputs={"out": FOLDER})
    inner = world.pipeline_component("inner", {"bad": node(bad)})
    world.pipeline("p", {"inner": {**node(inner), "type": "pipeline"}})
    run = world.ended("p")
    assert run.status == "Failed"
    assert run.error is not None
    assert "deep reason" in run.error["message"]


def test_cancelling_reaches_the_steps_of_a_pipeline_inside(world):
    nap = world.component("nap", "sleep 60", is_deterministic=False)
    inner = world.pipeline_component("inner", {"nap": node(nap)})
    world.pipeline("p", {"inner": {**node(inner), "type": "pipeline"}})
    deadline = time.monotonic() + 10
    while not any(run.process for run in world.runs.of_workspace(WORKSPACE)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    world.services.azureml.runner.cancel(world.steps("p")["inner"])
    assert world.ended("p").status == "Canceled"
    assert {run.status for run in world.runs.of_workspace(WORKSPACE)} == {"Canceled"}


def test_a_deleted_job_takes_all_below_it_along(world):
    true = world.component("true", "true")
    inner = world.pipeline_component("inner", {"true": node(true)})
    world.pipeline("p", {"inner": {**node(inner), "type": "pipeline"}})
    assert world.ended("p").status == "Completed"
    assert len(world.runs.of_workspace(WORKSPACE)) == 3
    assert jobs.delete(world.context, WORKSPACE, "p")
    assert world.runs.of_workspace(WORKSPACE) == []


def test_a_pipeline_deep_inside_ends_when_its_compute_is_deleted(world):
    nap = world.component("nap", "sleep 60", is_deterministic=False)
    inner = world.pipeline_component("inner", {"nap": node(nap)})
    world.pipeline("p", {"inner": {**node(inner), "type": "pipeline"}})
    deadline = time.monotonic() + 10
    while not any(run.process for run in world.runs.of_workspace(WORKSPACE)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    world.services.azureml.runner.abandon(WORKSPACE, "compute cpu was deleted", "cpu")
    run = world.ended("p")
    assert (run.status, run.error["message"]) == ("Failed", "compute cpu was deleted")
