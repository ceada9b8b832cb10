"""The replay's calendar: what happens on which morning, over a platform in memory."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ml.errors import TaskError
from ml.loop.clock import ReplayClock
from ml.loop.engine import Calendar, Engine, Monitored, Retrained, traffic_of
from ml.loop.record import Decision, Month
from ml.loop.sending import Answered
from ml.loop.year import Day
from ml.release import machine
from ml.release.evidence import Readiness
from ml.release.moves import Apply
from ml.release.state import Ending, Phase, Request
from tests.ml.release.building import BLUE, evidence, gains, observed, rules, split

ZONE = ZoneInfo("America/New_York")
REAL = datetime(2026, 1, 5, 10, tzinfo=UTC)


class Clock:
    """Azure's clock in memory: sleeping makes it later."""

    def __init__(self):
        self.time = REAL + timedelta(milliseconds=300)

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def azure():
    return Clock()


@pytest.fixture
def clock(azure):
    return ReplayClock(azure.now, azure.sleep)


def days(first: date, last: date) -> list[Day]:
    count = (last - first).days + 1
    return [
        Day(
            day=first + timedelta(days=n),
            ids=tuple(f"{n}-{row}" for row in range(8)),
            times=("2013-04-01T12:00:00+00:00",) * 8,
            columns={"hour": [float(row) for row in range(8)]},
            labels=(0, 1, None, 0, 1, 0, 0, 1),
        )
        for n in range(count)
    ]


@dataclass
class World:
    """A platform that remembers what was asked of it; its releases use the real state machine."""

    clock: ReplayClock
    trained: dict[str, str] = field(default_factory=dict)
    gain: float = 0.05
    asked: list[str] = field(default_factory=list)
    sizes: dict[date, list[int]] = field(default_factory=dict)
    state: object = None
    live: Counter = field(default_factory=Counter)

    def send(self, events, *, live):
        self.sizes.setdefault(events.day, []).append(len(events))
        self.live[live] += 1
        return [Answered(BLUE, 200, 5.0), Answered(BLUE, 503, 9.0)]

    def deliver(self, day):
        self.asked.append(f"{self.clock.now().astimezone(ZONE):%m-%d %H} labels of {day.day:%m-%d}")

    def release(self, model):
        self.asked.append(f"{self.clock.now():%m-%d} release {model}")
        return self._begin(model)

    def spoil(self):
        self.asked.append(f"{self.clock.now():%m-%d} spoil")
        return self._begin("hasty")

    def _begin(self, name):
        request = Request(release=name, endpoint="flights", champion=BLUE, challenger="green")
        self.state, _ = machine.begin(request, rules(), observed(), self.clock.now(), None)
        return self.state

    def turn(self):
        steps = []
        for _ in range(9):
            now = self.clock.now()
            first = (self.state.confirmed or now).date() + timedelta(days=1)
            tenth = self.state.stage == 1
            gone = None if self.state.phase is Phase.RETIRING else Readiness.READY
            bad = {"requests": 400, "errors": 300}
            seen = evidence(
                self.state,
                now,
                observed=observed(self.state.wanted, blue=gone),
                pairs=gains(40, self.gain, first=first)[: (now.date() - first).days],
                assigned=split(900, 100) if tenth else split(500, 500),
                **({"challenger": bad} if self.state.request.release == "hasty" else {}),
            )
            before, (self.state, actions, step) = (
                self.state,
                machine.step(self.state, seen, self.state.policy, now),
            )
            steps.append(step)
            if self.state == before and not any(isinstance(each, Apply) for each in actions):
                break
        return self.state, steps

    def monitor(self, month, first, last):
        self.asked.append(
            f"{self.clock.now().astimezone(ZONE):%m-%d} monitor {month} {first:%m-%d}"
        )
        said = Decision(
            at=self.clock.now(), kind="monitor", subject=month, verdict="none", reason="quiet"
        )
        return Monitored(Month(month=month, rows=8, labelled=7, champion=None), (), (), said)

    def retrain(self, month, found):
        return Retrained((), self.trained.get(month))


def _run(clock, first, last, *, spoiled=None, **given):
    world = World(clock, **given)
    engine = Engine(world, clock, Calendar(first, last, ZONE, spoiled=spoiled))
    engine.run(days(first, last))
    return world, engine


def test_a_months_end_comes_when_its_last_label_is_in(clock):
    world, engine = _run(clock, date(2013, 4, 20), date(2013, 5, 31))
    assert [said for said in world.asked if "monitor" in said] == [
        "05-02 monitor 2013-04 04-20",
        "06-02 monitor 2013-05 05-01",
    ]
    assert [each.month for each in engine.months] == ["2013-04", "2013-05"]


def test_labels_come_a_day_late_and_none_is_forgotten(clock):
    world, _ = _run(clock, date(2013, 4, 20), date(2013, 4, 22))
    delivered = [said for said in world.asked if "labels" in said]
    assert [said.split()[-1] for said in delivered] == ["04-20", "04-21", "04-22"]


def test_a_release_begins_the_morning_after_and_ends_promoted(clock):
    world, engine = _run(
        clock, date(2013, 4, 20), date(2013, 6, 20), trained={"2013-04": "flights:2"}
    )
    assert "05-02 release flights:2" in world.asked
    (span,) = engine.spans
    assert (span.ending, [stage.share for stage in span.stages]) == ("promoted", [0, 10, 50, 100])
    verdicts = [each.verdict for each in engine.decisions if each.kind == "release"]
    assert verdicts[0] == "begin"
    assert verdicts.count("promote") == 1
    assert len(verdicts) == len({(d.at, d.reason) for d in engine.decisions if d.kind == "release"})


def test_while_answers_are_at_stake_a_day_is_sent_in_parts_and_loses_nothing(clock):
    world, _ = _run(clock, date(2013, 4, 20), date(2013, 6, 20), trained={"2013-04": "flights:2"})
    assert {sum(parts) for parts in world.sizes.values()} == {8}
    assert {len(parts) for parts in world.sizes.values()} == {1, 4}
    assert world.live[True] == 4  # half a day of each canary


def test_a_bad_deployment_goes_back_and_the_record_says_that_the_loop_held(clock):
    world, engine = _run(clock, date(2013, 4, 20), date(2013, 4, 29), spoiled=date(2013, 4, 23))
    assert world.state.ending is Ending.ROLLED_BACK
    (fault,) = engine.faults
    assert fault.held
    assert [each.kind for each in engine.decisions].count("fault") == 1
    assert "rollback" in [each.kind for each in engine.decisions]


def test_a_bad_deployment_waits_for_a_release_under_way(clock):
    world, engine = _run(
        clock, date(2013, 4, 20), date(2013, 6, 30),
        trained={"2013-04": "flights:2"}, spoiled=date(2013, 5, 10), gain=0.05,
    )  # fmt: skip
    assert len(engine.spans) == 2
    assert not world.state.active or world.state.phase is not Phase.ENDED


def test_two_releases_never_run_at_once(clock):
    world, engine = _run(
        clock, date(2013, 4, 20), date(2013, 6, 20), gain=0.0,
        trained={"2013-04": "flights:2", "2013-05": "flights:3"},
    )  # fmt: skip
    spans = engine.spans
    assert [span.release for span in spans] == ["flights:2", "flights:3"]
    assert spans[0].ended is not None
    assert spans[0].ended <= spans[1].began
    assert spans[0].ending == "kept"
    assert world.state.request.release == "flights:3"


def test_traffic_is_counted_by_who_answered():
    answered = [Answered("a", 200, 1.0), Answered("a", 429, 3.0), Answered("b", 422, 2.0)]
    first, second = traffic_of(date(2013, 4, 1), answered)
    assert (first.deployment, first.requests, first.errors) == ("a", 2, 1)
    assert (second.deployment, second.errors) == ("b", 0)


class TestClock:
    def test_moments_are_reached_at_full_seconds_and_found_again(self, clock, azure):
        first, second = (datetime(2013, 4, day, tzinfo=UTC) for day in (1, 2))
        clock.reach(first)
        assert azure.time == REAL + timedelta(seconds=1)
        azure.sleep(7.5)
        clock.reach(second)
        assert clock.azure(first) == REAL + timedelta(seconds=1)
        assert clock.azure(second) == REAL + timedelta(seconds=9)
        assert clock.azure(first + timedelta(hours=5)) == REAL + timedelta(seconds=1)

    def test_a_moment_reached_twice_is_the_later(self, clock, azure):
        moment = datetime(2013, 4, 1, tzinfo=UTC)
        clock.reach(moment)
        azure.sleep(3)
        clock.reach(moment)
        assert clock.azure(moment) == azure.time

    def test_what_was_not_reached_yet_is_now(self, clock, azure):
        clock.reach(datetime(2013, 4, 1, tzinfo=UTC))
        azure.sleep(30)
        assert clock.azure(datetime(2013, 5, 1, tzinfo=UTC)) == azure.time

    def test_time_does_not_go_back(self, clock):
        clock.reach(datetime(2013, 4, 2, tzinfo=UTC))
        with pytest.raises(TaskError, match="past"):
            clock.reach(datetime(2013, 4, 1, tzinfo=UTC))

    def test_another_process_can_have_the_same_clock(self, clock, azure):
        for day in (1, 2):
            clock.reach(datetime(2013, 4, day, tzinfo=UTC))
            azure.sleep(5)
        other = ReplayClock.of(clock.marks)
        assert other.now() == clock.now()
        assert other.azure(datetime(2013, 4, 1, tzinfo=UTC)) == REAL + timedelta(seconds=1)

    def test_before_its_first_moment_it_has_none(self, clock):
        with pytest.raises(TaskError, match="has not begun"):
            clock.now()
