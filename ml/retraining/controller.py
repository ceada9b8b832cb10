"""Carrying retraining out: decide, write down what is wanted, and only then act."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ml.release.azure.blob_store import BlobDocument
from ml.retraining import machine
from ml.retraining.machine import Action, Answered, Finished, Release, Shadow, Step, Train
from ml.retraining.policy import Approval, Policy
from ml.retraining.state import Decision, Event, State, read


class Trainer(Protocol):
    """Whoever trains and releases; asked twice for one name, it does a thing once."""

    def would_help(self, wanted: Shadow) -> Answered | None:
        """Send the shadow training if it was not, and return its answer; None while it goes on."""
        ...

    def train(self, wanted: Train) -> Finished | None:
        """Send the training if it was not, and return how it ended; None while it goes on."""
        ...

    def release(self, wanted: Release) -> str | None:
        """Begin the release if it was not, and return how it ended; None while it goes on."""
        ...


@dataclass(frozen=True)
class Turn:
    """What a turn came to."""

    state: State
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class Controller:
    """Drives the retraining of one task; any number may run, the lease lets one act."""

    document: BlobDocument
    trainer: Trainer
    policy: Policy
    now: Callable[[], datetime]
    approval: Approval | None = None
    most_steps: int = 5

    def happened(self, event: Event) -> Turn:
        """Take an event in and do what follows; the same event again is fine.

        Raises:
            BusyError: another controller is at work.
        """
        return self._turn(
            lambda state: machine.happened(
                state, event, self.policy, self.now(), approval=self.approval
            )
        )

    def approve(self, event: str, by: str) -> Turn:
        """Go on with an event that waited for somebody to agree.

        Raises:
            TaskError: it does not wait.
            BusyError: another controller is at work.
        """
        return self._turn(lambda state: machine.approved(state, event, by, self.policy, self.now()))

    def advance(self) -> Turn:
        """See what became of what is under way, and take the next step.

        Raises:
            BusyError: another controller is at work.
        """
        return self._turn(None)

    def read(self) -> State:
        """Return the state as it is; reading needs no lease."""
        found = self.document.load()
        return read(found[0]) if found else State()

    def _turn(self, first: Callable[[State], Step] | None) -> Turn:
        decisions: list[Decision] = []
        with self.document.lease() as lease:
            found = self.document.load()
            state, tag = (read(found[0]), found[1]) if found else (State(), None)
            step = first(state) if first else None
            for _ in range(self.most_steps):
                if step is not None:
                    decisions.append(step[2])
                    if step[0] != state:
                        lease.renew()
                        state, tag = step[0], self.document.save(step[0].content, tag)
                step = self._ended(state, machine.wanted(state))
                if step is None:
                    break
        return Turn(state, tuple(decisions))

    def _ended(self, state: State, action: Action | None) -> Step | None:
        """Ask for what is wanted; return the step that its end is, or nothing yet."""
        if isinstance(action, Shadow):
            said = self.trainer.would_help(action)
            return machine.answered(state, said, self.policy, self.now()) if said else None
        if isinstance(action, Train):
            end = self.trainer.train(action)
            return machine.finished(state, end, self.now()) if end else None
        if isinstance(action, Release):
            ending = self.trainer.release(action)
            return machine.released(state, action.event, ending, self.now()) if ending else None
        return None
