"""What the loop does beside serving: look at a month, train on the newest data, and remember."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from ml.archive import Archive
from ml.loop.engine import Monitored, Retrained
from ml.loop.sending import Answered
from ml.loop.serving import Serving
from ml.loop.year import Day
from ml.release.state import Decision, State


class Monitors(Protocol):
    """Looks at a month that was served."""

    def look(self, month: str, first: date, last: date) -> Monitored:
        """Return what was found."""
        ...


class Retraining(Protocol):
    """Acts on what monitors found."""

    def act(self, month: str, found: Monitored) -> Retrained:
        """Return what was decided, with the version to release if there is one."""
        ...

    def ended(self, model: str, ending: str) -> None:
        """Hear how the release of a version ended."""
        ...


@dataclass(frozen=True)
class AzurePlatform:
    """The loop's `Platform`, over a workspace."""

    serving: Serving
    monitors: Monitors
    retraining: Retraining

    def send(self, events: Day, *, live: bool) -> list[Answered]:
        """See `Platform`."""
        return self.serving.send(events, live=live)

    def deliver(self, day: Day) -> None:
        """See `Platform`."""
        self.serving.deliver(day)

    def release(self, model: str) -> State:
        """See `Platform`."""
        return self.serving.release(Archive(self.serving.workspace).model(model))

    def spoil(self) -> State:
        """See `Platform`."""
        return self.serving.spoil()

    def turn(self) -> tuple[State, Sequence[Decision]] | None:
        """See `Platform`."""
        taken = self.serving.turn()
        if taken is not None and (ending := taken[0].ending) is not None and not taken[0].active:
            challenger = taken[0].request.challenger
            self.retraining.ended(self.serving.versions[challenger], str(ending))
        return taken

    def monitor(self, month: str, first: date, last: date) -> Monitored:
        """See `Platform`."""
        return self.monitors.look(month, first, last)

    def retrain(self, month: str, found: Monitored) -> Retrained:
        """See `Platform`."""
        return self.retraining.act(month, found)
