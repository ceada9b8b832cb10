"""A confidence sequence for the mean of bounded losses, with no assumption but their range.

The empirical-Bernstein predictable mixture of Waudby-Smith and Ramdas (2024): each observation is
weighted by a bet that only earlier ones decide, so that looking at every step costs nothing.
"""

from dataclasses import dataclass, replace
from math import log, log1p, sqrt

MOST = 0.5  # the largest bet; closer to 1 one bad observation could cost everything


@dataclass(frozen=True)
class Bernstein:
    """A confidence sequence after some observations from [low, high]; `add` returns the next."""

    low: float = 0.0
    high: float = 1.0
    alpha: float = 0.05
    most: float = MOST
    count: int = 0
    total: float = 0.0
    squares: float = 0.25  # the prior variance of one observation in [0, 1]
    bets: float = 0.0
    weighted: float = 0.0
    spent: float = 0.0

    def __post_init__(self) -> None:
        if not self.low < self.high or not 0 < self.alpha < 1 or not 0 < self.most < 1:
            raise ValueError(
                f"low {self.low}, high {self.high}, alpha {self.alpha}, most {self.most}: "
                "low is below high, alpha and most are between 0 and 1"
            )

    def add(self, value: float) -> "Bernstein":
        """Take one more observation."""
        if not self.low <= value <= self.high:
            raise ValueError(f"{value} is outside of [{self.low}, {self.high}]")
        x = (value - self.low) / (self.high - self.low)
        time = self.count + 1
        before = (0.5 + self.total) / time  # half an observation at the middle to begin with
        variance = self.squares / time
        bet = min(self.most, sqrt(2 * log(2 / self.alpha) / (variance * time * log1p(time))))
        after = (0.5 + self.total + x) / (time + 1)
        return replace(
            self,
            count=time,
            total=self.total + x,
            squares=self.squares + (x - after) ** 2,
            bets=self.bets + bet,
            weighted=self.weighted + bet * x,
            spent=self.spent + (x - before) ** 2 * (-log1p(-bet) - bet),
        )

    @property
    def interval(self) -> tuple[float, float]:
        """The bounds that hold the mean at this and every other time but for a chance of alpha."""
        if not self.count:
            return self.low, self.high
        centre = self.weighted / self.bets
        half = (log(2 / self.alpha) + self.spent) / self.bets
        width = self.high - self.low
        return (
            self.low + width * max(centre - half, 0.0),
            self.low + width * min(centre + half, 1.0),
        )


def sequence(values: list[float], alpha: float = 0.05) -> list[tuple[float, float]]:
    """Return the interval after each of some observations from [0, 1]."""
    found, bounds = Bernstein(alpha=alpha), []
    for value in values:
        found = found.add(value)
        bounds.append(found.interval)
    return bounds
