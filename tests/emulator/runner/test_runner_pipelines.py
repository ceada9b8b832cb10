"""Pipelines run for real: order, data between steps, failure, cancel, slots, reuse."""

import time

from tests.emulator.azureml_world import WORKSPACE

TEXT_IN = {"inputs": {"text": {"type": "string"}}}
FILE_OUT = {"outputs": {"out": {"type": "uri_file"}}}
FOLDER = {"type": "uri_folder"}


def node(component: str, /, outputs: dict | None = None, **inputs: str) -> dict:
    given = {key: {"job_input_type": "literal", "value": value} for key, value in inputs.items()}
    return {"type": "command", "componentId": component, "inputs": given, "outputs": outputs or {}}


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
