"""Rates such as errors per request: beta-binomial mixtures, exact for any number of requests.

A rate's `t_opt` is the number of requests at which its test should be sharpest.
"""

from dataclasses import dataclass
from math import exp, log, log1p
from typing import Self

import numpy as np
from scipy import optimize, special

from ml.release.sequential.normal import ALPHA, best_rho, best_rho_one_sided
from ml.release.sequential.roots import Curve, between

_GRID = 64
_FAR = 16.0  # in log odds: one in nine million
_TINY = 1e-12  # rates of exactly 0 and 1 have no variance and no mixture


@dataclass(frozen=True)
class BetaBinomial:
    """Evidence about sums of bounded steps, each from -g to h with variance at most g h."""

    r: float
    g: float
    h: float
    one_sided: bool

    @classmethod
    def sharpest_at(
        cls, v_opt: float, g: float, h: float, alpha: float = ALPHA, *, one_sided: bool
    ) -> Self:
        """Choose the prior for the intrinsic time at which the test should be sharpest."""
        best = best_rho_one_sided(v_opt, alpha) if one_sided else best_rho(v_opt, alpha)
        return cls(max(best - g * h, 1e-3 * g * h), g, h, one_sided)

    def log_evidence(self, s: float, v: float) -> float:
        """Return the logarithm of the evidence, for s up to v / g."""
        g, h, r = self.g, self.h, self.r
        both = g + h
        powers = (
            v / (g * h) * log(both)
            - (v + h * s) / (h * both) * log(g)
            - (v - g * s) / (g * both) * log(h)
        )
        reached = self._integral((r + v - g * s) / (g * both), (r + v + h * s) / (h * both))
        return powers + reached - self._integral(r / (g * both), r / (h * both))

    def bound(self, v: float, alpha: float = ALPHA) -> float:
        """Return the sum that s ever exceeds with a chance of at most alpha; v / g is the most."""
        most = v / self.g

        def rising(s: float) -> float:
            return self.log_evidence(s, v) + log(alpha)

        return most if rising(most) < 0 else between(rising, 0.0, most)

    def _integral(self, a: float, b: float) -> float:
        whole = float(special.betaln(a, b))
        if not self.one_sided:
            return whole
        edge = self.h / (self.g + self.h)
        part = float(special.betainc(a, b, edge))
        if part > 0:
            return whole + log(part)
        # Too small for a float; the first term of its series is below it, so it is careful.
        return a * log(edge) + b * log1p(-edge) - log(a)


def log_evidence_of_another(successes: int, trials: int, rate: float, t_opt: float) -> float:
    """Return the log evidence that the rate is not this one."""
    mixture = _around(rate, t_opt, one_sided=False)
    return mixture.log_evidence(successes - rate * trials, rate * (1 - rate) * trials)


def log_evidence_above(successes: int, trials: int, rate: float, t_opt: float) -> float:
    """Return the log evidence that the rate is above this one; it holds for every one below."""
    if rate >= 1:
        return 0.0
    mixture = _around(rate, t_opt, one_sided=True)
    return mixture.log_evidence(successes - rate * trials, rate * (1 - rate) * trials)


def interval(
    successes: int, trials: int, t_opt: float, alpha: float = ALPHA
) -> tuple[float, float]:
    """Return the bounds that hold the rate at any time but for a chance of alpha."""
    _check(successes, trials)
    if not trials:
        return 0.0, 1.0
    found = successes / trials

    def outside(rate: float) -> float:
        return log_evidence_of_another(successes, trials, rate, t_opt) + log(alpha)

    low = 0.0 if not successes else _edge(outside, found, 0.0)
    high = 1.0 if successes == trials else _edge(outside, found, 1.0)
    return low, high


def p_value_above(successes: int, trials: int, rate: float, t_opt: float) -> float:
    """Return the p-value of the hypothesis that the rate is at most this one."""
    _check(successes, trials)
    if not trials:
        return 1.0
    return exp(-max(log_evidence_above(successes, trials, rate, t_opt), 0.0))


def p_value_of_rise(
    first: tuple[int, int], second: tuple[int, int], rise: float, t_opt: float
) -> float:
    """Return the p-value of the hypothesis that the second rate is at most the first plus a rise.

    For each possible first rate both groups' evidence against it multiplies; what is left for the
    most favourable one is the evidence against all of them.

    Args:
        first: successes and trials of the group that is compared with.
        second: successes and trials of the group that is judged.
        rise: the difference that is tolerated, 0 or more.
        t_opt: the trials of each group at which the test should be sharpest.
    """
    for successes, trials in (first, second):
        _check(successes, trials)
    if rise < 0:
        raise ValueError(f"rise is {rise}; give 0 or more")
    if not first[1] or not second[1]:
        return 1.0
    start, end = first[0] / first[1], second[0] / second[1] - rise
    if end <= start:
        return 1.0

    def against(rate: float) -> float:
        return log_evidence_of_another(*first, rate, t_opt) + log_evidence_above(
            *second, rate + rise, t_opt
        )

    return exp(-max(_least(against, start, end), 0.0))


def _least(curve: Curve, low: float, high: float) -> float:
    """Return the least value for any rate; it lies between two rates or near them.

    Grids first, one of them over all rates, as there may be more than one valley.
    """
    between_them = np.linspace(low, high, _GRID)
    everywhere = special.expit(np.linspace(-_FAR, _FAR, 2 * _GRID))
    rates = np.unique(np.clip(np.concatenate([between_them, everywhere]), _TINY, 1 - _TINY))
    values = [curve(float(rate)) for rate in rates]
    place = int(np.argmin(values))
    ends = (float(rates[max(place - 1, 0)]), float(rates[min(place + 1, len(rates) - 1)]))
    width = ends[1] - ends[0]
    refined = optimize.minimize_scalar(
        curve, bounds=ends, method="bounded", options={"xatol": width * 1e-6}
    )
    return min(values[place], float(refined.fun))


def _edge(outside: Curve, inside: float, end: float) -> float:
    """Return where the interval ends between the observed rate and 0 or 1."""
    near = min(max(inside, _TINY), 1 - _TINY)
    far = min(max(end, _TINY), 1 - _TINY)
    if outside(far) < 0:
        return end
    return between(outside, near, far)


def _around(rate: float, t_opt: float, *, one_sided: bool) -> BetaBinomial:
    spread = rate * (1 - rate)
    return BetaBinomial.sharpest_at(t_opt * spread, rate, 1 - rate, one_sided=one_sided)


def _check(successes: int, trials: int) -> None:
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials}: there are no fewer than 0 and no more than all")
