"""How retraining trains and releases on the platform: by names, each of which is asked for once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import yaml

from ml.errors import PlatformError, TaskError
from ml.gates.outcome import Outcome
from ml.release import beginning
from ml.release.state import Ending
from ml.release.traffic import Traffic
from ml.retraining import jobs, releasing
from ml.retraining.helping import Answer
from ml.retraining.jobs import JobTrainer
from ml.retraining.launching import Launcher
from ml.retraining.machine import Release, Shadow, Train
from ml.target import Target
from ml.workspace import DIGEST, DataVersion, RegisteredModel, Run

SENT = datetime(2013, 5, 2, tzinfo=UTC)
MODEL = RegisteredModel("flights", "2", {DIGEST: "ab" * 32, "task": "flights"})
NAME = beginning.deployment_of(MODEL, MODEL.tags[DIGEST])
SHADOW = Shadow("e1", "would-help-1", "2013-04")
TRAIN = Train("e1", "retrain-1", "2013-04")
RELEASE = Release("e1", "flights:2")


class Platform:
    """A workspace with one job, one endpoint and its releases."""

    place = None

    def __init__(self):
        self.run: Run | None = None
        self.said = ["working"]
        self.sent = []
        self.versions = [DataVersion("flights-raw", "9b62", new=False)]
        self.registered = [replace(MODEL, name="flights-late", tags={"verdict": "pass"})]
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
        status = "Failed" if self.run and self.run.status == "Failed" else "Completed"
        return [Run("s", "register", status, (SENT + timedelta(minutes=6)).isoformat())]

    def log(self, _step):
        return self.said

    def data_versions(self, _name):
        return self.versions

    def models(self, _name, limit):
        return self.registered

    def ensure_environment(self, _definition):
        return "azureml:mlops-steps:1"

    def submit(self, job, experiment):
        self.sent.append(yaml.safe_load(str(job)))
        return Run(job.name, "train", "NotStarted", SENT.isoformat())


@pytest.fixture
def platform(monkeypatch):
    made = Platform()
    monkeypatch.setattr(releasing, "Workspace", lambda _place: made)
    monkeypatch.setattr(releasing, "Archive", lambda _: SimpleNamespace(model=lambda _: MODEL))
    monkeypatch.setattr(releasing, "Releases", lambda *_: made)
    monkeypatch.setattr(jobs.job_results, "texts", lambda *_: {"answer.json": made.answer})
    return made


@pytest.fixture
def target():
    return Target(None, "cpu", "gate", "https://v/keys/k", {"flights": "flights"}, "none")


@pytest.fixture
def trainer(platform, target):
    begin = releasing.Releaser(target, "flights", platform.begun.append, platform.begun.append)
    return JobTrainer(Launcher(target, platform, "flights"), begin)


def run(status, name):
    return Run(name, "train", status, SENT.isoformat())


def ask(trainer, wanted):
    return trainer.would_help(wanted) if wanted is SHADOW else trainer.train(wanted)


@pytest.mark.parametrize("wanted", [SHADOW, TRAIN])
def test_a_job_is_sent_under_its_name_and_not_waited_for(platform, trainer, wanted):
    assert ask(trainer, wanted) is None
    (job,) = platform.sent
    assert job["name"] == wanted.job
    given = {name: job["inputs"][name] for name in ("as_of", "train_to", "holdout_from")}
    assert given == {
        "as_of": "2014-01-01T06:00:00", "train_to": "2013-03", "holdout_from": "2013-04"
    }  # fmt: skip
    assert job["inputs"]["raw"]["path"] == "azureml:flights-raw:9b62"


def test_the_newest_is_what_is_newest_when_the_job_runs(platform, trainer):
    trainer.train(Train("e1", "retrain-1", "newest"))
    given = platform.sent[0]["inputs"]
    assert (given["as_of"], given["train_from"]) == ("now", "newest-2")
    assert (given["train_to"], given["holdout_to"]) == ("newest-1", "newest")


def test_what_an_earlier_version_carries_is_carried_again(platform, trainer):
    platform.versions = [
        DataVersion("flights-raw", "b", new=False, previous="a"),
        DataVersion("flights-raw", "a", new=False),
    ]
    trainer.train(TRAIN)
    steps = platform.sent[0]["jobs"]
    assert steps["ingest_earlier_1"]["inputs"]["raw"]["path"] == "azureml:flights-raw:a"


def test_without_data_a_champion_or_a_key_nothing_is_sent(platform, trainer, target):
    platform.registered = []
    with pytest.raises(TaskError, match="no champion"):
        trainer.would_help(SHADOW)
    platform.versions = []
    with pytest.raises(PlatformError, match="no version of flights-raw"):
        trainer.train(TRAIN)
    platform.versions = [DataVersion("flights-raw", "a", new=False)]
    keyless = Launcher(replace(target, verdict_key=None), platform, "flights")
    with pytest.raises(PlatformError, match="no key"):
        keyless.launch(TRAIN)
    assert platform.sent == []


@pytest.mark.parametrize("wanted", [SHADOW, TRAIN])
def test_a_job_that_goes_on_is_not_sent_again(platform, trainer, wanted):
    platform.run = run("Running", wanted.job)
    assert ask(trainer, wanted) is None
    assert platform.sent == []


def test_what_a_shadow_training_found_is_read_from_its_output(platform, trainer):
    platform.run = run("Completed", SHADOW.job)
    said = trainer.would_help(SHADOW)
    assert (said.event, said.outcome, said.reason) == ("e1", Outcome.PASS, "it would")
    assert said.hours == pytest.approx(0.1)


def test_a_shadow_training_that_broke_has_no_answer(platform, trainer):
    platform.run, platform.said = run("Failed", SHADOW.job), ["error: no such month"]
    said = trainer.would_help(SHADOW)
    assert (said.outcome, said.reason) == (None, "register: no such month")


@pytest.mark.parametrize(
    ("status", "last", "version", "failed"),
    [
        ("Completed", "flights-late:2", "flights-late:2", False),
        ("Completed", "registered something else", None, True),
        ("Failed", "error: the verdict is refused: auc is inconclusive", None, False),
        ("Failed", "error: no memory", None, True),
        ("Canceled", "", None, True),
    ],
)
def test_only_what_the_gate_let_in_has_a_version(platform, trainer, status, last, version, failed):
    platform.run, platform.said = run(status, TRAIN.job), ["working", last]
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


@pytest.mark.parametrize(
    ("asks", "command"),
    [
        ({"approval": "required"}, "mlops release flights:2 --approved-by"),
        ({"stack": "prod"}, "mlops release flights:2 --stack prod --approved-by"),
    ],
)
def test_where_somebody_must_agree_or_staging_must_have_tested_a_version_waits(
    platform, target, asks, command
):
    told = []
    asking = replace(target, **asks)
    begin = releasing.Releaser(asking, "flights", platform.begun.append, told.append)
    assert begin("flights:2") is None
    assert platform.begun == []
    assert command in told[0]
