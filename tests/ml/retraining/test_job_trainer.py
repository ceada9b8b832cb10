"""How retraining trains and releases on the platform: by names, each of which is asked for once."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from ml.cli import retraining
from ml.cli.retraining import JobTrainer
from ml.gates.outcome import Outcome
from ml.release import beginning
from ml.release.state import Ending
from ml.release.traffic import Traffic
from ml.retraining.helping import Answer
from ml.retraining.machine import Release, Shadow, Train
from ml.workspace import DIGEST, RegisteredModel, Run

SENT = datetime(2013, 5, 2, tzinfo=UTC)
MODEL = RegisteredModel("flights", "2", {DIGEST: "ab" * 32, "task": "flights"})
NAME = beginning.deployment_of(MODEL, MODEL.tags[DIGEST])
SHADOW = Shadow("e1", "would-help-1", "2013-04")
TRAIN = Train("e1", "retrain-1", "2013-04")
RELEASE = Release("e1", "flights:2")


class Platform:
    """A workspace with one job, one endpoint and its releases."""

    def __init__(self):
        self.run: Run | None = None
        self.outcome = SimpleNamespace(model=None, why="")
        self.wishes = []
        self.state = None
        self.answer = Answer(outcome="pass", reason="it would", numbers={}).model_dump_json()
        self.traffic = Traffic.all_to("v1-old")
        self.begun = []
        self.store = SimpleNamespace(
            of_challenger=lambda name: self.state if name == NAME else None
        )
        self.endpoint = SimpleNamespace(read=lambda: SimpleNamespace(traffic=self.traffic))

    def job_if_there(self, name):
        return self.run if self.run and self.run.name == name else None

    def steps(self, _job):
        return [Run("s", "gate", "Completed", (SENT + timedelta(minutes=6)).isoformat())]

    def ask(self, _target, _workspace, wish):
        self.wishes.append(wish)
        return self.outcome

    def train(self, _target, _workspace, wish):
        self.wishes.append(wish)
        return self.outcome


@pytest.fixture
def platform(monkeypatch):
    made = Platform()
    monkeypatch.setattr(retraining, "Workspace", lambda _place: made)
    monkeypatch.setattr(retraining, "Archive", lambda _: SimpleNamespace(model=lambda _: MODEL))
    monkeypatch.setattr(retraining, "Releases", lambda *_: made)
    monkeypatch.setattr(retraining.training, "train", made.train)
    monkeypatch.setattr(retraining.training, "ask", made.ask)
    monkeypatch.setattr(retraining.job_outputs, "texts", lambda *_: {"answer.json": made.answer})
    monkeypatch.setattr(
        retraining.releases, "begin", lambda *given, dry_run: made.begun.append((given, dry_run))
    )
    return made


@pytest.fixture
def trainer():
    target = SimpleNamespace(
        place=None, approval="none", verdict_key="key", endpoint=lambda task: task
    )
    return JobTrainer(target, "flights")


def shadow(status):
    return Run("would-help-1", "would help", status, SENT.isoformat())


def run(status):
    return Run("retrain-1", "train", status, SENT.isoformat())


def test_a_shadow_training_is_sent_under_its_name_and_not_waited_for(platform, trainer):
    assert trainer.would_help(SHADOW) is None
    (wish,) = platform.wishes
    assert (wish.job, wish.wait, wish.periods["train_to"]) == ("would-help-1", False, "2013-03")
    platform.run = shadow("Running")
    assert trainer.would_help(SHADOW) is None
    assert len(platform.wishes) == 1


def test_what_a_shadow_training_found_is_read_from_its_output(platform, trainer):
    platform.run = shadow("Completed")
    said = trainer.would_help(SHADOW)
    assert (said.event, said.outcome, said.reason) == ("e1", Outcome.PASS, "it would")
    assert said.hours == pytest.approx(0.1)


def test_a_shadow_training_that_broke_has_no_answer(platform, trainer):
    platform.run = shadow("Failed")
    platform.outcome = SimpleNamespace(model=None, why="prepare: no such month")
    said = trainer.would_help(SHADOW)
    assert (said.outcome, said.reason) == (None, "prepare: no such month")


def test_a_training_is_sent_under_its_name_and_not_waited_for(platform, trainer):
    assert trainer.train(TRAIN) is None
    (wish,) = platform.wishes
    assert (wish.job, wish.wait, wish.periods["holdout_from"]) == ("retrain-1", False, "2013-04")


def test_a_training_that_goes_on_is_not_sent_again(platform, trainer):
    platform.run = run("Running")
    assert trainer.train(TRAIN) is None
    assert platform.wishes == []


@pytest.mark.parametrize(
    ("model", "why", "version", "failed"),
    [
        (MODEL, "", "flights:2", False),
        (None, "register: the verdict is refused: auc is inconclusive", None, False),
        (None, "train: no memory", None, True),
    ],
)
def test_only_what_the_gate_let_in_has_a_version(platform, trainer, model, why, version, failed):
    platform.run = run("Completed" if model else "Failed")
    platform.outcome = SimpleNamespace(model=model, why=why)
    end = trainer.train(TRAIN)
    assert (end.model, end.failed) == (version, failed)
    if not failed:
        assert end.hours == pytest.approx(0.1)


def test_a_version_is_released_where_nobody_released_it(platform, trainer):
    assert trainer.release(RELEASE) is None
    assert len(platform.begun) == 1


@pytest.mark.parametrize("active", [True, False])
def test_a_version_that_was_released_is_not_released_again(platform, trainer, active):
    platform.state = SimpleNamespace(active=active, ending=None if active else Ending.KEPT)
    assert trainer.release(RELEASE) == (None if active else "kept")
    assert platform.begun == []


def test_a_version_that_serves_already_needs_no_release(platform, trainer):
    platform.traffic = Traffic.all_to(NAME)
    assert "serves" in trainer.release(RELEASE)
    assert platform.begun == []


def test_where_somebody_must_agree_a_version_waits(platform, trainer):
    trainer.target.approval = "required"
    assert trainer.release(RELEASE) is None
    assert platform.begun == []
