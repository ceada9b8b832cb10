"""How jobs are asked to stop."""

import threading
from dataclasses import dataclass, field


class CanceledError(Exception):
    """The run was asked to stop."""


@dataclass
class Stop:
    """How a job is asked to stop; with a reason it has failed, without one it was cancelled."""

    event: threading.Event = field(default_factory=threading.Event)
    reason: str | None = None

    def ask(self, reason: str | None = None) -> None:
        self.reason = reason
        self.event.set()

    def check(self) -> None:
        if self.event.is_set():
            raise CanceledError
