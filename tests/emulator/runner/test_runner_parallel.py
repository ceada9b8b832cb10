"""Parallel steps run for real: mini batches, order, retries, thresholds, lost workers."""

import textwrap
import time

import pytest

from emulator.arm.errors import ArmError
from emulator.azureml.runs import Run
from tests.emulator.azureml_world import WORKSPACE, World, node

UPPER = """
    import argparse, os, pathlib
    def init():
        global mark
        parser = argparse.ArgumentParser()
        parser.add_argument("--mark")
        mark = parser.parse_known_args()[0].mark
        print("init", os.getpid())
    def run(mini_batch):
        print("batch", [pathlib.Path(f).name for f in mini_batch])
        return [pathlib.Path(f).read_text().strip().upper() + mark for f in mini_batch]
"""


def code(world: World, script: str) -> str:
    """Store an entry script as code; gives its id."""
    world.services.blobs.create_container("mlstore", "code")
    world.services.blobs.put("mlstore", "code", "src/score.py", textwrap.dedent(script).encode())
    id_ = f"{WORKSPACE}/codes/score/versions/1"
    world.put(f"{WORKSPACE}/codes/score", {"properties": {}})
    uri = "https://mlstore.blob.core.windows.net/code/src"
    world.put(id_, {"properties": {"codeUri": uri}})
    return id_


def data(world: World, count: int) -> str:
    container = world.store.get(f"{WORKSPACE}/datastores/workspaceblobstore")["properties"]
    for number in range(count):
        name = f"in/f{number:02d}.txt"
        world.services.blobs.put("mlstore", container["containerName"], name, f"f{number}".encode())
    return "azureml://datastores/workspaceblobstore/paths/in/"


def parallel(world: World, script: str = UPPER, **more) -> dict:
    """A parallel step over the pipeline's input `data`."""
    name = more.pop("name", "score")
    environment = f"azureml:{WORKSPACE}/environments/steps/versions/1"
    spec = {
        "type": "parallel",
        "name": name,
        "inputs": {
            "data": {"type": "uri_folder"},
            "mark": {"type": "string", "default": "!"},
            "table": {"type": "mltable", "optional": True},
        },
        "outputs": {"rows": {"type": "uri_file"}},
        "task": {
            "type": "run_function",
            "code": code(world, script),
            "entry_script": "score.py",
            "program_arguments": "--mark ${{inputs.mark}}",
            "append_row_to": "${{outputs.rows}}",
            "environment": environment,
        },
        "input_data": "${{inputs.data}}",
        "mini_batch_size": "3",
        "max_concurrency_per_instance": 2,
        "retry_settings": {"max_retries": 1, "timeout": 10},
        **more,
    }
    world.put(f"{WORKSPACE}/components/{name}", {"properties": {}})
    id_ = f"{WORKSPACE}/components/{name}/versions/1"
    world.put(id_, {"properties": {"componentSpec": spec}})
    bound = {"rows": {"type": "literal", "value": "${{parent.outputs.rows}}"}}
    return {**node(id_, bound, data="${{parent.inputs.data}}"), "type": "parallel"}


def run(world: World, step: dict, count: int = 10, kind: str = "uri_file") -> Run:
    inputs = {"data": {"jobInputType": "uri_folder", "uri": data(world, count)}}
    world.pipeline("p", {"score": step}, inputs=inputs, outputs={"rows": {"jobOutputType": kind}})
    return world.ended("p")


def rows(world: World, run: Run) -> list[str]:
    return world.read(run.outputs["rows"]["uri"]).decode().splitlines()


def test_every_file_gives_one_row_in_the_order_of_the_files(world):
    ended = run(world, parallel(world))
    assert ended.status == "Completed", ended.error
    assert rows(world, ended) == [f"F{number}!" for number in range(10)]
    step = world.steps("p")["score"].name
    said = [world.text(step, f"logs/user/stdout/process{n:03d}.stdout.txt") for n in range(2)]
    assert sum(text.count("init") for text in said) == 2
    assert sum(text.count("batch") for text in said) == 4
    assert "4 mini batches for 2 workers" in world.text(step, "user_logs/std_log.txt")


def test_workers_are_spread_over_the_nodes(world):
    ended = run(world, parallel(world, resources={"instance_count": 2}))
    assert ended.status == "Completed", ended.error
    step = world.steps("p")["score"].name
    assert "4 mini batches for 4 workers" in world.text(step, "user_logs/std_log.txt")


def test_a_node_may_say_otherwise_and_a_folder_gets_the_rows_in_a_file(world):
    step = parallel(world, outputs={"rows": {"type": "uri_folder"}})
    step |= {"mini_batch_size": 5, "max_concurrency_per_instance": 1}
    ended = run(world, step, kind="uri_folder")
    assert ended.status == "Completed", ended.error
    assert world.read(ended.outputs["rows"]["uri"] + "parallel_run_step.txt").count(b"\n") == 10
    text = world.text(world.steps("p")["score"].name, "user_logs/std_log.txt")
    assert "2 mini batches for 1 workers" in text


ONCE = """
    import os, pathlib, signal, time
    def init(): pass
    def run(mini_batch):
        mark = pathlib.Path(mini_batch[0] + ".tried")
        if mini_batch[0].endswith("f03.txt") and not mark.exists():
            mark.touch()
            {what}
        return [pathlib.Path(f).read_text() for f in mini_batch]
"""


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("raise ValueError('not now')", "ValueError: not now"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "the worker died with exit code -9"),
        ("time.sleep(60)", "longer than its timeout of 1 s"),
        ("return [1]", "run() gave 2 items too few"),
        ("return None", "run() gave a NoneType; give a list or a DataFrame"),
    ],
)
def test_a_mini_batch_that_fails_once_is_tried_again_and_the_others_are_not(world, what, said):
    step = parallel(
        world,
        ONCE.format(what=what),
        retry_settings={"max_retries": 1, "timeout": 1},
        mini_batch_error_threshold=0,
    )
    ended = run(world, step)
    assert ended.status == "Completed", ended.error
    assert rows(world, ended) == [f"f{number}" for number in range(10)]
    text = world.text(world.steps("p")["score"].name, "user_logs/std_log.txt")
    assert said in text
    assert text.count("failed at try") == 1


FAILING = """
    import pathlib
    def init(): pass
    def run(mini_batch):
        if any("f0" in f and f[-5] in "036" for f in mini_batch):
            raise ValueError("bad file")
        return [pathlib.Path(f).read_text() for f in mini_batch]
"""


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"mini_batch_error_threshold": 2}, "3 mini batches failed, more than"),
        ({"error_threshold": 8}, "9 items failed, more than error_threshold 8"),
    ],
)
def test_too_many_failures_fail_the_step_with_the_last_reason(world, limits, message):
    ended = run(world, parallel(world, FAILING, **limits))
    assert ended.status == "Failed"
    assert message in ended.error["message"]
    assert "bad file" in ended.error["message"]


def test_failures_within_the_limits_leave_their_rows_out(world):
    ended = run(world, parallel(world, FAILING, mini_batch_error_threshold=3, error_threshold=-1))
    assert ended.status == "Completed", ended.error
    assert rows(world, ended) == ["f9"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("def init(): raise OSError('no model')\ndef run(b): return b", "OSError: no model"),
        ("def run(b): return b", "has no function init"),
        ("import nothing_of_that_name", "nothing_of_that_name"),
    ],
)
def test_a_script_that_cannot_start_fails_the_step(world, script, message):
    ended = run(world, parallel(world, script))
    assert ended.status == "Failed"
    assert "cannot be started" in ended.error["message"]
    assert message in ended.error["message"]


def test_cancelling_ends_the_workers(world):
    script = "import time\ndef init(): pass\ndef run(b): time.sleep(60)"
    step = parallel(world, script, retry_settings={"timeout": 100})
    inputs = {"data": {"jobInputType": "uri_folder", "uri": data(world, 4)}}
    world.pipeline("p", {"score": step}, inputs=inputs)
    deadline = time.monotonic() + 10
    while not (steps := world.steps("p")) or steps["score"].status != "Running":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    start = time.monotonic()
    world.services.azureml.runner.cancel(world.run("p"))
    assert world.ended("p").status == "Canceled"
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input_data": "${{inputs.gone}}"}, "input 'gone' of type None"),
        ({"input_data": "${{inputs.table}}"}, "of type mltable; files are cut"),
        ({"input_data": "data"}, r"give \$\{\{inputs.NAME\}\}"),
        ({"mini_batch_size": "10kb"}, "mini_batch_size is '10kb'"),
        ({"partition_keys": ["day"]}, "partition_keys are not run here"),
        ({"error_threshold": -2}, "error_threshold is -2"),
    ],
)
def test_what_cannot_be_cut_into_mini_batches_is_refused_by_name(world, change, message):
    step = parallel(world, **change)
    with pytest.raises(ArmError, match=message):
        run(world, step)
