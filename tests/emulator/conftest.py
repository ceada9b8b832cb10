"""A local Azure in a process of its own, started once for the tests that want a real one."""

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

ARM = "https://management.azure.com"
ROOT = Path(__file__).parents[2]


@dataclass
class Served:
    """A state folder and the command line about it."""

    home: Path
    _environments: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)

    def azlocal(self, *words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run `azlocal` on this folder, as a user's fresh shell would."""
        clean = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper()}
        return subprocess.run(
            [sys.executable, "-m", "emulator.cli.main", *words],
            cwd=ROOT,
            env=clean | {"AZLOCAL_HOME": str(self.home), "NO_COLOR": "1", "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self) -> None:
        """Start the server on free ports."""
        self._environments.clear()
        started = self.azlocal("start", "--port", "0")
        assert started.returncode == 0, started.stdout + started.stderr

    def environment(self, *options: str) -> dict[str, str]:
        """What `azlocal env` gives: to the deployer in the private network, unless told."""
        if options not in self._environments:
            answer = self.azlocal("env", "--json", *options)
            assert answer.returncode == 0, answer.stderr
            self._environments[options] = json.loads(answer.stdout)
        return self._environments[options]

    def token(self, environment: dict[str, str], scope: str) -> str:
        """Sign in with the client secret of an environment."""
        with self.client(environment) as client:
            answer = client.post(
                f"https://login.microsoftonline.com/{environment['AZURE_TENANT_ID']}/oauth2/v2.0/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": environment["AZURE_CLIENT_ID"],
                    "client_secret": environment["AZURE_CLIENT_SECRET"],
                    "scope": scope,
                },
            )
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def client(
        self, environment: dict[str, str], place: str | None = None, token: str | None = None
    ) -> httpx.Client:
        """A client that goes through the proxy and trusts the local authority only."""
        proxy = environment["HTTPS_PROXY"]
        if place is not None:
            proxy = f"http://{quote(place, safe='')}@{proxy.rpartition('/')[2].rpartition('@')[2]}"
        return httpx.Client(
            proxy=proxy,
            verify=ssl.create_default_context(cafile=environment["SSL_CERT_FILE"]),
            trust_env=False,
            headers={"authorization": f"Bearer {token}"} if token else {},
            timeout=30,
        )


ClientFactory = Callable[..., httpx.Client]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A started local Azure, empty but for what other tests of the session put into it."""
    served = Served(tmp_path_factory.mktemp("served") / "home")
    served.start()
    yield served
    served.azlocal("stop")


@pytest.fixture
def azure_client(served: Served) -> Iterator[ClientFactory]:
    """Make clients: `azure_client(place="internet", principal="cluster", scope=...)`."""
    opened: list[httpx.Client] = []

    def make(
        place: str | None = None, principal: str | None = None, scope: str = f"{ARM}/.default"
    ) -> httpx.Client:
        environment = served.environment(*(("--as", principal) if principal else ()))
        client = served.client(environment, place, served.token(environment, scope))
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()
