"""Who is signed in: a person or a service principal, or a clear error."""

import pulumi
import pytest

from infra import deployer
from infra.settings import PrincipalKind
from tests.infra import recorder

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


def signed_in(monkeypatch, **answer: object) -> deployer.Deployer:
    monkeypatch.setattr(recorder, "CLIENT", {**recorder.CLIENT, **answer})
    found: list[deployer.Deployer] = []
    recorder.record(lambda: found.append(deployer.current()))
    return found[0]


@pytest.mark.parametrize(
    ("client_id", "kind"),
    [
        (AZURE_CLI, PrincipalKind.USER),
        ("00000000-0000-0000-0000-00000000dddd", PrincipalKind.SERVICE_PRINCIPAL),
    ],
)
def test_a_person_and_a_service_principal_are_told_apart(monkeypatch, client_id, kind):
    found = signed_in(monkeypatch, clientId=client_id)
    assert found.kind is kind
    assert found.object_id == recorder.DEPLOYER


def test_no_subscription_is_one_error_with_the_way_out(monkeypatch):
    with pytest.raises(pulumi.RunError, match=r"without a subscription; fix: .*az account set"):
        signed_in(monkeypatch, subscriptionId="")


def test_an_unreachable_sign_in_is_one_error_with_the_way_out(monkeypatch):
    failed = ({}, [("", "no answer")])
    monkeypatch.setattr(recorder.Recorder, "call", lambda self, args: failed)
    with pytest.raises(pulumi.RunError, match=r"cannot tell who is signed in.*az login"):
        signed_in(monkeypatch)
