"""The blob service in this process: the unmodified client, without a server or a socket."""

import asyncio
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

import emulator.blob
from emulator.arm.behaviours import Services
from emulator.arm.store import Store
from emulator.blob import datapath
from emulator.login.callers import Principal
from emulator.login.principals import Principals
from emulator.login.tokens import Tokens
from emulator.server.app import App

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-0000000a21c0"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
ACCOUNTS = f"{GROUP}/providers/Microsoft.Storage/storageAccounts"
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"


class Answer(NamedTuple):
    """What the application answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class Credential:
    """Tokens of one principal for one audience."""

    def __init__(self, tokens: Tokens, who: Principal, audience: str) -> None:
        self._tokens, self._who, self._audience = tokens, who, audience

    def get_token(self, *scopes, **options):
        token = self._tokens.issue(self._who, self._audience)
        return AccessToken(token, int(time.time()) + 3000)


class Cloud:
    """Accounts, principals and clients of a local Azure in this process."""

    def __init__(self, home: Path) -> None:
        self.store = Store(home / "state.db")
        principals = Principals(self.store)
        principals.seed(SUBSCRIPTION.rpartition("/")[2])
        self.services = Services(
            home=home,
            store=self.store,
            tokens=Tokens(b"0" * 32, "00000000-0000-0000-0000-00000000ad00"),
            principals=principals,
            subscription_id=SUBSCRIPTION.rpartition("/")[2],
        )
        emulator.blob.attach(self.services)
        self.places: dict[int, str] = {}
        self._app = App(self.services, self.places, io.StringIO())
        self.grants = 0

    @property
    def blobs(self):
        return self.services.blobs

    def account(self, name: str = "stmlops", **properties: object) -> dict:
        """Make a storage account, or change one."""
        return self.store.put(
            {
                "id": f"{ACCOUNTS}/{name}",
                "location": "westeurope",
                "kind": "StorageV2",
                "sku": {"name": "Standard_ZRS"},
                "properties": {"keyGenerations": [0, 0], **properties},
            }
        )

    def key(self, name: str = "stmlops", number: int = 0) -> str:
        account = datapath.find_account(self.store, name)
        return datapath.keys_of(self.services, account)[number]

    def principal(self, name: str, *roles: str, scope: str = f"{ACCOUNTS}/stmlops") -> Principal:
        """Make a principal with roles at a scope."""
        found = self.services.principals.by_name(name)
        who = found or self.services.principals.add(name, "ManagedIdentity")
        for role in roles:
            self.grant(who, role, scope)
        return who

    def grant(self, who: Principal, role: str, scope: str = f"{ACCOUNTS}/stmlops") -> None:
        self.grants += 1
        base = "providers/Microsoft.Authorization"
        self.store.put(
            {
                "id": f"{scope}/{base}/roleAssignments/{self.grants}",
                "properties": {
                    "roleDefinitionId": f"{SUBSCRIPTION}/{base}/roleDefinitions/{role}",
                    "principalId": who.object_id,
                },
            }
        )

    def token(self, who: Principal, audience: str = "https://storage.azure.com") -> Credential:
        return Credential(self.services.tokens, who, audience)

    def client(self, credential=None, *, name="stmlops", place="private", **options):
        """The client of an account, as somebody, from somewhere."""
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", Adapter(self, place))
        session.mount("http://", Adapter(self, place))
        return BlobServiceClient(
            f"https://{name}.blob.core.windows.net",
            credential=credential,
            transport=RequestsTransport(session=session, session_owner=False),
            retry_total=0,
            **options,
        )

    def ask(self, method, url, headers=None, body=b"", place="private") -> Answer:
        """Send one request to the application, as a client on this machine would."""
        parts = urlsplit(url)
        port = 50_000 + len(self.places)
        self.places[port] = place
        sent = {"host": parts.netloc, "content-length": str(len(body))}
        sent |= {name.lower(): str(value) for name, value in (headers or {}).items()}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": parts.scheme,
            "path": parts.path,
            "raw_path": (parts.path or "/").encode(),
            "query_string": parts.query.encode(),
            "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in sent.items()],
            "client": ("127.0.0.1", port),
            "server": ("127.0.0.1", 443),
        }
        events: list[dict] = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            if waiting:
                return waiting.pop()
            return await asyncio.Future()  # the client stays until it has its answer

        async def send(event):
            events.append(event)

        asyncio.run(self._app(scope, receive, send))
        found = {k.decode("latin-1"): v.decode("latin-1") for k, v in events[0]["headers"]}
        content = b"".join(event.get("body", b"") for event in events[1:])
        return Answer(events[0]["status"], found, content)


class Adapter(BaseAdapter):
    """Gives the requests of a session to the application."""

    def __init__(self, cloud: Cloud, place: str) -> None:
        super().__init__()
        self._cloud, self._place = cloud, place

    def send(self, request, *args, **kwargs):
        body = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        if isinstance(body, str):
            body = body.encode()
        url = request.url
        answer = self._cloud.ask(request.method, url, request.headers, body, self._place)
        raw = HTTPResponse(
            body=io.BytesIO(b"" if request.method == "HEAD" else answer.body),
            headers=answer.headers,
            status=answer.status,
            request_method=request.method,
            preload_content=False,
        )
        response = requests.Response()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response.raw = raw
        response.url = url
        response.request = request
        response.reason = ""
        return response

    def close(self):
        """There is nothing to close."""


@pytest.fixture
def cloud(tmp_path) -> Iterator[Cloud]:
    """A local Azure with the account `stmlops`."""
    made = Cloud(tmp_path)
    made.account()
    yield made
    made.store.close()


@pytest.fixture
def writer(cloud):
    """A principal who may read and write all blobs of the account."""
    return cloud.principal("writer", CONTRIBUTOR)


@pytest.fixture
def service(cloud, writer):
    """The account's client as the writer."""
    return cloud.client(cloud.token(writer))


@pytest.fixture
def raw(service):
    """The client of an empty container."""
    return service.create_container("raw")
