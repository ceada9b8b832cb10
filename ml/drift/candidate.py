"""A test before the verdict: what it measured, and what chance does to it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from ml.drift.findings import Finding, Level, Signal
from ml.drift.policy import Action


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An effect with its p; `chance` tells which effect chance alone exceeds at a level."""

    signal: Signal
    subject: str
    action: Action
    effect: float
    floor: float
    p: float
    chance: Callable[[float], float]
    unit: str
    said: str
    reference: float | None = None
    window: float | None = None
    interval: tuple[float, float] | None = None
    rows: int = 0
    rows_effective: float | None = None
    distances: dict[str, float] = field(default_factory=dict)
    examples: dict[str, int] = field(default_factory=dict)
    estimated_loss: float | None = None
    unknown: str = ""
    segment: str | None = None

    def verdict(self, *, significant: bool, level: float) -> Finding:
        """Return the finding: an alarm is both unlikely by chance and large enough to matter."""
        by_chance = self.chance(level)
        threshold = max(self.floor, by_chance) if math.isfinite(by_chance) else self.floor
        large = self.effect >= self.floor
        if self.unknown:
            verdict, why = Level.UNKNOWN, self.unknown
        elif significant and large:
            verdict = Level(self.action.value)
            why = (
                f"{self.said}; {threshold:.4g} is allowed, chance does as much with p {self.p:.1g}"
            )
        elif large:
            verdict, why = Level.FINE, f"{self.said}; chance alone may do as much, p {self.p:.1g}"
        else:
            verdict, why = Level.FINE, f"{self.said}; below {self.floor:.4g} it does not matter"
        return Finding(
            signal=self.signal,
            subject=self.subject,
            level=verdict,
            segment=self.segment,
            reason=why,
            unit=self.unit,
            reference=_finite(self.reference),
            window=_finite(self.window),
            effect=_finite(self.effect),
            threshold=threshold,
            interval=_whole(self.interval),
            p=None if self.unknown else _finite(self.p),
            rows=self.rows,
            rows_effective=_finite(self.rows_effective),
            estimated_loss=_finite(self.estimated_loss),
            distances=self.distances,
            examples=self.examples,
        )


def _whole(interval: tuple[float, float] | None) -> tuple[float, float] | None:
    return interval if interval and all(map(math.isfinite, interval)) else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
