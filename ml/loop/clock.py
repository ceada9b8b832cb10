"""Two clocks: the year that is replayed, and Azure's own, which stamps requests and metrics."""

import time
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ml.errors import TaskError


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class ReplayClock:
    """Knows, for each moment of the replayed time that was reached, when that was."""

    real: Callable[[], datetime] = _utc_now
    sleep: Callable[[float], None] = time.sleep
    _replayed: list[datetime] = field(default_factory=list)
    _reached: list[datetime] = field(default_factory=list)

    def reach(self, moment: datetime) -> None:
        """Come to a moment, at the next full second of Azure's clock.

        What is collected is stamped with full seconds, so that requests from before and after may
        not share one.

        Raises:
            TaskError: the moment was passed.
        """
        if self._replayed and moment < self._replayed[-1]:
            raise TaskError(f"the replay is at {self._replayed[-1]:%Y-%m-%d %H:%M}, past {moment}")
        now = self.real()
        full = now.replace(microsecond=0) + timedelta(seconds=1)
        self.sleep((full - now).total_seconds())
        self._replayed.append(moment)
        self._reached.append(full)

    @classmethod
    def of(cls, marks: Iterable[str]) -> "ReplayClock":
        """Return the clock of another process, from its marks."""
        pairs = [tuple(map(datetime.fromisoformat, mark.split(" "))) for mark in marks]
        return cls(_replayed=[pair[0] for pair in pairs], _reached=[pair[1] for pair in pairs])

    @property
    def marks(self) -> list[str]:
        """Each moment with when it was reached, as text."""
        return [
            f"{moment.isoformat()} {reached.isoformat()}"
            for moment, reached in zip(self._replayed, self._reached, strict=True)
        ]

    def now(self) -> datetime:
        """Return the replayed moment."""
        if not self._replayed:
            raise TaskError("the replay has not begun; reach its first moment")
        return self._replayed[-1]

    def azure(self, moment: datetime) -> datetime:
        """Return when a replayed moment was reached; what was never reached is now.

        A moment that was reached twice, before and after the traffic was changed, is the later.
        """
        position = bisect_right(self._replayed, moment)
        if position == 0:
            return self._reached[0] if self._reached else self.real()
        at, reached = self._replayed[position - 1], self._reached[position - 1]
        if at == moment or position < len(self._replayed):
            return reached
        return self.real()
