"""One instance of a deployment: Microsoft's inference server as a process of its own."""

import http.client
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from emulator.runner import environments, processes
from emulator.runner.durations import seconds
from emulator.serving.package import Package
from emulator.serving.pool import Pool

_POLL_SECONDS = 0.1
_OK = 200
_giving = threading.Lock()
_given: set[int] = set()
# The threaded worker keeps connections open, which the router lives on. The socket by which
# gunicorn can be talked to is one file for the whole user, so scorers would fight for it.
_GUNICORN = (
    "-m gunicorn --bind 127.0.0.1:{port} --workers {workers} --worker-class gthread --threads 1"
    " --keep-alive 75 --timeout 300 --graceful-timeout 2 --no-control-socket"
    " azureml_inference_server_http.server.entry:app"
)


class NotReadyError(Exception):
    """A scorer that ended or did not answer in time; the message says which."""


@dataclass
class Scorer:
    """A running instance; `pool` belongs to the event loop of the router."""

    id: str
    port: int
    process: subprocess.Popen[bytes]
    started: float | None
    pool: Pool = field(init=False)
    ready: bool = False
    cpu_seen: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        self.pool = Pool(self.port)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def wait(self, limit: float, ended: Callable[[], bool], blocked: Callable[[], bool]) -> None:
        """Wait until it answers its health probe, and while the answer is `blocked` by a fault.

        Raises:
            NotReadyError: it ended, or did not answer in time.
        """
        deadline = time.monotonic() + limit
        while blocked() or not self._healthy():
            if not self.alive:
                msg = f"the server ended with {self.process.returncode} before it was ready"
                raise NotReadyError(msg)
            if time.monotonic() > deadline or ended():
                msg = f"the server did not answer its readiness probe within {limit:g} s"
                raise NotReadyError(msg)
            time.sleep(_POLL_SECONDS)
        self.ready = True

    def look(self) -> None:
        """Notice that it got ready."""
        self.ready = self._healthy()

    def end(self) -> None:
        """Stop it with all its workers."""
        self.ready = False
        processes.end_group(self.process.pid)
        self.process.wait()

    def cpu_percent(self) -> float:
        """The share of one processor it used since it was asked last; 0 at first."""
        used = 0.0
        try:
            top = psutil.Process(self.process.pid)
            for process in (top, *top.children(recursive=True)):
                times = process.cpu_times()
                used += times.user + times.system
        except psutil.Error:
            return 0.0
        before, now = self.cpu_seen, time.monotonic()
        self.cpu_seen = (now, used)
        if before is None or now <= before[0]:
            return 0.0
        share = max(0.0, used - before[1]) / (now - before[0])
        return min(100.0, 100 * share)

    def memory_percent(self) -> float:
        """The share of this machine's memory that it holds."""
        try:
            top = psutil.Process(self.process.pid)
            return sum(one.memory_percent() for one in (top, *top.children(recursive=True)))
        except psutil.Error:
            return 0.0

    def _healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == _OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def start(package: Package, id_: str, variables: dict[str, str], log: Path) -> Scorer:
    """Start an instance; whether it gets ready is waited for elsewhere."""
    port = _port()
    workers = variables.get("WORKER_COUNT", "1")
    count = int(workers) if workers.isdigit() and int(workers) > 0 else 1
    python = shlex.quote(str(environments.python(package.environment)))
    line = f"exec {python} {_GUNICORN.format(port=port, workers=count)}"
    process = processes.start(line, package.folder / "code", variables, log)
    return Scorer(id_, port, process, processes.started_at(process.pid))


def patience(probe: dict | None) -> float:
    """How long a deployment may take to get ready, by its readiness probe."""
    given = probe or {}
    first = _seconds(given.get("initialDelay"), 10)
    period = _seconds(given.get("period"), 10)
    return first + period * int(given.get("failureThreshold") or 30)


def _seconds(value: object, initial: float) -> float:
    found = seconds(str(value)) if value else None
    return initial if found is None else found


def _port() -> int:
    """A free port that nobody else was given: a scorer binds it only seconds later."""
    with _giving:
        while True:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = int(free.getsockname()[1])
            if port not in _given:
                _given.add(port)
                return port
