"""Watching a task: looks when they are due, data that are new, a month that has begun."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from ml import job_results
from ml import task as tasks
from ml.drift import policy as monitors
from ml.errors import PlatformError
from ml.monitoring import due, sending
from ml.monitoring.writing import SUMMARY
from ml.retraining import events
from ml.retraining.controller import Controller
from ml.retraining.policy import Trigger
from ml.retraining.state import Event, State
from ml.target import Target
from ml.verdict import reigning
from ml.workspace import Workspace

FINDINGS = "findings"


@dataclass(frozen=True)
class Seen:
    """Events that retraining does not know yet, and what could not be asked."""

    events: tuple[Event, ...]
    problems: tuple[str, ...]


def look_of(endpoint: str, day: date) -> str:
    """Return the name of the job of a look that was due on a day."""
    return f"look-{endpoint}-{day:%Y%m%d}"


@dataclass(frozen=True)
class Watcher:
    """Sees what has happened to a task; looks are sent under names, so that each is sent once."""

    target: Target
    controller: Controller
    task: str
    say: Callable[[str], None]

    @property
    def workspace(self) -> Workspace:
        """Where it looks."""
        return Workspace(self.target.place)

    def seen(self, now: datetime) -> Seen:
        """Return what has happened; one thing that cannot be asked does not hide the others."""
        state, wanted = self.controller.read(), self.controller.policy.triggers
        asks: list[tuple[set[Trigger], Callable[[datetime], Event | None]]] = [
            ({Trigger.DRIFT, Trigger.PERFORMANCE}, self._look),
            ({Trigger.NEW_DATA}, self._data),
            ({Trigger.SCHEDULE}, events.of_month),
        ]
        found: list[Event] = []
        problems: list[str] = []
        for triggers, ask in asks:
            if not triggers & set(wanted):
                continue
            try:
                new = list(_new(ask(now), state))
            except PlatformError as error:
                problems.append(str(error))
                continue
            found += new
            problems += [event.reason for event in new if _failed(event)]
        return Seen(tuple(found), tuple(problems))

    def _look(self, now: datetime) -> Event | None:
        """Send the look that is due if it was not, and return what an ended one found."""
        day, (first, last) = due.window(monitors.load(self.task), now.date())
        name = look_of(self.target.endpoint(self.task), day)
        job = self.workspace.job_if_there(name)
        if job is None:
            try:
                chosen = sending.Chosen(days=(first, last))
                made = sending.job(self.target, self.workspace, self.task, chosen, self.say)
            except sending.NothingServedError as error:
                self.say(f"no look: {error}")
                return None
            made.name = name
            self.workspace.submit(made, f"{self.task}-monitor")
            self.say(f"job {name} looks at {first} to {last}")
            return None
        if not job.ended:
            return None
        if why := job_results.why(self.workspace, job):
            # An event, so that it is told once and not every hour until the next look is due.
            return events.of_failure(name, why)
        texts = job_results.texts(self.workspace, name, FINDINGS, SUMMARY)
        return events.of_look(json.loads(texts[SUMMARY]))

    def _data(self, _now: datetime) -> Event | None:
        settings = tasks.load(self.task).settings
        versions = self.workspace.data_versions(settings.data.asset)
        if not versions:
            return None
        champion = reigning.champion(self.workspace.models(settings.model, limit=1000))
        return events.of_data(versions[0], champion)


def _failed(event: Event) -> bool:
    return not event.alarm and bool(event.reason)


def _new(event: Event | None, state: State) -> Iterator[Event]:
    if event is not None and state.case(event.id) is None:
        yield event
