"""The application behind TLS in this process: requests without sockets, by anyone from anywhere."""

import asyncio
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulator.arm.behaviours import Services
from emulator.login.callers import PRIVATE, Principal
from emulator.server.app import App
from emulator.server.home import SUBSCRIPTION_ID, Home
from emulator.server.main import attach, services_of

ARM = "https://management.azure.com"
SUBSCRIPTION = f"/subscriptions/{SUBSCRIPTION_ID}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
API = {"api-version": "2024-01-01"}
CALLER_PORT = 50_000


class Azure:
    """All hosts of a local Azure; one asker at a time."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.places: dict[int, str] = {CALLER_PORT: PRIVATE}
        self.log = io.StringIO()
        self._app = App(services, self.places, self.log)
        self.who: Principal | None = services.principals.by_name("deployer")
        self.audience = ARM

    def ask(
        self,
        method: str,
        url: str,
        body: object = None,
        *,
        content: str | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send one request; a path alone goes to the management host with an api-version."""
        sent = dict(headers or {})
        if self.who is not None and "authorization" not in sent:
            sent["authorization"] = f"Bearer {self.token()}"
        is_path = url.startswith("/")

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, client=("127.0.0.1", CALLER_PORT))
            async with httpx.AsyncClient(transport=transport) as client:
                return await client.request(
                    method,
                    f"{ARM}{url}" if is_path else url,
                    params=API if is_path else None,
                    json=body,
                    content=content,
                    data=form,
                    headers=sent,
                )

        return asyncio.run(send())

    def token(self) -> str:
        """A token of whoever asks."""
        assert self.who is not None
        return self.services.tokens.issue(self.who, self.audience)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.ask("GET", url, headers=headers)

    def put(
        self, url: str, body: object, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        return self.ask("PUT", url, body, headers=headers)

    def patch(self, url: str, body: object) -> httpx.Response:
        return self.ask("PATCH", url, body)

    def post(self, url: str, body: object = None) -> httpx.Response:
        return self.ask("POST", url, body)

    def delete(self, url: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.ask("DELETE", url, headers=headers)

    def made(self, url: str, body: object) -> dict[str, Any]:
        """Create or change a resource that must be accepted."""
        answer = self.put(url, body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()


def refused(answer: httpx.Response, status: int, code: str) -> str:
    """Check a refusal in ARM's envelope; return its message."""
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"] == code
    return answer.json()["error"]["message"]


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    """A local Azure with the resource group `rg`."""
    home = Home(tmp_path / "home")
    home.prepare()
    with services_of(home) as services:
        services.plain_url = services.proxy_url = "http://127.0.0.1:9"
        services.bundle = home.folder / "bundle.pem"
        attach(services)
        azure = Azure(services)
        azure.made(GROUP, {"location": "westeurope"})
        yield azure
