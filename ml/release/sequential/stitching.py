"""The polynomial stitched bound: a bound in closed form for sums with a sub-gamma tail."""

from dataclasses import dataclass
from math import log, sqrt

from scipy import special


@dataclass(frozen=True)
class PolyStitching:
    """A bound that grows as the law of the iterated logarithm (Howard et al. 2021, theorem 1)."""

    v_min: float
    c: float = 0.0
    s: float = 1.4
    eta: float = 2.0

    def __post_init__(self) -> None:
        if self.v_min <= 0 or self.s <= 1 or self.eta <= 1:
            raise ValueError(f"{self}: v_min must be above 0, s and eta above 1")

    def bound(self, v: float, alpha: float = 0.05) -> float:
        """Return the sum that is ever exceeded with a chance of at most alpha."""
        time = max(v, self.v_min)
        epochs = self.s * log(log(self.eta * time / self.v_min))
        level = epochs + log(float(special.zeta(self.s)) / log(self.eta) ** self.s) - log(alpha)
        near = (self.eta**0.25 + self.eta**-0.25) / sqrt(2)
        far = (sqrt(self.eta) + 1) / 2 * self.c * level
        return sqrt(near**2 * time * level + far**2) + far
