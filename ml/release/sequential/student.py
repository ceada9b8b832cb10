"""The normal mixture where the variance is unknown and the observations are few, such as days.

Putting an estimated variance into the mSPRT is right for thousands of observations only: with days
as observations and a first look after seven of them it errs in 7.5 % of runs where 5 % was said.
Averaging over all variances instead is exact for normal observations of any number: the effect in
standard deviations has a normal prior, the scale has Jeffreys' prior under both hypotheses and
cancels (the sequential t-test; Lindon et al. 2022, Wang and Ramdas 2024). As the number of
observations grows it becomes the mSPRT with rho in units of the variance.
"""

from dataclasses import dataclass
from math import inf, log, sqrt
from typing import Self

from scipy import special

from ml.release.sequential.normal import ALPHA, best_rho, best_rho_one_sided

# Below this share of the squares a spread is rounding, as of sums that are all equal.
_DUST = 1e-12


@dataclass(frozen=True)
class StudentMixture:
    """Evidence about the mean of independent normal observations from their sums.

    `phi` is the weight of the prior in observations; `n`, `s` and `q` are the observations' number,
    sum and sum of squares, after subtracting the mean that is tested.
    """

    phi: float

    @classmethod
    def sharpest_at(cls, n: float, alpha: float = ALPHA, *, one_sided: bool) -> Self:
        """Choose the prior for the number of observations at which the test should be sharpest."""
        return cls(best_rho_one_sided(n, alpha) if one_sided else best_rho(n, alpha))

    def log_evidence(self, n: int, s: float, q: float) -> float:
        """Return the logarithm of the evidence that the mean is not zero."""
        within = q - s * s / n if n else 0.0
        if n < 2 or within <= _DUST * q or q <= 0:
            return 0.0  # without a spread nothing is known of chance
        left = q - s * s / (n + self.phi)
        return 0.5 * log(self.phi / (n + self.phi)) + n / 2 * log(q / left)

    def log_evidence_above(self, n: int, s: float, q: float) -> float:
        """Return the same for a mean above zero; it holds for every mean of zero and below."""
        within = q - s * s / n if n else 0.0
        if n < 2 or within <= _DUST * q or q <= 0:
            return 0.0
        left = q - s * s / (n + self.phi)
        reached = s / sqrt(n + self.phi) / sqrt(left / n)
        above = float(special.stdtr(n, reached))
        if above <= 0:
            return -inf
        two_sided = self.log_evidence(n, s, q)
        return two_sided + log(2) + log(above)
