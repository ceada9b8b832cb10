"""Production believes nothing of staging but a signed, passing, present result on these bytes."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from ml import promotion
from ml.acceptance import check, kept
from ml.acceptance.document import KIND
from ml.acceptance.errors import AcceptanceError
from ml.gates.outcome import Outcome
from ml.promotion import Approval, StagingTests
from ml.verdict import check as verdicts
from ml.verdict import envelope
from ml.verdict.errors import VerdictError
from ml.verdict.keys import JwkKeys
from tests.ml.acceptance.conftest import STAGING
from tests.ml.verdict.conftest import NOW
from tests.ml.verdict.local_signer import LocalSigner


@pytest.fixture
def sealed(run, staging) -> Callable[..., str]:
    """Return a function that tests and signs; what is given replaces a part before the signing."""

    def make(signer=staging, **parts) -> str:
        return envelope.seal(run().model_copy(update=parts), signer, KIND)

    return make


def reasons(text, keys, about) -> str:
    with pytest.raises(AcceptanceError) as refused:
        check.passing(text, keys, about)
    assert "`mlops promote flights-late --to staging` tests a model there" in str(refused.value)
    return "; ".join(refused.value.reasons)


def edited(text: str, change: Callable[[dict], object]) -> str:
    found = json.loads(text)
    change(found["acceptance"])
    return json.dumps(found)


def test_what_staging_signed_opens_the_way(sealed, trusted, wanted):
    found = check.passing(sealed(), trusted, wanted())
    assert found.outcome is Outcome.PASS


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.update(outcome="fail"),
        lambda found: found["model"]["content"].update(digest="0" * 64),
        lambda found: found["where"].update(workspace="/subscriptions/other"),
        lambda found: found["results"][3]["findings"][0].update(value=0.0001),
        lambda found: found.update(issued="2026-03-01T11:30:00Z"),
        lambda found: found["limits"].update(latency_ms=900),
    ],
)
def test_an_edited_result_is_refused(sealed, trusted, wanted, change):
    said = reasons(edited(sealed(), change), trusted, wanted())
    assert "edited after it was signed" in said


def test_a_failed_result_is_refused_also_when_it_is_edited_to_pass(
    run, served, staging, trusted, wanted
):
    served.change = lambda _body, answer: replace(answer, ms=900.0)
    text = envelope.seal(run(), staging, KIND)
    said = reasons(text, trusted, wanted())
    assert said.startswith("test load is fail: P95 in ms 900")
    passed = edited(text, lambda found: found.update(outcome="pass"))
    assert "edited after it was signed" in reasons(passed, trusted, wanted())


def test_a_result_signed_in_dev_is_refused_even_by_a_key_that_verdicts_are_believed_of(
    sealed, staging, signer, wanted
):
    both = JwkKeys((*signer.trusted.keys, *staging.trusted.keys))
    keys = check.KeysOf(both, "https://staging.vault.azure.net/keys/verdicts")
    assert check.passing(sealed(), keys, wanted())
    said = reasons(sealed(signer), keys, wanted())
    assert said.startswith("it is signed by key https://test.vault.azure.net/keys/verdicts/1")


def test_a_key_that_only_calls_itself_stagings_is_refused(sealed, staging, trusted, wanted):
    said = reasons(sealed(LocalSigner(staging.key_id)), trusted, wanted())
    assert "or signed by another key" in said


def test_a_result_of_another_model_is_not_replayed(sealed, trusted, wanted):
    about = wanted()
    other = replace(about, content=about.content.model_copy(update={"digest": "1" * 64}))
    assert "model digest is" in reasons(sealed(), trusted, other)
    assert "model is flights-late:3" in reasons(sealed(), trusted, wanted(version="4"))
    assert "verdict digest is" in reasons(sealed(), trusted, wanted(verdict_sha256="2" * 64))


def test_swapped_bytes_are_not_what_was_tested(sealed, trusted, arrived):
    text = sealed()
    folder, version = arrived
    (folder / "data" / "scorer" / "booster.ubj").write_bytes(b"another model")
    about = check.Wanted.of(folder, version, STAGING, now=NOW)
    assert "model digest is" in reasons(text, trusted, about)


def test_a_result_of_another_workspace_is_refused(sealed, trusted, wanted):
    said = reasons(sealed(), trusted, wanted(workspace="/subscriptions/x/workspaces/mlw-dev"))
    assert "workspace is" in said
    upper = wanted()
    assert check.passing(sealed(), trusted, replace(upper, workspace=upper.workspace.upper()))


@pytest.mark.parametrize(
    ("later", "said"), [(timedelta(days=30), "it expired at"), (-timedelta(hours=2), "after now")]
)
def test_an_old_result_and_one_of_the_future_are_refused(sealed, trusted, wanted, later, said):
    assert said in reasons(sealed(), trusted, wanted(now=NOW + later))


def test_a_result_under_weaker_limits_is_refused(sealed, trusted, arrived):
    text = sealed()
    folder, version = arrived
    rollout = Path(version.tags["task"]) / "rollout.yaml"
    rollout.write_text(rollout.read_text().replace("at_most_ms: 250", "at_most_ms: 100"))
    about = check.Wanted.of(folder, version, STAGING, now=NOW)
    assert "P95 at most 250 ms" in reasons(text, trusted, about)


def test_a_result_that_leaves_a_test_out_is_refused(sealed, run, trusted, wanted):
    short = run().results[:3]
    assert "its tests leave out load" in reasons(sealed(results=short), trusted, wanted())


def test_a_verdict_is_no_result_and_a_result_no_verdict(sealed, verdict, staging, trusted, wanted):
    assert "wanted are acceptance" in reasons(envelope.seal(verdict(), staging), trusted, wanted())
    with pytest.raises(VerdictError, match="wanted are protected, signature, verdict"):
        envelope.unseal(sealed(), staging.trusted)
    renamed = json.loads(envelope.seal(verdict(), staging))
    renamed["acceptance"] = renamed.pop("verdict")
    assert "wanted is 'mlops-acceptance+json'" in reasons(json.dumps(renamed), trusted, wanted())


def test_a_signed_document_of_another_form_is_told(staging, trusted, wanted, verdict):
    text = envelope.seal(verdict(), staging, KIND)
    assert "it is no result of this version of the code" in reasons(text, trusted, wanted())


class World:
    """Staging with the model and what it kept, production, and the registry between them."""

    def __init__(self, folder, version):
        self.folder, self.model = folder, version
        self.workspace = SimpleNamespace(place=STAGING, client=self)
        self.data = SimpleNamespace(list=self.listed)
        self.results: list[str] = []
        self.registered: list[dict] = []
        self.name = "mlr"

    def model_folder(self, _model, folder):
        return Path(shutil.copytree(self.folder, folder))

    def listed(self, name):
        self.asked = name
        return [
            SimpleNamespace(
                version=str(at), creation_context=SimpleNamespace(created_at=f"2026-03-0{at + 1}")
            )
            for at in range(len(self.results))
        ]

    def data_files(self, _name, version, folder):
        (folder / "acceptance.json").write_text(self.results[int(version)])
        return folder

    def models(self, _name, limit):
        return []

    def has(self, _model, _version):
        return True

    def download(self, _model, _version, folder):
        return Path(shutil.copytree(self.folder, folder))

    def register_model(self, name, _folder, _digest, tags, _description):
        self.registered.append(tags)
        return replace(self.model, name=name, tags=tags, new=True)


@pytest.fixture
def world(arrived, signer, trusted, monkeypatch):
    class Clock(verdicts.datetime):
        @classmethod
        def now(cls, tz=None) -> verdicts.datetime:
            return NOW

    monkeypatch.setattr(verdicts, "datetime", Clock)
    monkeypatch.setattr(check, "datetime", Clock)
    made = World(*arrived)

    def promote(**more):
        return promotion.promote(
            made,
            made.model,
            made,
            made,
            signer.trusted,
            approval=Approval("ann", "bob"),
            tests=StagingTests(made, trusted),
            **more,
        )

    made.promote = promote
    return made


def test_production_takes_what_staging_accepted_and_says_by_which_job(world, sealed):
    world.results = [sealed()]
    made = world.promote()
    assert made.tested.job == "job-of-staging"
    assert world.registered[0]["accepted_by_job"] == "job-of-staging"
    assert world.asked == kept.asset("flights-late", made.digest)


def test_production_refuses_without_a_result_and_says_how_to_get_it(world):
    with pytest.raises(AcceptanceError, match="has no result for these bytes; `mlops promote"):
        world.promote()
    assert world.registered == []


def test_a_dry_run_refuses_alike_and_changes_nothing(world, sealed):
    with pytest.raises(AcceptanceError):
        world.promote(dry_run=True)
    world.results = [sealed()]
    assert world.promote(dry_run=True).tested
    assert world.registered == []


def test_the_latest_result_counts(world, run, served, staging, sealed):
    passed = sealed()
    served.change = lambda _body, answer: replace(answer, ms=900.0)
    world.results = [passed, envelope.seal(run(), staging, KIND)]
    with pytest.raises(AcceptanceError, match="test load is fail"):
        world.promote()
