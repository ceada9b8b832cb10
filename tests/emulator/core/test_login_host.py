"""Signing in at the login host, as azure-identity does."""

import time

import jwt
import pytest

from emulator.login import federation
from emulator.server.home import TENANT_ID
from tests.emulator.core.conftest import ARM, GROUP, Azure

LOGIN = f"https://login.microsoftonline.com/{TENANT_ID}"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/delivery"
ISSUER = "https://token.actions.githubusercontent.com"
SUBJECT = "repo:contoso/mlops:environment:prod"


def sign_in(azure: Azure, **changes: str):
    """Ask for a token as the deployer, with some fields changed; an empty one is left out."""
    deployer = azure.services.principals.by_name("deployer")
    assert deployer is not None
    form = {
        "grant_type": "client_credentials",
        "client_id": str(deployer.client_id),
        "client_secret": azure.services.principals.secret(deployer),
        "scope": f"{ARM}/.default openid",
    } | changes
    form = {name: value for name, value in form.items() if value}
    azure.who = None
    return azure.ask("POST", f"{LOGIN}/oauth2/v2.0/token", form=form)


def test_the_right_secret_gives_a_token_that_arm_accepts(azure: Azure):
    given = sign_in(azure).json()
    assert given["token_type"] == "Bearer"
    claims = jwt.decode(given["access_token"], options={"verify_signature": False})
    assert claims["aud"] == ARM
    assert claims["tid"] == TENANT_ID
    assert claims["exp"] - claims["iat"] == given["expires_in"]
    header = {"authorization": f"Bearer {given['access_token']}"}
    assert azure.get(GROUP, headers=header).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        ({"client_secret": "guess"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000215),
        ({"client_id": "nobody"}, 400, "unauthorized_client", 700016),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": ""}, 400, "invalid_request", 90014),
        ({"client_assertion": "a.b.c"}, 401, "invalid_client", 50027),
    ],
)
def test_a_refused_sign_in_says_why_in_entras_words(azure: Azure, changes, status, error, code):
    answer = sign_in(azure, **changes)
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert answer.json()["error_codes"] == [code]
    assert answer.json()["error_description"].startswith(f"AADSTS{code}: ")


def test_another_tenant_is_unknown(azure: Azure):
    url = f"{LOGIN.replace(TENANT_ID, 'contoso.com')}/oauth2/v2.0/token"
    answer = azure.ask("POST", url, form={"grant_type": "client_credentials"})
    assert answer.json()["error_codes"] == [90002]


def test_the_discovery_documents_lead_to_the_token_endpoint(azure: Azure):
    azure.who = None
    host = "https://login.microsoftonline.com"
    instance = azure.get(f"{host}/common/discovery/instance?api-version=1.1").json()
    assert instance["tenant_discovery_endpoint"]
    found = azure.get(f"{LOGIN}/v2.0/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == f"{LOGIN}/oauth2/v2.0/token"


@pytest.fixture
def delivery(azure: Azure) -> str:
    """The client id of an identity that trusts one environment of a repository."""
    made = azure.made(IDENTITY, {"location": "westeurope"})
    trust = {"issuer": ISSUER, "subject": SUBJECT, "audiences": [federation.AUDIENCE]}
    azure.made(f"{IDENTITY}/federatedIdentityCredentials/prod", {"properties": trust})
    return made["properties"]["clientId"]


def exchange(azure: Azure, client_id: str, assertion: str):
    return sign_in(
        azure,
        client_id=client_id,
        client_secret="",
        client_assertion=assertion,
        client_assertion_type=federation.TYPE,
    )


def test_a_trusted_subject_signs_in_without_a_secret(azure: Azure, delivery: str):
    said = federation.assertion(azure.services.tokens, ISSUER, SUBJECT)
    answer = exchange(azure, delivery, said)
    assert answer.status_code == 200, answer.text
    claims = azure.services.tokens.verify(answer.json()["access_token"])
    assert claims.raw["appid"] == delivery


@pytest.mark.parametrize(
    ("issuer", "subject", "audience"),
    [
        (ISSUER, SUBJECT.replace("prod", "dev"), federation.AUDIENCE),
        ("https://elsewhere.example.com", SUBJECT, federation.AUDIENCE),
        (ISSUER, SUBJECT, "api://other"),
    ],
)
def test_what_the_identity_does_not_trust_is_refused(
    azure: Azure, delivery: str, issuer, subject, audience
):
    said = federation.assertion(azure.services.tokens, issuer, subject, audience)
    answer = exchange(azure, delivery, said)
    assert answer.json()["error_codes"] == [70021]
    assert subject in answer.json()["error_description"]


def test_an_assertion_that_is_over_or_signed_elsewhere_is_refused(azure: Azure, delivery: str):
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": federation.AUDIENCE}
    key = azure.services.tokens.derive("assertions")
    over = jwt.encode(claims | {"exp": int(time.time()) - 60}, key, algorithm="HS256")
    assert exchange(azure, delivery, over).json()["error_codes"] == [700024]
    forged = jwt.encode(claims | {"exp": int(time.time()) + 60}, b"x" * 32, algorithm="HS256")
    assert exchange(azure, delivery, forged).json()["error_codes"] == [50027]
