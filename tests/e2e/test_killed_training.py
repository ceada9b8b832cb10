"""A local Azure that dies in the middle of a step: the same command again goes on from there."""

import json
import os
import shutil
import signal
import subprocess
from collections import Counter
from dataclasses import dataclass

import pytest

from ml.pipelines.train import STEPS
from tests.e2e.conftest import BIN, ROOT, Shell, copy_of_project

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]
# What speaks for one job alone is made anew for the next.
ANEW = {"gate", "register"}


@dataclass(frozen=True)
class Dev(Shell):
    """A shell with code of its own: steps are run again where somebody edits theirs meanwhile."""

    def environment(self, **more: str) -> dict[str, str]:
        return super().environment(PYTHONPATH=str(self.home.parent), **more)


@pytest.fixture(scope="module", name="dev")
def _dev(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "ml", folder / "ml", ignore=unwanted)
    shell = Dev(folder / "home", copy_of_project(folder / "project"))
    shell.azlocal("start", "--port", "0").ok()
    shell.pulumi("up", "--yes", "--skip-preview", "--stack", "dev").ok()
    yield shell
    shell.azlocal("stop")


def killed_at(dev: Dev, step: str) -> str:
    """Train until a step runs, kill the local Azure, and start it again; gives what was said."""
    server = int(dev.azlocal("status").out.split("pid")[1].split()[0])
    with subprocess.Popen(
        [BIN / "azlocal", "exec", "--", BIN / "mlops", "train", "--stack", "dev"],
        cwd=dev.folder,
        env=dev.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as training:
        assert training.stdout is not None
        said = ""
        for line in training.stdout:
            said += line
            if f"{step}: Running" in line:
                os.kill(server, signal.SIGKILL)
    dev.azlocal("start", "--port", "0").ok()
    assert f"{step}: Running" in said, said
    return said


def test_training_goes_on_after_each_kill_and_registers_one_version(dev):
    for step in ("ingest", "prepare", "train", "gate", "register"):
        said = killed_at(dev, step)
        assert "Traceback" not in said
    last = dev.mlops("train", "--stack", "dev", timeout=400).ok()
    assert "train: Completed, reused" in last.out

    jobs = json.loads(dev.mlops("jobs", "--stack", "dev", "--json").ok().out)
    assert sorted(job["status"] for job in jobs) == ["Completed"] + ["Failed"] * 5
    ran: Counter[str] = Counter()
    for job in jobs:
        steps = json.loads(dev.mlops("steps", "--stack", "dev", job["name"], "--json").ok().out)
        ran.update(
            step["title"]
            for step in steps
            if step["status"] == "Completed" and not step["reused"] and step["title"] not in ANEW
        )
    # The card shows the verdict: a gate that was killed before it told anybody has left none.
    del ran["card"]
    assert ran == dict.fromkeys(set(STEPS) - ANEW - {"card"}, 1)
    models = json.loads(dev.mlops("models", "--stack", "dev", "--json").ok().out)
    assert [model["version"] for model in models] == ["1"]
