"""Watching a task: looks when they are due, data that are new, a month that has begun."""

import json
from collections.abc import Callable
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
from ml.retraining.policy import LOOKS, Trigger
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
        """Return what has happened; one thing that cannot be asked does not hide the others.

        A month is an event only once its look is: training by the calendar begins a cool-down, in
        which an alarm would be declined.
        """
        state, wanted = self.controller.read(), set(self.controller.policy.triggers)
        day = now.date()
        found: list[Event | None] = []
        problems: list[str] = []
        looked = True
        try:
            if wanted & LOOKS:
                looked = False
                event, looked = self._look(day, state)
                found.append(event)
        except PlatformError as error:
            problems.append(str(error))
        try:
            if Trigger.NEW_DATA in wanted:
                found.append(self._data())
        except PlatformError as error:
            problems.append(str(error))
        if Trigger.SCHEDULE in wanted and looked:
            found.append(events.of_month(day - due.LABELS))
        new = tuple(event for event in found if event and state.case(event.id) is None)
        problems += [event.reason for event in new if not event.alarm and event.reason]
        return Seen(new, tuple(problems))

    def _look(self, today: date, state: State) -> tuple[Event | None, bool]:
        """Send the look that is due if it was not; return what it found, and whether it is over."""
        day, (first, last) = due.window(monitors.load(self.task), today)
        name = look_of(self.target.endpoint(self.task), day)
        if state.case(name) is not None:
            return None, True
        job = self.workspace.job_if_there(name)
        if job is None:
            try:
                chosen = sending.Chosen(days=(first, last))
                made = sending.job(self.target, self.workspace, self.task, chosen, self.say)
            except sending.NothingServedError as error:
                self.say(f"no look: {error}")
                return None, True
            made.name = name
            self.workspace.submit(made, f"{self.task}-monitor")
            self.say(f"job {name} looks at {first} to {last}")
            return None, False
        if not job.ended:
            return None, False
        if why := job_results.why(self.workspace, job):
            # An event, so that it is told once and not every hour until the next look is due.
            return events.of_failure(name, why), True
        texts = job_results.texts(self.workspace, name, FINDINGS, SUMMARY)
        return events.of_look(name, json.loads(texts[SUMMARY])), True

    def _data(self) -> Event | None:
        settings = tasks.load(self.task).settings
        versions = self.workspace.data_versions(settings.data.asset)
        if not versions:
            return None
        champion = reigning.champion(self.workspace.models(settings.model, limit=1000))
        return events.of_data(versions[0], champion)
