"""Deploying and training need no network but loopback: run in a namespace that has nothing else."""

import json
import shutil
import subprocess
import sys
import textwrap

import pytest

from tests.e2e.conftest import BIN, Shell, copy_of_project

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.xdist_group("platform"),
    pytest.mark.timeout(900),
]

# Raises the namespace's loopback (0x8914 is SIOCSIFFLAGS, 0x41 is up and running), proves that
# nothing else is there, then runs the commands that follow one after the other.
INSIDE = textwrap.dedent(
    """
    import fcntl, json, socket, struct, subprocess, sys

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sh", b"lo", 0x41))
    assert [name for _, name in socket.if_nameindex()] == ["lo"], socket.if_nameindex()
    for command in json.loads(sys.argv[1]):
        code = subprocess.run(command, stdin=subprocess.DEVNULL).returncode
        if code:
            sys.exit(f"{command} ended with {code}")
    """
)


def namespaces_are_refused() -> bool:
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return True
    return (
        subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode != 0
    )


@pytest.mark.skipif(namespaces_are_refused(), reason="the kernel refuses `unshare -rn` here")
@pytest.mark.usefixtures("platform")  # prepares the steps' environment, which may use the network
def test_up_and_training_run_in_a_namespace_with_loopback_only(trained, tmp_path):
    assert trained.code == 0
    shell = Shell(tmp_path / "home", copy_of_project(tmp_path / "project"))
    azlocal, mlops = str(BIN / "azlocal"), str(BIN / "mlops")
    up = ["pulumi", "up", "--yes", "--skip-preview", "--stack", "dev", "--policy-pack", "policies"]
    commands = [
        [azlocal, "start", "--port", "0"],
        [azlocal, "exec", "--", *up],
        [azlocal, "exec", "--", mlops, "train", "--stack", "dev"],
        [azlocal, "stop"],
    ]
    ran = shell.run(
        *("unshare", "-rn", sys.executable, "-c", INSIDE, json.dumps(commands)), timeout=800
    )
    assert ran.code == 0, ran.out
    assert "AUC" in ran.out
