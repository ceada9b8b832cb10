"""`python -m emulator.server.main`: the TLS server, the proxy and a plain listener in a process."""

import argparse
import asyncio
import contextlib
import errno
import importlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Generator
from pathlib import Path
from types import ModuleType

import psutil
import uvicorn
from filelock import FileLock, Timeout

from emulator.arm.behaviours import Services
from emulator.arm.store import Store
from emulator.login.principals import Principals
from emulator.login.tokens import Tokens
from emulator.net import certificates
from emulator.net.proxy import Proxy
from emulator.server.app import App
from emulator.server.home import SUBSCRIPTION_ID, TENANT_ID, Home, Running
from emulator.server.plain import Plain

# Importing a plane registers its hosts, routes and behaviours; `attach(services)`, where it has
# one, hangs its service on what the planes share.
PLANES = (
    "emulator.login.endpoints",
    "emulator.arm.plane",
    "emulator.providers",
    "emulator.blob",
    "emulator.azureml",
    "emulator.serving",
    "emulator.factories",
    "emulator.vault",
)

log = logging.getLogger(__name__)


class StartError(Exception):
    """The server cannot start; the message says what to do."""


def listen(port: int) -> socket.socket:
    """Bind a loopback port; 0 takes any free one.

    Raises:
        StartError: somebody else has it.
    """
    # Named, because asyncio turns Nagle off for sockets that say they are TCP, and for no others.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise StartError(
                f"port {port} on 127.0.0.1 cannot be used ({os.strerror(error.errno)}): choose "
                "another one with `azlocal start --port N` (0 takes any free port)"
            ) from error
        raise
    listener.listen(256)
    return listener


@contextlib.contextmanager
def services_of(home: Home) -> Generator[Services]:
    """Open the state and attach every plane; stop and close them in the end."""
    store = Store(home.store)
    principals = Principals(store)
    principals.seed(SUBSCRIPTION_ID)
    services = Services(
        home=home.folder,
        store=store,
        tokens=Tokens(home.secret("tokens"), TENANT_ID),
        principals=principals,
        subscription_id=SUBSCRIPTION_ID,
    )
    try:
        yield services
    finally:
        for stop in reversed(services.at_stop):
            stop()
        store.close()


def attach(services: Services) -> None:
    """Import the planes, and let each that has a service hang it on the shared ones."""
    for name in PLANES:
        plane: ModuleType = importlib.import_module(name)
        if hasattr(plane, "attach"):
            plane.attach(services)


async def serve(home: Home, port: int) -> None:
    """Run until SIGTERM or SIGINT.

    Raises:
        StartError: the port is taken.
    """
    listeners = {"proxy": listen(port), "tls": listen(0), "plain": listen(0)}
    ports = {name: int(listener.getsockname()[1]) for name, listener in listeners.items()}
    tls = certificates.ensure(home.certificates)
    with services_of(home) as services, (home.logs / "requests.jsonl").open("a", 1) as requests:
        services.plain_url = f"http://127.0.0.1:{ports['plain']}"
        services.proxy_url = f"http://127.0.0.1:{ports['proxy']}"
        services.bundle = tls.bundle
        attach(services)
        proxy = Proxy(ports["tls"], home.logs / "refused.jsonl")
        secure = _Quiet(
            uvicorn.Config(
                App(services, proxy.places, requests),
                ssl_certfile=str(tls.certificate),
                ssl_keyfile=str(tls.key),
                log_level="warning",
                lifespan="off",
                timeout_keep_alive=120,
                timeout_graceful_shutdown=2,
            )
        )
        plain = _Quiet(
            uvicorn.Config(
                Plain(services), log_level="warning", lifespan="off", timeout_graceful_shutdown=1
            )
        )
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        tasks = [
            asyncio.create_task(secure.serve(sockets=[listeners["tls"]])),
            asyncio.create_task(plain.serve(sockets=[listeners["plain"]])),
        ]
        await asyncio.gather(secure.ready.wait(), plain.ready.wait())
        await proxy.listen(listeners["proxy"])
        home.announce(
            Running(
                pid=os.getpid(),
                started=psutil.Process().create_time(),
                proxy_port=ports["proxy"],
                tls_port=ports["tls"],
                plain_port=ports["plain"],
            )
        )
        log.warning("listening: proxy on 127.0.0.1:%d, state in %s", ports["proxy"], home.folder)
        await ended.wait()
        await proxy.close()
        secure.should_exit = plain.should_exit = True
        await asyncio.gather(*tasks)
    home.withdraw()


class _Quiet(uvicorn.Server):
    """Leaves the signals alone: one handler stops all listeners of the process together."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def main() -> int:
    """Return 0 after a stop that was asked for, 1 with the reason when it cannot start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    home = Home(arguments.home)
    home.prepare()
    try:
        with FileLock(home.lock, timeout=0):
            asyncio.run(serve(home, arguments.port))
    except Timeout:
        sys.stderr.write(f"error: a local Azure runs on {home.folder} already\n")
        return 1
    except StartError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
