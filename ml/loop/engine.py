"""The replay of a year, day by day: traffic, labels, turns of the controller, and each month's end.

Everything that is looked at or done goes through `Platform`, as on any other day of the platform;
the engine has the calendar and keeps the record.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np

from ml.loop.clock import ReplayClock
from ml.loop.record import Alert, Decision, DriftCell, Fault, Month, ReleaseSpan, TrafficDay
from ml.loop.sending import Answered
from ml.loop.spans import span_of
from ml.loop.year import Day, midnight
from ml.release.state import Decision as Step
from ml.release.state import Phase, State

FOUR_A_DAY = 4


@dataclass(frozen=True)
class Monitored:
    """What the monitors said of a month, and how well it was served."""

    month: Month
    alerts: tuple[Alert, ...]
    drift: tuple[DriftCell, ...]
    decision: Decision


@dataclass(frozen=True)
class Retrained:
    """What came of a month's alarms; `model` is the version to release, if there is one."""

    decisions: tuple[Decision, ...]
    model: str | None = None


class Platform(Protocol):
    """What the loop does on the platform."""

    def send(self, events: Day, *, live: bool) -> list[Answered]:
        """Send events to the endpoint; `live` says that a challenger answers some of them."""
        ...

    def deliver(self, day: Day) -> None:
        """Bring the labels of a day's events."""
        ...

    def release(self, model: str) -> State:
        """Begin the release of a registered version."""
        ...

    def spoil(self) -> State:
        """Begin the release of a deployment that cannot keep up: something went wrong with it."""
        ...

    def turn(self) -> tuple[State, Sequence[Step]] | None:
        """Let the controller take its steps; None where no release is under way."""
        ...

    def monitor(self, month: str, first: date, last: date) -> Monitored:
        """Hold a month against the champion's reference."""
        ...

    def retrain(self, month: str, found: Monitored) -> Retrained:
        """Act on what the monitors said, or not."""
        ...


@dataclass(frozen=True)
class Calendar:
    """When things happen.

    Args:
        first, last: the first and the last day that is replayed.
        zone: where a day is a day.
        label_days: how many days after its day a label arrives.
        spoiled: the day on which a bad deployment is released, if one is.
    """

    first: date
    last: date
    zone: ZoneInfo
    label_days: int = 1
    spoiled: date | None = None

    def month_ends(self, day: date) -> tuple[str, date, date] | None:
        """Return the month, its first and its last day, whose labels are all in on this morning."""
        last = day - timedelta(days=self.label_days + 1)
        if last < self.first or (last + timedelta(days=1)).day != 1:
            return None
        begin = last.replace(day=1)
        return f"{begin:%Y-%m}", max(begin, self.first), last


@dataclass
class Engine:
    """Replays the days and keeps what the report shows."""

    platform: Platform
    clock: ReplayClock
    calendar: Calendar
    say: Callable[[Decision], None] = lambda _: None
    watch: Callable[[date, Sequence[TrafficDay]], None] = lambda _day, _traffic: None
    decisions: list[Decision] = field(default_factory=list)
    months: list[Month] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    drift: list[DriftCell] = field(default_factory=list)
    traffic: list[TrafficDay] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    releases: dict[str, State] = field(default_factory=dict)
    _active: State | None = None
    _waiting: list[Day] = field(default_factory=list)
    _model: str | None = None
    _spoiled: str | None = None

    def run(self, days: Sequence[Day]) -> None:
        """Replay the days in their order, and see the last of them to their end."""
        for day in days:
            self._morning(day.day)
            self._day(day)
            self._waiting.append(day)
        for later in range(1, self.calendar.label_days + 2):
            self._morning(self.calendar.last + timedelta(days=later))

    @property
    def spans(self) -> tuple[ReleaseSpan, ...]:
        """The releases with their stages, as the record keeps them."""
        return tuple(span_of(state) for state in self.releases.values())

    def _morning(self, day: date) -> None:
        """Labels that are due come in; then the controller and, after a month, the monitors act."""
        due = day - timedelta(days=self.calendar.label_days)
        while self._waiting and self._waiting[0].day < due:
            self.platform.deliver(self._waiting.pop(0))
        self.clock.reach(midnight(day, self.calendar.zone))
        self._turn()
        if ended := self.calendar.month_ends(day):
            self._month(*ended)
        if day == self.calendar.spoiled or (self._spoiled == "due" and self._active is None):
            self._spoil(day)
        elif self._model is not None and self._active is None:
            self._begin(self.platform.release(self._model))
            self._model = None

    def _day(self, day: Day) -> None:
        """Send a day's events; while answers are at stake, look four times."""
        parts = FOUR_A_DAY if self._active is not None and self._active.phase is Phase.STAGE else 1
        answered: list[Answered] = []
        for part in range(parts):
            if part:
                begin = midnight(day.day, self.calendar.zone)
                self.clock.reach(begin + timedelta(hours=24 * part / parts))
                self._turn()
            cut = [len(day) * at // parts for at in (part, part + 1)]
            live = self._active is not None and len(self._active.wanted.live) > 1
            answered += self.platform.send(day.part(*cut), live=live)
        found = traffic_of(day.day, answered)
        self.traffic += found
        self.watch(day.day, found)

    def _turn(self) -> None:
        """Let the controller act; what it changed is there from the next full second on."""
        taken = self.platform.turn() if self._active is not None else None
        if taken is None:
            return
        state, steps = taken
        self._keep(state, steps)
        self.clock.reach(self.clock.now())

    def _begin(self, state: State) -> None:
        self._keep(state, state.history)
        self.clock.reach(self.clock.now())

    def _keep(self, state: State, steps: Sequence[Step]) -> None:
        self.releases[state.request.release] = state
        known = {(each.at, each.reason) for each in self.decisions}
        for step in steps:
            if step in state.history and (step.at, step.reason) not in known:
                self.add(_of_step(state, step))
        if self._spoiled == state.request.release and not state.active:
            held = state.ending is not None and state.ending.value in {"rolled_back", "kept"}
            self.faults.append(
                Fault(
                    at=self.clock.now(),
                    name="bad deployment",
                    subject=state.request.challenger,
                    did=f"release {state.request.release} ended {state.ending}",
                    held=held,
                )
            )
            self._spoiled = None
        self._active = state if state.active else None

    def _month(self, month: str, first: date, last: date) -> None:
        found = self.platform.monitor(month, first, last)
        self.months.append(found.month)
        self.alerts += found.alerts
        self.drift += found.drift
        self.add(found.decision)
        came = self.platform.retrain(month, found)
        for decision in came.decisions:
            self.add(decision)
        self._model = came.model or self._model

    def _spoil(self, day: date) -> None:
        if self._active is not None:
            self._spoiled = "due"
            return
        state = self.platform.spoil()
        self._spoiled = state.request.release
        self.add(
            Decision(
                at=self.clock.now(),
                kind="fault",
                subject=state.request.challenger,
                verdict="injected",
                reason=f"a deployment that cannot keep up is released on {day}",
            )
        )
        self._begin(state)

    def add(self, decision: Decision) -> None:
        """Keep a decision, and say it."""
        self.decisions.append(decision)
        self.say(decision)


def traffic_of(day: date, answered: Sequence[Answered]) -> list[TrafficDay]:
    """Count a day's requests and errors by deployment."""
    names = Counter(each.deployment for each in answered)
    found = []
    for name, requests in sorted(names.items()):
        mine = [each for each in answered if each.deployment == name]
        took = float(np.quantile([each.ms for each in mine], 0.95))
        errors = sum(each.failed for each in mine)
        found.append(
            TrafficDay(day=day, deployment=name, requests=requests, errors=errors, p95_ms=took)
        )
    return found


def _of_step(state: State, step: Step) -> Decision:
    back = state.ending is not None and step.verb.value in {"roll_back", "keep_champion"}
    return Decision(
        at=step.at,
        kind="rollback" if back else "release",
        subject=f"{state.request.release}, {step.during}",
        verdict=step.verb.value,
        reason=step.reason,
        numbers=dict(step.numbers),
    )
