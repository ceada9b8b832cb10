"""Carrying retraining out over a document in memory, whoever is killed in between."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from ml.errors import TaskError
from ml.gates.outcome import Outcome
from ml.release.ports import BusyError, ChangedError
from ml.retraining.controller import Controller
from ml.retraining.jobs import hours_of
from ml.retraining.machine import Answered, Finished
from ml.retraining.policy import Approval, Budget, Help, Policy, Trigger
from ml.retraining.state import Event, Phase, Verb
from ml.retraining.windows import before, periods

START = datetime(2013, 5, 2, tzinfo=UTC)
POLICY = Policy(triggers=tuple(Trigger), budget=Budget(trainings=2, hours=3))
ALARM = Event(id="look-2013-04", trigger=Trigger.PERFORMANCE, window="2013-04")


class KilledError(BaseException):
    """The controller's process ended here."""


@dataclass
class Document:
    """A blob under a lease."""

    kept: bytes | None = None
    tag: int = 0
    leased: bool = False
    dies_at: str = ""

    @contextmanager
    def lease(self):
        if self.leased:
            raise BusyError("another is at work")
        self.leased = True
        try:
            yield self
        finally:
            self.leased = False

    def renew(self):
        pass

    def load(self):
        return None if self.kept is None else (self.kept, str(self.tag))

    def save(self, content, tag):
        if tag != (None if self.kept is None else str(self.tag)):
            raise ChangedError("another wrote it")
        if self.dies_at == "before saving":
            raise KilledError
        self.kept, self.tag = content, self.tag + 1
        if self.dies_at == "after saving":
            raise KilledError
        return str(self.tag)


@dataclass
class Platform:
    """Jobs and releases by name, each of which is there once however often it is asked for."""

    ends: dict[str, Finished] = field(default_factory=dict)
    answers: dict[str, Answered] = field(default_factory=dict)
    shadows: list[str] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)
    endings: dict[str, str] = field(default_factory=dict)
    dies: bool = False

    def would_help(self, wanted):
        if wanted.job not in self.shadows:
            self.shadows.append(wanted.job)
        if self.dies:
            raise KilledError
        return self.answers.get(wanted.event)

    def train(self, wanted):
        if wanted.job not in self.jobs:
            self.jobs.append(wanted.job)
        if self.dies:
            raise KilledError
        return self.ends.get(wanted.event)

    def release(self, wanted):
        if wanted.model not in self.releases:
            self.releases.append(wanted.model)
        return self.endings.get(wanted.model)


@pytest.fixture
def document():
    return Document()


@pytest.fixture
def platform():
    return Platform()


def controller(document, platform, *, day=0.0, approval=None, policy=POLICY):
    return Controller(
        document, platform, policy, lambda: START + timedelta(days=day), approval=approval
    )


def test_an_alarm_goes_its_whole_way_turn_by_turn(document, platform):
    turn = controller(document, platform).happened(ALARM)
    assert [each.verb for each in turn.decisions] == [Verb.TRAIN]
    assert controller(document, platform).advance().decisions == ()
    platform.ends[ALARM.id] = Finished(ALARM.id, 0.5, "m:2", "let in")
    turn = controller(document, platform, day=1).advance()
    assert [each.verb for each in turn.decisions] == [Verb.RELEASE]
    platform.endings["m:2"] = "promoted"
    turn = controller(document, platform, day=30).advance()
    assert turn.state.case(ALARM.id).phase is Phase.ENDED
    assert (len(platform.jobs), platform.releases) == (1, ["m:2"])


def test_what_ends_at_once_is_taken_in_at_once(document, platform):
    platform.ends[ALARM.id] = Finished(ALARM.id, 0.5, None, "refused")
    turn = controller(document, platform).happened(ALARM)
    assert [each.verb for each in turn.decisions] == [Verb.TRAIN, Verb.KEEP_CHAMPION]
    assert platform.releases == []


ASKS = POLICY.model_copy(update={"help": Help()})


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.INCONCLUSIVE])
def test_an_alarm_trains_only_after_it_was_shown_that_it_helps(document, platform, outcome):
    turn = controller(document, platform, policy=ASKS).happened(ALARM)
    assert [each.verb for each in turn.decisions] == [Verb.SHADOW]
    assert controller(document, platform, policy=ASKS).advance().decisions == ()
    assert platform.jobs == []
    platform.answers[ALARM.id] = Answered(ALARM.id, 0.1, outcome, "why")
    turn = controller(document, platform, day=0.1, policy=ASKS).advance()
    helps = outcome is Outcome.PASS
    assert [each.verb for each in turn.decisions] == [Verb.TRAIN if helps else Verb.KEEP_CHAMPION]
    assert (len(platform.shadows), len(platform.jobs)) == (1, int(helps))


def test_what_is_answered_trained_and_released_at_once_is_taken_in_at_once(document, platform):
    platform.answers[ALARM.id] = Answered(ALARM.id, 0.1, Outcome.PASS, "why")
    platform.ends[ALARM.id] = Finished(ALARM.id, 0.5, "m:2", "let in")
    platform.endings["m:2"] = "promoted"
    turn = controller(document, platform, policy=ASKS).happened(ALARM)
    verbs = [Verb.SHADOW, Verb.TRAIN, Verb.RELEASE, Verb.END]
    assert [each.verb for each in turn.decisions] == verbs


@pytest.mark.parametrize("moment", ["before saving", "after saving", "while asking"])
def test_killed_anywhere_the_same_event_asks_once(document, platform, moment):
    document.dies_at, platform.dies = moment, moment == "while asking"
    with pytest.raises(KilledError):
        controller(document, platform, policy=ASKS).happened(ALARM)
    document.dies_at, platform.dies = "", False
    controller(document, platform, day=0.1, policy=ASKS).happened(ALARM)
    controller(document, platform, day=0.2, policy=ASKS).advance()
    assert (len(platform.shadows), platform.jobs) == (1, [])


@pytest.mark.parametrize("moment", ["before saving", "after saving", "while asking"])
def test_killed_anywhere_the_same_event_trains_once(document, platform, moment):
    document.dies_at, platform.dies = moment, moment == "while asking"
    with pytest.raises(KilledError):
        controller(document, platform).happened(ALARM)
    document.dies_at, platform.dies = "", False
    controller(document, platform, day=0.1).happened(ALARM)
    controller(document, platform, day=0.2).advance()
    assert len(platform.jobs) == 1
    assert controller(document, platform).read().case(ALARM.id).phase is Phase.TRAINING


def test_two_controllers_do_not_act_at_once(document, platform):
    document.leased = True
    with pytest.raises(BusyError):
        controller(document, platform).happened(ALARM)
    assert platform.jobs == []


def test_where_somebody_must_agree_it_waits_for_them(document, platform):
    asked = controller(document, platform, approval=Approval.REQUIRED)
    assert [each.verb for each in asked.happened(ALARM).decisions] == [Verb.ASK]
    assert platform.jobs == []
    turn = asked.approve(ALARM.id, "ada")
    assert [each.verb for each in turn.decisions] == [Verb.TRAIN]
    assert len(platform.jobs) == 1


def test_nothing_is_known_before_the_first_event(document, platform):
    assert controller(document, platform).read().cases == ()
    assert controller(document, platform).advance().decisions == ()


def test_models_learn_from_the_months_before_the_one_that_judges():
    assert periods("2013-02", 2) == {
        "train_from": "2012-12", "train_to": "2013-01",
        "holdout_from": "2013-02", "holdout_to": "2013-02",
    }  # fmt: skip
    assert before(START.date(), 1) == "2013-04"


def test_where_a_period_is_a_year_models_learn_from_years():
    assert periods("2018", 2) == {
        "train_from": "2016", "train_to": "2017",
        "holdout_from": "2018", "holdout_to": "2018",
    }  # fmt: skip


@pytest.mark.parametrize("window", ["spring", "2013-13", "2013-04x", "0", ""])
def test_a_window_that_is_no_period_is_refused(window):
    with pytest.raises(TaskError, match="is no period"):
        periods(window, 2)


def test_a_job_costs_until_its_last_step_began_and_until_now_where_that_is_not_known():
    sent, later = START.isoformat(), [(START + timedelta(hours=h)).isoformat() for h in (0.1, 0.5)]
    next_day = START + timedelta(days=1)
    assert hours_of(sent, [*later, ""], next_day) == pytest.approx(0.5)
    assert hours_of(sent, [], next_day) == pytest.approx(24)
