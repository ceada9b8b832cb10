"""What happens to a task becomes an event once; looks are as frequent as their rate allows."""

import json
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ml import task as tasks
from ml.errors import PlatformError
from ml.monitoring import due
from ml.monitoring.sending import NothingServedError
from ml.pipelines import retrain_control
from ml.place import Place
from ml.retraining import events, machine, watching
from ml.retraining.policy import Trigger, load
from ml.retraining.state import Case, Phase, State, Verb
from ml.target import Target
from ml.workspace import DataVersion, RegisteredModel, Run

NOW = datetime(2014, 2, 3, 7, tzinfo=UTC)
TARGET = Target(
    Place("s", "g", "w"),
    "cpu",
    "gate",
    "https://v/keys/k",
    {"flights": "fl"},
    "none",
    stack="dev",
)
SUMMARY = {
    "alarm": "page", "event": "look-ab", "endpoint": "fl",
    "first_day": "2014-01-01", "last_day": "2014-01-31",
}  # fmt: skip


class Platform:
    """A workspace in which a look may have ended."""

    place = None

    def __init__(self):
        self.run = None
        self.sent = []
        self.version = "b"
        self.champion = RegisteredModel(
            "flights-late", "1", {"data_asset": "azureml:flights-raw:a", "verdict": "pass"}
        )

    def job_if_there(self, name):
        return self.run and self.run(name)

    def submit(self, job, experiment):
        self.sent.append((job.name, experiment))

    def data_versions(self, name):
        return [DataVersion(name, self.version, new=False)]

    def models(self, _name, limit):
        return [self.champion]


@pytest.fixture
def platform(monkeypatch):
    made = Platform()
    monkeypatch.setattr(watching, "Workspace", lambda _place: made)
    monkeypatch.setattr(
        watching.job_results, "texts", lambda *_: {watching.SUMMARY: json.dumps(SUMMARY)}
    )
    monkeypatch.setattr(watching.job_results, "why", lambda _w, job: job.experiment)
    monkeypatch.setattr(
        watching.sending, "job", lambda *given: SimpleNamespace(name=None, given=given)
    )
    return made


def watcher(state=None, said=None):
    controller = SimpleNamespace(read=lambda: state or State(), policy=load("flights"))
    return watching.Watcher(TARGET, controller, "flights", [].append if said is None else said)


def test_a_look_that_is_due_is_sent_under_a_name_of_its_day(platform):
    seen = watcher().seen(NOW)
    assert platform.sent == [("look-fl-20140201", "flights-monitor")]
    assert {each.trigger for each in seen.events} == {Trigger.NEW_DATA}
    assert seen.problems == ()


def test_a_month_waits_for_its_look_as_training_by_the_calendar_would_cool_alarms_down(platform):
    """An alarm and a month that come together: the alarm is first, and the month gives way."""
    platform.run = lambda name: Run(name, "monitor", "Running")
    assert Trigger.SCHEDULE not in {each.trigger for each in watcher().seen(NOW).events}
    platform.run = lambda name: Run(name, "monitor", "Completed")
    seen = watcher().seen(NOW).events
    assert [each.trigger for each in seen] == [
        Trigger.PERFORMANCE, Trigger.NEW_DATA, Trigger.SCHEDULE
    ]  # fmt: skip
    state, action, _ = machine.happened(State(), seen[0], load("flights"), NOW)
    assert isinstance(action, machine.Shadow)
    assert machine.happened(state, seen[2], load("flights"), NOW)[2].verb is Verb.DECLINE


def test_on_the_first_of_a_month_its_look_is_not_due_and_so_it_is_no_event(platform):
    platform.run = lambda name: Run(name, "monitor", "Completed")
    seen = watcher().seen(datetime(2014, 3, 1, 7, tzinfo=UTC)).events
    assert [each.id for each in seen if each.trigger is Trigger.SCHEDULE] == ["schedule-2014-02"]


def test_what_a_look_found_is_an_event(platform):
    platform.run = lambda name: Run(name, "monitor", "Completed")
    seen = watcher().seen(NOW)
    assert platform.sent == []
    look = seen.events[0]
    assert (look.id, look.window) == ("look-fl-20140201", "newest")
    assert look.trigger is Trigger.PERFORMANCE
    assert look.reason == "page in 2014-01-01 to 2014-01-31 of fl"


def test_what_is_known_is_no_event_again(platform):
    platform.run = lambda name: Run(name, "monitor", "Completed")
    known = watcher().seen(NOW).events
    cases = tuple(Case(event=each, at=NOW, phase=Phase.DECLINED) for each in known)
    assert len(known) == 3
    platform.run = pytest.fail  # what a look found is read once, not every hour
    assert watcher(State(cases=cases)).seen(NOW).events == ()


def test_a_look_that_failed_is_told_once_and_hides_nothing_else(platform):
    platform.run = lambda name: Run(name, "monitor", "Failed", experiment="monitor: no labels")
    seen = watcher().seen(NOW)
    assert len(seen.events) == 3
    assert seen.problems == ("the look look-fl-20140201 failed: monitor: no labels",)
    state, action, decision = machine.happened(State(), seen.events[0], load("flights"), NOW)
    assert (action, decision.verb, decision.reason) == (None, Verb.DECLINE, seen.problems[0])
    assert watcher(state).seen(NOW).problems == ()


def test_where_nothing_serves_there_is_nothing_to_look_at(platform, monkeypatch):
    def nothing(*_):
        raise NothingServedError("nothing serves at fl")

    monkeypatch.setattr(watching.sending, "job", nothing)
    told = []
    seen = watcher(said=told.append).seen(NOW)
    assert (platform.sent, seen.problems) == ([], ())
    assert told == ["no look: nothing serves at fl"]


def test_what_cannot_be_asked_is_a_problem_and_not_silence(platform, monkeypatch):
    def refused(*_):
        raise PlatformError("403")

    monkeypatch.setattr(watching.sending, "job", refused)
    seen = watcher().seen(NOW)
    assert seen.problems == ("403",)
    assert [each.trigger for each in seen.events] == [Trigger.NEW_DATA]


@pytest.mark.parametrize(("asset", "new"), [("azureml:flights-raw:b", False), (None, True)])
def test_data_are_new_that_the_champion_has_not_learned_from(asset, new):
    champion = RegisteredModel("m", "1", {"data_asset": asset} if asset else {})
    found = events.of_data(DataVersion("flights-raw", "b", new=False), champion)
    assert (found is not None) is new
    assert events.of_data(DataVersion("flights-raw", "b", new=False), None) is None


def test_a_month_is_one_event_however_often_it_is_asked():
    names = {events.of_month(NOW.date() + timedelta(days=days)).id for days in range(25)}
    assert names == {"schedule-2014-02"}


def policy(checks, days=31):
    return SimpleNamespace(checks_per_month=checks, window_days=days)


@pytest.mark.parametrize(
    ("checks", "today", "day"),
    [
        (1, date(2014, 2, 1), date(2014, 1, 1)),
        (1, date(2014, 2, 2), date(2014, 2, 1)),
        (4, date(2014, 2, 17), date(2014, 2, 15)),
        (31, date(2014, 2, 17), date(2014, 2, 16)),
        (0.25, date(2014, 4, 20), date(2014, 1, 1)),
    ],
)
def test_a_look_is_due_as_often_as_its_rate_was_stated_for(checks, today, day):
    due_on, (first, last) = due.window(policy(checks), today)
    assert due_on == day
    assert (last, (last - first).days) == (day - timedelta(days=1), 30)


@given(st.sampled_from([0.5, 1, 2, 4, 10, 31]), st.dates(date(2013, 1, 1), date(2030, 1, 1)))
def test_no_year_has_more_looks_than_its_months_may(checks, first):
    days = (first + timedelta(days=count) for count in range(365))
    found = {due.window(policy(checks), day)[0] for day in days}
    assert len(found) <= max(checks * 12, 1) + max(checks, 1)
    assert all(day < first + timedelta(days=365) for day in found)


def test_the_control_job_runs_where_verdicts_are_signed():
    job = retrain_control.build(tasks.load("flights"), TARGET)
    assert job._validate().passed
    document = yaml.safe_load(str(job))
    assert document["settings"]["default_compute"] == "azureml:gate"
    given = document["jobs"]["control"]["inputs"]
    assert (given["compute"], given["endpoint"], given["approval"]) == ("cpu", "fl", "none")
    assert "autoscale" not in given
