"""Servers killed at any moment: what had ended is taken over whole, what had not is run again."""

import os
import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# A server's work without its ports: it takes up what an earlier one left, and sends one pipeline.
SERVER = textwrap.dedent(
    """
    import os, sys
    from pathlib import Path
    from emulator.azureml import attach
    from tests.emulator.azureml_world import World, node

    home, name = Path(sys.argv[1]), sys.argv[2]
    home.mkdir(exist_ok=True)
    world = World(home)
    attach(world.services)
    if not (home / "built").exists():
        world.build()
        (home / "built").touch()
    world.services.azureml.runner.recover()
    folder = {"type": "uri_folder"}
    count = f"echo $AZUREML_ROOT_RUN_ID >> {home}/ran.$STEP;"
    data = {"inputs": {"data": folder}}
    write = "for i in 1 2 3 4 5 6; do echo $i > ${{outputs.out}}/$i; done; sleep 0.1"
    write = world.component("write", f"STEP=write; {count} {write}", outputs={"out": folder})
    copy = "cp ${{inputs.data}}/* ${{outputs.out}}; sleep 0.1"
    copy = world.component("copy", f"STEP=copy; {count} {copy}", outputs={"out": folder}, **data)
    list_ = "ls ${{inputs.data}} | wc -l > ${{outputs.out}}/found"
    list_ = world.component("list", list_, outputs={"out": folder}, **data)
    world.pipeline(name, {
        "write": node(write),
        "copy": node(copy, data="${{parent.jobs.write.outputs.out}}"),
        "list": node(list_, data="${{parent.jobs.copy.outputs.out}}"),
    })
    print("sent", flush=True)
    run = world.ended(name, 60)
    assert run.status == "Completed", run.error
    found = world.read(world.steps(name)["list"].outputs["out"]["uri"] + "found")
    print(found.decode().strip(), flush=True)
    os._exit(0)
    """
)


def started(home: Path, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SERVER, str(home), name],
        cwd=ROOT,
        env={**os.environ, "AZLOCAL_WARM": "0"},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("seed", range(3))
def test_after_kills_at_any_moment_every_output_is_whole(tmp_path, seed):
    chance, home = random.Random(seed), tmp_path / "home"  # noqa: S311  no secret
    for number in range(3):
        with started(home, f"killed{number}") as server:
            assert server.stdout is not None
            assert server.stdout.readline() == "sent\n"
            time.sleep(chance.uniform(0, 0.5))
            server.kill()
    with started(home, "last") as server:
        said, _ = server.communicate(timeout=60)
    assert said.split() == ["sent", "6"]
    for step in ("write", "copy"):
        ran = (home / f"ran.{step}").read_text().split()
        assert len(set(ran)) == len(ran)  # once for each server that did not find it done
