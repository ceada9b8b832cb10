"""Normal mixtures: the sequential probability ratio test averaged over a normal prior (mSPRT).

`s` is a sum whose mean is zero under the hypothesis, `v` its variance so far (intrinsic time). The
evidence `exp(log_evidence(s, v))` is above 1/alpha at any time with a chance of at most alpha
(Ville), so that it may be looked at as often as one likes. `rho` says where the test is sharpest
and must not depend on the data that it judges. Robbins 1970; Howard, Ramdas, McAuliffe and
Sekhon 2021.
"""

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Self

from scipy import special

from ml.release.sequential.roots import crossing

ALPHA = 0.05


def best_rho(v_opt: float, alpha: float = ALPHA) -> float:
    """Return the rho whose two-sided bound is the lowest at intrinsic time `v_opt`."""
    if v_opt <= 0 or not 0 < alpha < 1:
        raise ValueError(f"v_opt is {v_opt} and alpha {alpha}; give v_opt > 0 and 0 < alpha < 1")
    doubled = 2 * log(1 / alpha)
    return v_opt / (doubled + log(1 + doubled))


def best_rho_one_sided(v_opt: float, alpha: float = ALPHA) -> float:
    """Return the same for a one-sided bound; alpha is below one half."""
    return best_rho(v_opt, 2 * alpha)


def rho_of_effects(variance: float, effects: float) -> float:
    """Return rho for effects that vary with this variance, in units of intrinsic time."""
    return variance**2 / effects


@dataclass(frozen=True)
class TwoSided:
    """Evidence that the mean is not zero."""

    rho: float

    @classmethod
    def sharpest_at(cls, v_opt: float, alpha: float = ALPHA) -> Self:
        """Choose rho for the time at which the test should be sharpest."""
        return cls(best_rho(v_opt, alpha))

    def log_evidence(self, s: float, v: float) -> float:
        """Return the logarithm of the evidence."""
        total = v + self.rho
        return 0.5 * log(self.rho / total) + s * s / (2 * total)

    def p_value(self, s: float, v: float) -> float:
        """Return the p-value at this time; the smallest one so far is valid at any time."""
        return exp(-max(self.log_evidence(s, v), 0.0))

    def bound(self, v: float, alpha: float = ALPHA) -> float:
        """Return the sum that |s| ever exceeds with a chance of at most alpha."""
        return sqrt((v + self.rho) * log((v + self.rho) / (self.rho * alpha**2)))


@dataclass(frozen=True)
class OneSided:
    """Evidence that the mean is above zero; it holds for every mean of zero and below."""

    rho: float

    @classmethod
    def sharpest_at(cls, v_opt: float, alpha: float = ALPHA) -> Self:
        """Choose rho for the time at which the test should be sharpest."""
        return cls(best_rho_one_sided(v_opt, alpha))

    def log_evidence(self, s: float, v: float) -> float:
        """Return the logarithm of the evidence."""
        total = v + self.rho
        normal = float(special.log_ndtr(s / sqrt(total)))
        return 0.5 * log(4 * self.rho / total) + s * s / (2 * total) + normal

    def p_value(self, s: float, v: float) -> float:
        """Return the p-value at this time; the smallest one so far is valid at any time."""
        return exp(-max(self.log_evidence(s, v), 0.0))

    def bound(self, v: float, alpha: float = ALPHA) -> float:
        """Return the sum that s ever exceeds with a chance of at most alpha."""
        found = crossing(lambda s: self.log_evidence(s, v) + log(alpha), 0.0, max(v, 1.0))
        if found is None:
            raise ValueError(f"there is no bound for v = {v} and alpha = {alpha}")
        return found


@dataclass(frozen=True)
class GammaExponential:
    """Evidence for a mean above zero of sums whose tails are heavier: sub-exponential, scale c."""

    rho: float
    c: float

    @classmethod
    def sharpest_at(cls, v_opt: float, c: float, alpha: float = ALPHA) -> Self:
        """Choose rho for the time at which the test should be sharpest."""
        return cls(best_rho_one_sided(v_opt, alpha), c)

    def log_evidence(self, s: float, v: float) -> float:
        """Return the logarithm of the evidence."""
        square = self.c**2
        prior, posterior = self.rho / square, (v + self.rho) / square
        reached = (self.c * s + v + self.rho) / square
        inside = float(special.gammainc(posterior, reached)) if reached > 0 else 0.0
        if inside <= 0:
            # Far below zero the integral vanishes; its first term is below it, so it is careful.
            return _gamma_start(prior) - log(posterior) - prior
        integral = float(special.gammaln(posterior)) + log(inside) - posterior * log(reached)
        return _gamma_start(prior) + integral + reached - prior

    def bound(self, v: float, alpha: float = ALPHA) -> float:
        """Return the sum that s ever exceeds with a chance of at most alpha."""

        def rising(s: float) -> float:
            return self.log_evidence(s, v) + log(alpha)

        found = crossing(rising, 0.0, max(v, 1.0))
        if found is None:
            raise ValueError(f"there is no bound for v = {v}, c = {self.c} and alpha = {alpha}")
        return found


def _gamma_start(prior: float) -> float:
    inside = float(special.gammainc(prior, prior))
    return prior * log(prior) - float(special.gammaln(prior)) - log(inside)
