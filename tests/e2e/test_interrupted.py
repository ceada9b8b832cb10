"""A local Azure that dies half-way through an up: the next up repairs what was left."""

import os
import signal
import subprocess
import time

import pytest

from tests.e2e.conftest import BIN, Shell, copy_of_project

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(400)]

UP = ("pulumi", "up", "--yes", "--skip-preview", "--stack", "dev")


def test_the_next_up_repairs_what_a_killed_local_azure_left(tmp_path):
    shell = Shell(tmp_path / "home", copy_of_project(tmp_path / "project"))
    shell.azlocal("start", "--port", "0").ok()
    server = int(shell.azlocal("status").out.split("pid")[1].split()[0])
    with subprocess.Popen(
        [BIN / "azlocal", "exec", "--", *UP],
        cwd=shell.folder,
        env=shell.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as up:
        end = time.monotonic() + 120
        while len(shell.resources()) < 25 and time.monotonic() < end:
            time.sleep(0.05)
        os.kill(server, signal.SIGKILL)
        acknowledged = {resource["id"] for resource in shell.resources()}
        output, _ = up.communicate(timeout=240)
    assert up.returncode != 0, output
    assert "Traceback" not in output

    shell.azlocal("start", "--port", "0").ok()
    assert acknowledged <= {resource["id"] for resource in shell.resources()}
    repaired = shell.azlocal("exec", "--", *UP).ok()
    assert "errored" not in repaired.out
    again = shell.pulumi("preview", "--stack", "dev", "--expect-no-changes")
    shell.azlocal("stop").ok()
    assert again.code == 0, again.out
