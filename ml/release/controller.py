"""Carrying a release out: look, decide, write down what is wanted, and only then act.

The order makes it safe to be killed at any point: what was not written down was not begun, and what
was written down is seen to be missing, or there, at the next look. Whether a lost reply meant done
or not done is never guessed: the endpoint is read again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from ml.release import machine, traffic
from ml.release.errors import ReleaseError
from ml.release.evidence import Evidence, Observed
from ml.release.moves import Action, Apply, Step
from ml.release.policy import Policy
from ml.release.ports import (
    ChangedError,
    Endpoint,
    Lease,
    Source,
    StateStore,
    Stored,
    UnavailableError,
)
from ml.release.state import Decision, Phase, Request, State

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """What one turn of the controller came to."""

    state: State
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class Controller:
    """Drives the releases of one endpoint; any number may run, the lease lets one act."""

    endpoint: Endpoint
    source: Source
    store: StateStore
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    attempts: int = 5
    pause: float = 2.0
    most_steps: int = 12

    def begin(self, request: Request, policy: Policy) -> Progress:
        """Begin a release once; its name says which, so that asking again is fine.

        Raises:
            ReleaseError: another release is under way, or the endpoint does not allow it.
            BusyError: another controller is at work.
        """
        with self.store.lease() as lease:
            if found := self.store.archived(request.release):
                last = found
                state, decision = machine.begin(request, policy, self._read(), self.now(), last)
                return Progress(state, (decision,))
            stored = self.store.load()
            last = stored.state if stored else None
            state, decision = machine.begin(request, policy, self._read(), self.now(), last)
            if state is not last:
                if last is not None:
                    self.store.archive(last)
                lease.renew()
                self.store.save(state, stored.tag if stored else None)
            return Progress(state, (decision,))

    def advance(self) -> Progress:
        """Take all steps that can be taken now.

        Raises:
            ReleaseError: no release was begun, or Azure would not allow what is wanted.
            BusyError: another controller is at work.
            UnavailableError: the endpoint did not answer, again and again; what is wanted is kept.
        """
        with self.store.lease() as lease:
            return self._steps(lease, self._stored(), ())

    def roll_back(self, reason: str) -> Progress:
        """Give the champion everything now, and see it done.

        Raises:
            ReleaseError: no release was begun, or its champion is gone.
            BusyError: another controller is at work.
            UnavailableError: the endpoint did not answer; the next `advance` goes on with it.
        """
        with self.store.lease() as lease:
            stored, observed = self._stored(), self._read()
            step = machine.roll_back(stored.state, observed, reason, self.now())
            stored = self._write(lease, stored, step[0])
            self._act(lease, step, observed, 0)
            return self._steps(lease, stored, (step[2],))

    def _steps(self, lease: Lease, stored: Stored, decided: tuple[Decision, ...]) -> Progress:
        decisions, failures = list(decided), 0
        for _ in range(self.most_steps):
            before, observed = stored.state, self._read()
            evidence = self._measure(before, observed)
            step = machine.step(before, evidence, before.policy, self.now())
            decisions.append(step[2])
            stored = self._write(lease, stored, step[0])
            done = self._act(lease, step, observed, failures)
            failures = 0 if done else failures + 1
            if done and not step[1] and (step[0] == before or step[0].phase is Phase.ENDED):
                break
        if stored.state.phase is Phase.ENDED:
            self.store.archive(stored.state)
        return Progress(stored.state, tuple(decisions))

    def _stored(self) -> Stored:
        stored = self.store.load()
        if stored is None:
            raise ReleaseError("no release was begun on this endpoint; begin one")
        return stored

    def _write(self, lease: Lease, stored: Stored, state: State) -> Stored:
        """Write down what is wanted, before anything is done about it."""
        if state == stored.state:
            return stored
        lease.renew()
        return Stored(state, self.store.save(state, stored.tag))

    def _act(self, lease: Lease, step: Step, observed: Observed, failures: int) -> bool:
        """Carry the actions out; return whether all of them were answered."""
        for action in step[1]:
            lease.renew()
            try:
                self._perform(action, observed)
            except ChangedError:
                return False
            except UnavailableError:
                if failures + 1 >= self.attempts:
                    raise
                self.sleep(self.pause * 2**failures)
                return False
        return True

    def _perform(self, action: Action, observed: Observed) -> None:
        if isinstance(action, Apply):
            traffic.check(action.wanted, observed.kind, observed.deployments)
            self.endpoint.apply(action.wanted, action.seen)
        else:
            self.endpoint.retire(action.deployment)

    def _read(self) -> Observed:
        return self._patiently(self.endpoint.read)

    def _measure(self, state: State, observed: Observed) -> Evidence:
        """Return the evidence; without any the machine knows how long it may go on blindly."""
        try:
            return self._patiently(lambda: self.source.measure(state, observed))
        except UnavailableError:
            return Evidence(release=state.request.release, turn=state.turn, observed=observed)

    def _patiently(self, ask: Callable[[], T]) -> T:
        for attempt in range(self.attempts - 1):
            try:
                return ask()
            except UnavailableError:
                self.sleep(self.pause * 2**attempt)
        return ask()
