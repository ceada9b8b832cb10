"""Promoting moves the same bytes and verdict on once, and nothing that does not hold."""

import base64
import json
import shutil
from types import SimpleNamespace

import pytest

from ml import mlflow_model, promotion
from ml.errors import PlatformError, TaskError
from ml.place import Place
from ml.promotion import Approval
from ml.verdict import check
from ml.workspace import DIGEST, RegisteredModel
from tests.ml.verdict.conftest import NOW

ASKED = Approval("ann@example.com", "bob@example.com")


class Source:
    """The environment that has the model."""

    def __init__(self, folder):
        self.folder = folder
        self.workspace = SimpleNamespace(place=Place("s", "rg", "mlw-dev"))

    def model_folder(self, model, folder):
        return shutil.copytree(self.folder, folder)


class Target:
    """The workspace that a model is promoted to."""

    def __init__(self):
        self.known = []

    def models(self, name, limit):
        return self.known

    def register_model(self, name, folder, digest, tags, description):
        assert mlflow_model.digest(folder) == digest
        made = RegisteredModel(name, "1", {DIGEST: digest, **tags}, new=True)
        self.known.append(RegisteredModel(name, "1", made.tags))
        return made


class Registry:
    """A registry that keeps what is shared; `spoil` changes it on its way."""

    name = "mlr"

    def __init__(self, folder):
        self.folder, self.shared, self.spoil = folder, [], lambda folder: None

    def has(self, model, version):
        return (model, version) in self.shared

    def share(self, source, model, version):
        self.shared.append((model.name, version))

    def download(self, model, version, folder):
        assert self.has(model, version)
        shutil.copytree(self.folder, folder)
        self.spoil(folder)
        return folder


@pytest.fixture
def world(registered, signer, monkeypatch):
    """Return a function that promotes, and what it promotes from, to and through."""

    class Clock(check.datetime):
        @classmethod
        def now(cls, tz=None) -> check.datetime:
            return NOW

    monkeypatch.setattr(check, "datetime", Clock)
    folder, model = registered()
    source, target, registry = Source(folder), Target(), Registry(folder)

    def run(**more):
        given = {"approval": ASKED, **more}
        model_ = given.pop("model", model)
        return promotion.promote(source, model_, target, registry, signer.trusted, **given)

    return SimpleNamespace(run=run, target=target, registry=registry, model=model, folder=folder)


def test_the_same_bytes_arrive_with_who_asked_and_who_agreed(world):
    made = world.run()
    assert made.model.new
    tags = made.model.tags
    assert tags[DIGEST] == made.digest == world.model.tags[DIGEST]
    assert tags["promoted_from"] == "mlw-dev/flights-late:3"
    assert (tags["requested_by"], tags["approved_by"]) == ("ann@example.com", "bob@example.com")
    assert tags["registry_asset"].endswith(f"/mlr/models/flights-late/versions/{made.digest[:16]}")


def test_a_second_promotion_finds_the_first(world):
    world.run()
    again = world.run()
    assert not again.model.new
    assert len(world.target.known) == len(world.registry.shared) == 1


def test_a_killed_promotion_goes_on_without_sharing_again(world):
    digest = world.model.tags[DIGEST]
    world.registry.shared = [("flights-late", digest[:16])]
    assert world.run().model.new
    assert len(world.registry.shared) == 1


def test_a_dry_run_changes_nothing(world):
    assert not world.run(dry_run=True).done
    assert world.target.known == world.registry.shared == []


def test_who_was_champion_stays_where_it_was(world):
    tags = {**world.model.tags, "role": "champion"}
    made = world.run(model=RegisteredModel("flights-late", "3", tags))
    assert "role" not in made.model.tags


def test_bytes_that_the_registry_changed_are_not_registered(world):
    world.registry.spoil = lambda folder: (folder / "data" / "more").write_text("x")
    with pytest.raises(TaskError, match="model digest is"):
        world.run()
    assert world.target.known == []


def test_a_model_that_was_registered_past_the_gate_is_not_promoted(world):
    shutil.rmtree(world.folder / "evidence")
    with pytest.raises(TaskError, match="past the gate"):
        world.run()
    assert world.registry.shared == []


@pytest.mark.parametrize(
    ("approval", "wanted", "said"),
    [
        (Approval("ann"), "required", "prod wants an approval by somebody other than ann"),
        (Approval("ann", "Ann"), "required", "cannot approve it too"),
        (Approval("ann", "ann"), "none", "cannot approve it too"),
    ],
)
def test_nobody_approves_what_they_asked_for(approval, wanted, said):
    with pytest.raises(TaskError, match=said):
        approval.check("prod", wanted)


def test_an_approval_by_somebody_else_passes():
    Approval("ann", "bob").check("prod", "required")
    Approval("ann").check("staging", "none")


@pytest.mark.parametrize(("to", "origin"), [("staging", "dev"), ("prod", "staging")])
def test_a_model_takes_one_step_at_a_time(to, origin):
    assert promotion.before(to) == origin


@pytest.mark.parametrize("to", ["dev", "qa", ""])
def test_an_environment_that_takes_no_models_is_refused(to):
    with pytest.raises(TaskError, match="promoted to staging or prod"):
        promotion.before(to)


def token(**claims: str):
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return SimpleNamespace(get_token=lambda scope: SimpleNamespace(token=f"h.{payload}.s"))


def test_who_asks_is_read_from_the_token():
    assert promotion.requester(token(oid="1", upn="ann@example.com")) == "ann@example.com"
    assert promotion.requester(token(oid="1")) == "1"
    with pytest.raises(PlatformError, match="names nobody"):
        promotion.requester(token())
