"""What the controller needs of the world: an endpoint, evidence, and a place for its state."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from ml.release.errors import ReleaseError
from ml.release.evidence import Evidence, Observed
from ml.release.state import State
from ml.release.traffic import Traffic


class UnavailableError(Exception):
    """No answer: throttled, unreachable or lost. Nobody knows whether anything was done."""


class ChangedError(Exception):
    """What should be overwritten is no longer what was seen; nothing was done. Look again."""


class BusyError(ReleaseError):
    """Another controller holds the lease; it does the work."""


class Endpoint(Protocol):
    """One online endpoint. Every call may raise `UnavailableError`."""

    def read(self) -> Observed:
        """Return the endpoint as it is, `busy` while an operation on it has not ended."""
        ...

    def apply(self, wanted: Traffic, seen: Traffic) -> None:
        """Set the traffic, and where the split of entities is kept, the split.

        It reads the endpoint anew, does nothing if it has what is wanted, and writes all of it at
        once, with everything else of the endpoint unchanged.

        Raises:
            ChangedError: it has neither what was seen nor what is wanted.
        """
        ...

    def retire(self, deployment: str) -> None:
        """Delete a deployment and what hangs on it; fine if it is gone."""
        ...


class Source(Protocol):
    """Where figures come from: metrics, collected scores, labels."""

    def measure(self, state: State, observed: Observed) -> Evidence:
        """Return the evidence of the state's turn, from `confirmed` on and as far as it goes.

        Raises:
            UnavailableError: there is none to be had now.
        """
        ...


class Lease(Protocol):
    """The right to act, for a while."""

    def renew(self) -> None:
        """Make sure of it again before something is changed.

        Raises:
            BusyError: it ran out, and another may have it.
        """
        ...


@dataclass(frozen=True)
class Stored:
    """A state as it was read, with the tag that overwriting it needs."""

    state: State
    tag: str


class StateStore(Protocol):
    """The state of one endpoint's release, and the releases that ended before."""

    def lease(self) -> AbstractContextManager[Lease]:
        """Hold the lease for the length of a block.

        Raises:
            BusyError: another holds it.
        """
        ...

    def load(self) -> Stored | None:
        """Return the last release, ended or not; nothing before the first."""
        ...

    def save(self, state: State, tag: str | None) -> str:
        """Overwrite what has this tag (none: nothing is there yet) and return the new one.

        Raises:
            ChangedError: it has another.
        """
        ...

    def archive(self, state: State) -> None:
        """Keep an ended release for good under its name; again is fine."""
        ...

    def archived(self, release: str) -> State | None:
        """Return an ended release of this name."""
        ...
