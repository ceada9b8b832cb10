"""How sure a comparison of two models must be, and from when on it says anything."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Levels:
    """The chances of the two errors, and the number of days at which the test is sharpest."""

    promote: float
    refuse: float
    expected_days: int
    min_days: int
