"""The vault signs and tells the public half, asked by Azure's client over a pretended network."""

import base64
import io
import json
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests
from azure.core.credentials import AccessToken
from requests.adapters import HTTPAdapter
from urllib3.response import HTTPResponse

from ml.errors import PlatformError, TaskError
from ml.verdict import check, envelope
from ml.verdict.errors import VerdictError
from ml.verdict.key_vault import KeyName, KeyVaultKeys, KeyVaultSigner
from tests.ml.verdict.local_signer import LocalSigner

KEY = "https://test.vault.azure.net/keys/verdicts"
CHALLENGE = (
    'Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000",'
    ' resource="https://vault.azure.net"'
)


class Credential:
    """Somebody who is signed in."""

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        assert scopes == ("https://vault.azure.net/.default",)
        return AccessToken("token", int(time.time()) + 3600)


class Vault:
    """Key Vault's answers for one key; `asked` holds what it was asked."""

    def __init__(self, signer: LocalSigner) -> None:
        self.signer = signer
        self.asked: list[str] = []
        self.attributes: dict[str, object] = {"enabled": True}
        self.key: dict[str, object] = {}
        self.status = 200

    def answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, object]]:
        if "Authorization" not in request.headers:
            return 401, {"error": {"code": "Unauthorized", "message": "no token"}}
        path = urlsplit(str(request.url)).path
        self.asked.append(f"{request.method} {path}")
        if self.status != 200:
            return self.status, {"error": {"code": "No", "message": "the vault said no"}}
        if path.endswith("/sign"):
            asked = json.loads(request.body or b"")
            assert asked["alg"] == "ES256"
            digest = base64.urlsafe_b64decode(asked["value"] + "=" * (-len(asked["value"]) % 4))
            value = base64.urlsafe_b64encode(self.signer.sign(digest)).rstrip(b"=").decode()
            return 200, {"kid": self.signer.key_id, "value": value}
        return 200, {
            "key": {**self.signer.jwk, "key_ops": ["sign", "verify"], **self.key},
            "attributes": self.attributes,
        }

    def send(self, request: requests.PreparedRequest) -> requests.Response:
        status, document = self.answer(request)
        response = requests.Response()
        response.status_code = status
        body = io.BytesIO(json.dumps(document).encode())
        response.raw = HTTPResponse(body=body, preload_content=False)
        response.headers["Content-Type"] = "application/json"
        if status == 401:
            response.headers["WWW-Authenticate"] = CHALLENGE
        response.request = request
        response.url = str(request.url)
        return response


@pytest.fixture
def vault(signer, monkeypatch) -> Vault:
    made = Vault(signer)
    send: Callable[..., requests.Response] = lambda _, request, **__: made.send(request)  # noqa: E731
    monkeypatch.setattr(HTTPAdapter, "send", send)
    return made


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """The client waits between attempts where a service is in trouble."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


def test_the_vault_signs_and_its_public_key_checks(vault, verdict, wanted):
    text = envelope.seal(verdict(), KeyVaultSigner(KEY, Credential()))
    assert json.loads(text)
    assert vault.asked == ["GET /keys/verdicts/", "POST /keys/verdicts/1/sign"]
    vault.asked.clear()
    assert check.passing(text, KeyVaultKeys(KEY, Credential()), wanted())
    assert vault.asked == ["GET /keys/verdicts/1"]


def test_the_version_can_be_pinned(vault, signer):
    keys = KeyVaultKeys(f"{KEY}/1", Credential())
    assert keys.find(f"{KEY}/1").key_id == signer.key_id
    with pytest.raises(VerdictError, match=r"signed by key .*/keys/verdicts/2, trusted is .*/1"):
        keys.find(f"{KEY}/2")


@pytest.mark.parametrize(
    "key_id",
    [
        "https://evil.vault.azure.net/keys/verdicts/1",
        "https://test.vault.azure.net/keys/other/1",
        "https://test.vault.azure.net/keys/verdicts",
        "https://test.vault.azure.net/secrets/verdicts/1",
        "https://test.vault.azure.net@evil.example/keys/verdicts/1",
        "http://test.vault.azure.net/keys/verdicts/1",
        "anything",
    ],
)
def test_a_key_of_another_place_is_never_asked_for(vault, key_id):
    with pytest.raises(VerdictError, match="it is signed by key"):
        KeyVaultKeys(KEY, Credential()).find(key_id)
    assert vault.asked == []


@pytest.mark.parametrize(
    ("attributes", "said"),
    [({"enabled": False}, "is disabled"), ({"enabled": True, "exp": 1_700_000_000}, "expired at")],
)
def test_disabled_and_expired_versions_neither_sign_nor_check(vault, attributes, said):
    vault.attributes = attributes
    with pytest.raises(VerdictError, match=said):
        KeyVaultKeys(KEY, Credential()).find(f"{KEY}/1")
    with pytest.raises(VerdictError, match=said):
        KeyVaultSigner(KEY, Credential()).sign(bytes(32))


def test_a_key_of_another_kind_is_refused_before_it_signs(vault):
    vault.key = {"crv": "P-384"}
    with pytest.raises(TaskError, match="is EC P-384; verdicts are signed by EC P-256"):
        KeyVaultSigner(KEY, Credential()).sign(bytes(32))
    assert vault.asked == ["GET /keys/verdicts/"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, "signing needs Key Vault Crypto User, which the gate's identity has and no other"),
        (404, "was not found"),
        (409, "refused: "),
    ],
)
def test_what_the_vault_refuses_is_said_in_one_sentence(vault, verdict, status, said):
    vault.status = status
    with pytest.raises(PlatformError, match=f"key {KEY}.*{said}") as caught:
        envelope.seal(verdict(), KeyVaultSigner(KEY, Credential()))
    assert "\n" not in str(caught.value)


def test_names_of_keys_are_read_strictly():
    assert KeyName.parse(f"{KEY}/1") == KeyName("https://test.vault.azure.net", "verdicts", "1")
    assert str(KeyName.parse("https://TEST.vault.azure.net/keys/verdicts/")) == KEY
    for wrong in ("", "verdicts", f"{KEY}/1/2", f"{KEY}?x=1", "https:///keys/a"):
        with pytest.raises(TaskError, match="is no key of Key Vault; give its identifier"):
            KeyName.parse(wrong)
