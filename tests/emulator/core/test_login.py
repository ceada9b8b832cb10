"""Only what was signed here is believed."""

import base64
import json
import time

import jwt
import pytest

from emulator.arm.store import Store
from emulator.login.callers import Principal
from emulator.login.principals import Principals
from emulator.login.tokens import InvalidTokenError, Tokens
from emulator.net.names import is_routed
from emulator.net.proxy import parse_head

SOMEBODY = Principal("11111111-1111-1111-1111-111111111111", "ServicePrincipal", "ci", "c1")


@pytest.fixture
def tokens():
    return Tokens(b"s" * 32, "tenant")


def test_a_token_says_who_and_for_what(tokens):
    claims = tokens.verify(tokens.issue(SOMEBODY, "https://storage.azure.com", {"extra": 1}))
    assert claims.object_id == SOMEBODY.object_id
    assert claims.audience == "https://storage.azure.com"
    assert claims.raw["tid"] == "tenant"
    assert claims.raw["extra"] == 1


def forged(**changes):
    claims = {
        "aud": "a",
        "iss": "https://sts.windows.net/tenant/",
        "oid": "o",
        "exp": time.time() + 60,
    }
    return jwt.encode(claims | changes, b"other" * 8, algorithm="HS256")


def unsigned():
    def part(content):
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part({'aud': 'a', 'oid': 'o', 'exp': time.time() + 60})}."


@pytest.mark.parametrize("make", [forged, unsigned, str, lambda: "a.b.c", lambda: "nonsense"])
def test_a_token_from_elsewhere_is_refused(tokens, make):
    with pytest.raises(InvalidTokenError):
        tokens.verify(make())


def test_a_token_that_is_over_is_refused(tokens):
    over = tokens.issue(SOMEBODY, "a", {"exp": int(time.time()) - 60})
    with pytest.raises(InvalidTokenError, match="expired"):
        tokens.verify(over)


def test_another_local_azures_token_is_refused(tokens):
    other = Tokens(b"t" * 32, "tenant").issue(SOMEBODY, "a")
    with pytest.raises(InvalidTokenError):
        tokens.verify(other)


def test_the_deployer_is_owner_and_is_made_once(tmp_path):
    store = Store(tmp_path / "state.db")
    directory = Principals(store)
    directory.seed("s1")
    first = directory.by_name("deployer")
    directory.seed("s1")
    assert directory.all() == [first]
    assert len(store.find("Microsoft.Authorization/roleAssignments")) == 1
    store.close()


def test_a_word_means_a_principal_by_name_ids_or_resource(tmp_path):
    store = Store(tmp_path / "state.db")
    directory = Principals(store)
    made = directory.add("id-cpu", "ManagedIdentity", "/Subscriptions/s1/x")
    for word in ("id-cpu", made.object_id, made.client_id, "/subscriptions/S1/x"):
        assert directory.resolve(word) == made
    assert directory.resolve("nobody") is None
    directory.remove("/subscriptions/s1/X")
    assert directory.resolve("id-cpu") is None
    store.close()


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (
            b"CONNECT management.azure.com:443 HTTP/1.1\r\n\r\n",
            ("CONNECT", "management.azure.com", "private"),
        ),
        (
            b"CONNECT x.blob.core.windows.net:443 HTTP/1.1\r\nProxy-Authorization: Basic "
            + base64.b64encode(b"internet:")
            + b"\r\n\r\n",
            ("CONNECT", "x.blob.core.windows.net", "internet"),
        ),
        (
            b"CONNECT a.vault.azure.net:443 HTTP/1.1\r\nproxy-authorization: basic "
            + base64.b64encode(b"workspace%3A%2Fsubscriptions%2Fs:x")
            + b"\r\n\r\n",
            ("CONNECT", "a.vault.azure.net", "workspace:/subscriptions/s"),
        ),
        (b"GET http://example.com:80/ HTTP/1.1\r\n\r\n", ("GET", "example.com", "private")),
        (b"nonsense\r\n\r\n", ("", "", "private")),
    ],
)
def test_the_proxys_head_names_host_and_place(head, expected):
    assert parse_head(head) == expected


@pytest.mark.parametrize(
    ("host", "routed"),
    [
        ("management.azure.com", True),
        ("acct.blob.core.windows.net", True),
        ("MANAGEMENT.azure.com", True),
        ("management.azure.com.example.com", False),
        ("example.com", False),
        ("127.0.0.1", False),
    ],
)
def test_only_azures_hosts_are_routed(host, routed):
    assert is_routed(host) is routed
