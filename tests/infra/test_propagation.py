"""Waiting for role grants that do not work yet, and for nothing else."""

import asyncio

import pulumi
import pytest

from infra import propagation
from infra.propagation import PAUSES_SECONDS, Propagation, is_propagating

DEPLOYER = "00000000-0000-0000-0000-00000000cccc"
LATE = (
    "The client 'x' with object id '11111111-0000-0000-0000-000000000000' does not have "
    "authorization to perform action 'Microsoft.Storage/storageAccounts/read'"
)


@pytest.mark.parametrize(
    ("message", "waits"),
    [
        (LATE, True),
        (f'Code="PrincipalNotFound" Message="Principal {DEPLOYER[:-1]}d does not exist"', True),
        ("Failed to acquire token for the identity of the workspace", True),
        (LATE.replace("11111111-0000-0000-0000-000000000000", DEPLOYER.upper()), False),
        ("The vault name 'kv' is already in use", False),
        ("", False),
    ],
)
def test_only_another_identitys_missing_grant_is_waited_for(message, waits):
    assert is_propagating(message, DEPLOYER) is waits


@pytest.fixture
def asked(monkeypatch):
    """Return what the hook answers to a list of errors, and how long it waited."""
    waited: list[float] = []
    said: list[str] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(propagation.asyncio, "sleep", sleep)
    monkeypatch.setattr(propagation.pulumi, "ErrorHook", lambda name, function: function)
    monkeypatch.setattr(propagation.pulumi.log, "info", said.append)
    hook = Propagation(DEPLOYER)

    def ask(*errors: str) -> tuple[bool, list[float], list[str]]:
        args = pulumi.ErrorHookArgs(
            urn="urn",
            id="",
            name="workspace",
            type="t",
            failed_operation="create",
            errors=[*errors],
        )
        return asyncio.run(hook.retry(args)), waited, said

    return ask


def test_a_late_grant_is_tried_again_after_a_pause_that_is_announced(asked):
    again, waited, said = asked(LATE)
    assert again
    assert waited == [PAUSES_SECONDS[0]]
    assert "workspace" in said[0]
    assert "10 s" in said[0]


def test_another_error_after_a_late_grant_ends_the_waiting(asked):
    again, waited, _ = asked("quota exceeded", LATE)
    assert not again
    assert waited == []


def test_waiting_ends_after_azures_documented_ten_minutes(asked):
    assert sum(PAUSES_SECONDS) == 600
    again, waited, _ = asked(*[LATE] * (len(PAUSES_SECONDS) + 1))
    assert not again
    assert waited == []
