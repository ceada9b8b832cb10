"""Processes of steps: each its own group, so that all of it ends when the step ends."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

_GRACE_SECONDS = 3.0


def start(
    command: str,
    folder: Path,
    variables: Mapping[str, str],
    log: Path,
    group: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a shell command, its output going to `log`.

    It leads a group of its own, or joins the group of a process that was not waited for yet.
    """
    with log.open("ab") as out:
        return subprocess.Popen(
            ["bash", "-c", command],
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            process_group=group or 0,
        )


def started_at(pid: int) -> float | None:
    """When a process started: numbers come again, number and start name a process for good."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def end_group(pid: int, grace: float = _GRACE_SECONDS) -> None:
    """Ask the group that `pid` leads to stop, then kill what is left of it."""
    for kind, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, grace)):
        try:
            os.killpg(pid, kind)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not _alive(pid):
                return
            time.sleep(0.02)


def end_orphan(pid: int, start: float) -> bool:
    """End a group that an earlier server left; False when its leader is another process now."""
    now = started_at(pid)
    if now is not None and abs(now - start) > 1.0:
        return False
    end_group(pid)
    return True


def _alive(group: int) -> bool:
    """Whether a process of the group is there that is more than a zombie."""
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                return True
        except (ProcessLookupError, psutil.Error):
            continue
    return False
