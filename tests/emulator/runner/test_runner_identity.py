"""The managed-identity endpoint of steps, and which identity a job runs as."""

import pytest

from emulator.login.callers import Principal
from emulator.runner.identity import Grant, Grants, NoIdentityError, chosen

FIRST = Principal("o1", "ManagedIdentity", "first", "c1")
SECOND = Principal("o2", "ManagedIdentity", "second", "c2")


def grants() -> Grants:
    return Grants(lambda principal, audience: f"{principal.name}|{audience}", "http://x/msi/token")


def test_a_step_gets_tokens_of_its_identities_and_only_while_it_runs():
    ours = grants()
    with ours.granted(Grant((FIRST, SECOND))) as variables:
        assert variables["DEFAULT_IDENTITY_CLIENT_ID"] == "c1"
        secret = variables["MSI_SECRET"]
        status, body = ours.answer(secret, {"resource": "https://storage.azure.com/.default"})
        assert (status, body["access_token"]) == (200, "first|https://storage.azure.com")
        status, body = ours.answer(secret, {"resource": "r", "clientid": "C2"})
        assert (status, body["access_token"]) == (200, "second|r")
        assert ours.answer(secret, {"resource": "r", "clientid": "c9"})[0] == 400
        assert ours.answer(secret, {})[0] == 400
        assert ours.answer("other", {"resource": "r"})[0] == 401
    assert ours.answer(secret, {"resource": "r"})[0] == 401


def test_a_cluster_without_an_identity_gives_no_token():
    ours = grants()
    with ours.granted(Grant(())) as variables:
        assert "DEFAULT_IDENTITY_CLIENT_ID" not in variables
        assert ours.answer(variables["MSI_SECRET"], {"resource": "r"})[0] == 400


def test_a_job_chooses_among_the_identities_of_its_cluster():
    grant = Grant((FIRST, SECOND))
    assert chosen(grant, {}, "cpu") is FIRST
    assert chosen(grant, {"type": "Managed", "client_id": "c2"}, "cpu") is SECOND
    assert chosen(Grant(()), {}, "cpu") is None
    with pytest.raises(NoIdentityError, match="client id c9, but compute 'cpu' has: c1, c2"):
        chosen(grant, {"client_id": "c9"}, "cpu")
    with pytest.raises(NoIdentityError, match="has none; give the compute an identity"):
        chosen(Grant(()), {"type": "Managed"}, "cpu")
