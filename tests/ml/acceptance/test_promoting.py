"""`mlops promote` asks the right stacks: staging's own key for tests, dev's for verdicts."""

from types import SimpleNamespace

import pytest

from ml.cli import promoting
from ml.errors import PlatformError, TaskError
from ml.promotion import Promoted
from ml.workspace import RegisteredModel

MODEL = RegisteredModel("flights-late", "3", {"task": "flights"})


def outputs(stack):
    return {
        "subscription_id": "s",
        "resource_group": f"rg-{stack}",
        "workspace": f"mlw-{stack}",
        "model_registry_id": "/subscriptions/s/registries/mlr",
        "verdict_key": f"https://{stack}.vault.azure.net/keys/verdicts",
        "endpoint_flights": f"flights-{stack}",
        "release_approval": "required" if stack == "prod" else "none",
    }


@pytest.fixture
def asked(monkeypatch):
    """Return what was promoted and tested, and with which keys."""
    seen = SimpleNamespace(promoted=[], tested=[], stacks=dict.fromkeys(["dev", "staging", "prod"]))

    def found(stack):
        return {**outputs(stack), **(seen.stacks[stack] or {})}

    def promote(source, model, target, registry, keys, **more):
        place = (source.workspace.place.workspace, target.place.workspace)
        seen.promoted.append(
            SimpleNamespace(place=place, keys=keys, registry=registry.name, **more)
        )
        return Promoted(model, "d" * 64, "asset", done=not more["dry_run"])

    def accept(tests):
        seen.tested.append(tests)
        return "accepted"

    monkeypatch.setattr(promoting.stacks, "outputs", found)
    monkeypatch.setattr(promoting, "requester", lambda _credential: "ann")
    monkeypatch.setattr(promoting, "credential", lambda: None)
    monkeypatch.setattr(promoting.Archive, "model", lambda _self, _reference: MODEL)
    monkeypatch.setattr(promoting, "promote", promote)
    monkeypatch.setattr(promoting, "trusted", lambda key, jwk: ("keys of", key, jwk))
    monkeypatch.setattr(promoting.accepting, "accept", accept)
    return seen


def wish(to, **parts):
    given = {"approved_by": "bob", "instance_type": "Standard_DS3_v2", "key": None, "jwk": None}
    return promoting.Wish(model="flights-late:3", to=to, **{**given, **parts})


def test_what_arrives_in_staging_is_tested_there_with_stagings_key(asked):
    found = promoting.run(wish("staging"), dry_run=False)
    assert found.tested == "accepted"
    (sent,) = asked.promoted
    assert sent.place == ("mlw-dev", "mlw-staging")
    assert sent.keys == ("keys of", "https://dev.vault.azure.net/keys/verdicts", None)
    assert sent.tests is None
    (tests,) = asked.tested
    assert tests.endpoint == "flights-staging"
    assert tests.key == tests.keys.key == "https://staging.vault.azure.net/keys/verdicts"


def test_prod_asks_staging_for_its_tests_and_dev_for_the_verdict(asked):
    promoting.run(wish("prod"), dry_run=False)
    (sent,) = asked.promoted
    assert sent.place == ("mlw-staging", "mlw-prod")
    assert sent.keys == ("keys of", "https://dev.vault.azure.net/keys/verdicts", None)
    assert sent.tests.staging.workspace.place.workspace == "mlw-staging"
    assert sent.tests.keys.key == "https://staging.vault.azure.net/keys/verdicts"
    assert asked.tested == []


def test_given_public_keys_of_both_still_tell_staging_from_dev(asked, tmp_path):
    jwk = tmp_path / "keys.json"
    promoting.run(wish("prod", jwk=jwk), dry_run=False)
    (sent,) = asked.promoted
    assert sent.tests.keys.key == "https://staging.vault.azure.net/keys/verdicts"
    assert sent.tests.keys.keys[2] == jwk


def test_a_dry_run_says_what_staging_would_do_and_tests_nothing(asked, capsys):
    assert not promoting.run(wish("staging"), dry_run=True).done
    assert asked.tested == []
    said = " ".join(capsys.readouterr().err.split())
    assert "would then, unless a result holds: deploy it at flights-staging" in said
    assert "test it on gate" in said


def test_prod_wants_an_approver_before_anything_is_asked(asked):
    with pytest.raises(TaskError, match="prod wants an approval"):
        promoting.run(wish("prod", approved_by=None), dry_run=False)
    with pytest.raises(TaskError, match="cannot approve it too"):
        promoting.run(wish("prod", approved_by="Ann"), dry_run=False)
    assert asked.promoted == []


def test_a_staging_that_cannot_sign_is_told_before_anything_moves(asked):
    asked.stacks["staging"] = {"verdict_key": None}
    for to in ("staging", "prod"):
        with pytest.raises(PlatformError, match="stack staging exports no verdict_key"):
            promoting.run(wish(to), dry_run=False)
    assert asked.promoted == []
