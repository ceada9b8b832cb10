"""Starting and stopping the server process of a state folder."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

from emulator.server.home import DEFAULT_PORT, Home, Running

START_SECONDS = 30.0
STOP_SECONDS = 15.0


class ServerError(Exception):
    """The server did not start or stop; the message says why and what to do."""


def start(home: Home, port: int | None) -> tuple[Running, bool]:
    """Return the server of a folder, and whether it had to be started.

    Without a port the default one is taken, or any free one where that is in use.

    Raises:
        ServerError: it did not come up.
    """
    running = home.running()
    if running is not None:
        if port not in {None, 0, running.proxy_port}:
            raise ServerError(
                f"the local Azure of {home.folder} runs on port {running.proxy_port} already, "
                f"not on {port}: `azlocal stop` first"
            )
        return running, False
    home.prepare()
    chosen = chosen_port(port)
    server_log = home.logs / "server.log"
    command = [sys.executable, "-m", "emulator.server.main", "--home", str(home.folder)]
    with server_log.open("a") as output:
        begin = output.tell()
        process = subprocess.Popen(
            [*command, "--port", str(chosen)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=home.folder,
            env=_server_environment(),
        )
    return _wait(home, process, server_log, begin), True


def chosen_port(wanted: int | None) -> int:
    """Return the wanted port; without one the default, or 0 (any) where that is in use."""
    if wanted is not None:
        return wanted
    return DEFAULT_PORT if _is_free(DEFAULT_PORT) else 0


def _server_environment() -> dict[str, str]:
    """Return our environment without a proxy on this machine: the server is no client of itself.

    A proxy elsewhere stays: environments of jobs are installed through it.
    """
    proxies = {"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"}
    return {
        name: value
        for name, value in os.environ.items()
        if name.upper() not in proxies or "127.0.0.1" not in value
    }


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _wait(home: Home, process: subprocess.Popen[bytes], server_log: Path, begin: int) -> Running:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        running = home.running()
        if running is not None:
            return running
        if process.poll() is not None:
            said = server_log.read_text()[begin:].strip()
            lines = [line for line in said.splitlines() if line.startswith("error: ")]
            raise ServerError(lines[-1].removeprefix("error: ") if lines else said)
        time.sleep(0.02)
    process.kill()
    raise ServerError(f"the server did not answer in {START_SECONDS:.0f} s; see {server_log}")


def stop(home: Home) -> bool:
    """Stop the server of a folder; return whether one ran.

    Raises:
        ServerError: it does not end, even when killed.
    """
    running = home.running()
    if running is None:
        return False
    process = psutil.Process(running.pid)
    for number in (signal.SIGTERM, signal.SIGKILL):
        process.send_signal(number)
        try:
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            continue
        home.withdraw()
        return True
    raise ServerError(f"process {running.pid} does not end")
