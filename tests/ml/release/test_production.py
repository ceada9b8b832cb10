"""Nothing is released in production that staging has not tested and signed."""

from types import SimpleNamespace

import pytest

from ml.acceptance.errors import AcceptanceError
from ml.cli import admission
from ml.cli import stack as stacks
from ml.errors import TaskError
from ml.place import Place
from ml.target import Target
from ml.workspace import DIGEST, RegisteredModel

MODEL = RegisteredModel("flights-late", "3", {DIGEST: "d1"})
KEYS = {
    name: f"https://{name}.vault.azure.net/keys/verdicts" for name in ("dev", "staging", "prod")
}


@pytest.fixture
def staging(monkeypatch):
    """Staging with some models, and tests of it that pass or not."""
    world = SimpleNamespace(models=[], error=None, asked=[])

    def passed(self, folder, model, digest):
        world.asked.append((model.version, digest))
        if world.error:
            raise world.error

    def find(chosen):
        place = Place("s", "g", f"mlw-{chosen.stack}")
        return Target(place, "cpu", verdict_key=KEYS[chosen.stack])

    monkeypatch.setattr(stacks, "find", find)
    monkeypatch.setattr(admission.Workspace, "models", lambda *_, **__: world.models)
    monkeypatch.setattr(admission.StagingTests, "passed", passed)
    monkeypatch.setattr(admission.promoting, "of_staging", lambda key, jwk: key)
    return world


def test_what_was_never_in_staging_is_refused_with_the_way_there(staging, tmp_path):
    staging.models = [RegisteredModel("flights-late", "9", {DIGEST: "another"})]
    with pytest.raises(TaskError, match=r"was never in staging.*--to staging"):
        admission.accepted(tmp_path, MODEL, "d1", None)
    assert staging.asked == []


def test_staging_is_asked_about_these_bytes_under_its_own_version(staging, tmp_path):
    staging.models = [RegisteredModel("flights-late", "7", {DIGEST: "d1"})]
    admission.accepted(tmp_path, MODEL, "d1", None)
    assert staging.asked == [("7", "d1")]


def test_a_result_that_does_not_hold_stops_the_release(staging, tmp_path):
    staging.models = [RegisteredModel("flights-late", "7", {DIGEST: "d1"})]
    staging.error = AcceptanceError("flights-late:7", ["edited after it was signed"])
    with pytest.raises(TaskError, match="edited"):
        admission.accepted(tmp_path, MODEL, "d1", None)


@pytest.mark.parametrize(("stack", "key"), [("dev", "dev"), ("staging", "dev"), ("prod", "dev")])
def test_verdicts_are_believed_of_the_key_where_models_are_trained(staging, stack, key):
    target = Target(Place("s", "g", "w"), "cpu", verdict_key=KEYS[stack])
    assert admission.key(target, stack, None, None) == KEYS[key]


def test_a_key_that_is_given_is_the_one(staging):
    target = Target(Place("s", "g", "w"), "cpu", verdict_key=KEYS["prod"])
    own = "https://own.vault.azure.net/keys/k"
    assert admission.key(target, "prod", own, None) == own
