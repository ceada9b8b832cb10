"""Distributed steps: processes on several nodes that know each other, and end together."""

import time

import pytest

from emulator.arm.errors import ArmError
from tests.emulator.azureml_world import node

SHOW = 'echo "$RANK $LOCAL_RANK $NODE_RANK $WORLD_SIZE $MASTER_ADDR $MASTER_PORT"'


def distributed(processes: int, nodes: int, **more) -> dict:
    return {
        "distribution": {"distributionType": "PyTorch", "processCountPerInstance": processes},
        "resources": {"instanceCount": nodes},
        **more,
    }


def test_every_process_knows_its_place(world):
    world.command("d", SHOW, **distributed(2, 2))
    assert world.ended("d").status == "Completed"
    said = [world.text("d", f"user_logs/std_log_process_{rank}.txt") for rank in range(4)]
    ports = {line.split()[-1] for line in said}
    assert len(ports) == 1
    places = [line.rpartition(" ")[0] for line in said]
    assert places == [
        "0 0 0 4 127.0.0.1",
        "1 1 0 4 127.0.0.1",
        "2 0 1 4 127.0.0.1",
        "3 1 1 4 127.0.0.1",
    ]


def test_processes_reach_each_other_and_share_outputs_but_not_folders(world):
    # rank 1 waits for rank 0's word on the port that both are told
    script = (
        "import os, socket, pathlib, time\n"
        "place = (os.environ['MASTER_ADDR'], int(os.environ['MASTER_PORT']))\n"
        "out = pathlib.Path(os.environ['AZURE_ML_OUTPUT_made'])\n"
        "assert not pathlib.Path('mine').exists()\n"
        "pathlib.Path('mine').touch()\n"
        "if os.environ['RANK'] == '0':\n"
        "    with socket.create_server(place) as server:\n"
        "        server.accept()[0].sendall(b'hello')\n"
        "else:\n"
        "    for attempt in range(100):\n"
        "        try:\n"
        "            (out / 'heard').write_bytes(socket.create_connection(place).recv(9))\n"
        "            break\n"
        "        except ConnectionRefusedError:\n"
        "            time.sleep(0.05)\n"
    )
    command = f'echo "${{{{outputs.made}}}}"; python3 -c "{script}"'
    output = {"made": {"jobOutputType": "uri_folder"}}
    world.command("d", command, **distributed(1, 2, outputs=output))
    run = world.ended("d")
    assert run.status == "Completed", run.error
    assert world.read(run.outputs["made"]["uri"] + "heard") == b"hello"


def test_one_that_fails_ends_the_others(world):
    command = 'if [ "$RANK" = 2 ]; then echo out of memory; exit 9; fi; sleep 60'
    start = time.monotonic()
    world.command("d", command, **distributed(2, 2))
    run = world.ended("d")
    assert time.monotonic() - start < 10
    assert run.status == "Failed"
    assert run.error is not None
    assert "(rank 2) exited with status code 9" in run.error["message"]
    assert "std_log_process_2.txt" in run.error["message"]
    assert "out of memory" in run.error["message"]


def test_cancelling_ends_all_processes(world):
    world.command("d", "sleep 60 & sleep 60", **distributed(2, 1))
    deadline = time.monotonic() + 10
    while world.run("d").process is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    world.services.azureml.runner.cancel(world.run("d"))
    assert world.ended("d").status == "Canceled"


def test_what_any_node_leaves_behind_belongs_to_the_run(world):
    command = "mkdir -p outputs; echo $RANK > outputs/$RANK; echo $RANK > outputs/same"
    world.command("d", command, **distributed(1, 2))
    assert world.ended("d").status == "Completed"
    assert [world.text("d", f"outputs/{name}") for name in ("0", "1", "same")] == [
        "0\n",
        "1\n",
        "0\n",
    ]


def test_a_component_says_how_it_is_distributed_and_a_node_may_say_otherwise(world):
    show = world.component(
        "show",
        SHOW,
        distribution={"type": "pytorch", "process_count_per_instance": 2},
        resources={"instance_count": 1},
    )
    other = {"distribution_type": "PyTorch", "process_count_per_instance": 3}
    world.pipeline("p", {"two": node(show), "three": {**node(show), "distribution": other}})
    assert world.ended("p").status == "Completed"
    steps = world.steps("p")
    assert world.text(steps["two"].name, "user_logs/std_log_process_1.txt").startswith("1 1 0 2")
    assert world.text(steps["three"].name, "user_logs/std_log_process_2.txt").startswith("2 2 0 3")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (distributed(1, 3), "wants 3 nodes, but compute 'cpu' has at most 2"),
        ({"distribution": {"distributionType": "Mpi"}}, "distribution 'mpi'"),
        ({"distribution": {"distributionType": "Ray"}}, "distribution 'ray'"),
        (distributed(1, 1, resources={"instanceCount": "two"}), "instance_count is 'two'"),
        (
            {"distribution": {"distributionType": "PyTorch", "processCountPerInstance": -1}},
            "process_count_per_instance is -1",
        ),
    ],
)
def test_what_cannot_be_distributed_is_refused_by_name(world, more, message):
    with pytest.raises(ArmError, match=message):
        world.command("d", "true", **more)
