"""Starting the processes of a step: one, or as many as a distribution asks for."""

import math
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emulator.runner import processes
from emulator.runner.logs import Log
from emulator.runner.model import Launch
from emulator.runner.stops import Stop

_POLL_SECONDS = 0.02
_STD_LOG = "user_logs/std_log.txt"


@dataclass(frozen=True)
class Started:
    """The processes of a step, all in the group of the first, each with its log."""

    line: str
    running: Sequence[tuple[subprocess.Popen[bytes], Log]]
    names: Sequence[str]
    since: float | None

    @property
    def leader(self) -> int:
        return self.running[0][0].pid


def logs(launch: Launch) -> list[str]:
    """The names of the logs of a step's processes, by rank."""
    if not launch.distributed:
        return [_STD_LOG]
    count = launch.instances * launch.processes
    return [
        f"user_logs/std_log_process_{rank:0{len(str(count - 1))}d}.txt" for rank in range(count)
    ]


def start(
    launch: Launch,
    line: str,
    works: Sequence[Path],
    variables: Mapping[str, str],
    written: Sequence[Log],
) -> Started:
    """Start all processes of a step, those of each node in a folder of its own."""
    found: list[subprocess.Popen[bytes]] = []
    for rank, (own, log) in enumerate(zip(_ranks(launch), written, strict=True)):
        work = works[rank // launch.processes]
        group = found[0].pid if found else None
        found.append(processes.start(line, work, {**variables, **own}, log.file, group))
    since = processes.started_at(found[0].pid)
    return Started(line, list(zip(found, written, strict=True)), logs(launch), since)


def watch(started: Started, stop: Stop, timeout: float | None) -> str | None:
    """Wait until all have ended; one that fails ends the others. Gives what went wrong."""
    deadline = math.inf if timeout is None else time.monotonic() + timeout
    waiting = list(range(len(started.running)))
    problem = None
    while waiting and problem is None and not stop.event.is_set():
        first, _log = started.running[waiting[0]]
        try:
            first.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline:
                log = started.running[0][1]
                problem = (
                    f"the job ran longer than its timeout of {timeout:g} s and was stopped\n"
                    f"{log.tail()}"
                )
        for rank in list(waiting):
            code = started.running[rank][0].poll()
            if code is None:
                continue
            waiting.remove(rank)
            if code != 0 and problem is None:
                problem = _failure(started, rank, code)
    # what a command left running in the background ends with it
    processes.end_group(started.leader, *(() if waiting else (0.2,)))
    for process, _log in started.running:
        process.wait()
    return problem


def _failure(started: Started, rank: int, code: int) -> str:
    words = started.line.split()
    who = f" (rank {rank})" if len(started.running) > 1 else ""
    return (
        f"Execution failed. User process '{words[0] if words else ''}'{who} exited with status code"
        f" {code}. Please check log file '{started.names[rank]}' for error details.\n"
        f"{started.running[rank][1].tail()}"
    )


def _ranks(launch: Launch) -> list[dict[str, str]]:
    """What tells each process its place, as PyTorch's distribution does.

    https://learn.microsoft.com/azure/machine-learning/how-to-train-distributed-gpu#pytorch
    """
    if not launch.distributed:
        return [{}]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    world = launch.instances * launch.processes
    return [
        {
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
            "WORLD_SIZE": str(world),
            "RANK": str(rank),
            "LOCAL_RANK": str(rank % launch.processes),
            "NODE_RANK": str(rank // launch.processes),
        }
        for rank in range(world)
    ]
