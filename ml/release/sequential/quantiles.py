"""Comparing a quantile, such as the 95th percentile of the latency, of two groups at any time.

How many values lie below the true quantile is a rate, so each group has evidence against every
candidate; a common quantile must withstand both groups' evidence multiplied (Howard and Ramdas
2022, section 6). Nothing is assumed of the values' distribution.
"""

from math import exp

import numpy as np
import numpy.typing as npt

from ml.release.sequential.rates import BetaBinomial

Floats = npt.NDArray[np.float64]


def p_value(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    quantile: float,
    t_opt: float = 100,
    alpha_opt: float = 0.05,
) -> float:
    """Return the p-value of the hypothesis that both groups have the same quantile.

    Args:
        first: the values of one group.
        second: the values of the other.
        quantile: which quantile, such as 0.95.
        t_opt: the number of values of each group at which the test should be sharpest.
        alpha_opt: the level at which it should be.
    """
    groups = [np.sort(np.asarray(values, dtype=np.float64)) for values in (first, second)]
    if not 0 < quantile < 1 or not all(np.isfinite(values).all() for values in groups):
        raise ValueError(f"quantile is {quantile}: give one between 0 and 1, and finite values")
    if not all(len(values) for values in groups):
        return 1.0
    spread = quantile * (1 - quantile)
    mixture = BetaBinomial.sharpest_at(
        t_opt * spread, quantile, 1 - quantile, alpha_opt, one_sided=False
    )
    # The evidence changes at observed values only, and not between two of them.
    edges = np.unique(np.concatenate(groups))
    candidates = np.concatenate([edges, (edges[1:] + edges[:-1]) / 2])
    least = sum(_against(values, candidates, quantile, mixture) for values in groups)
    return float(exp(-max(float(np.min(least)), 0.0)))


def is_above(reference: npt.ArrayLike, judged: npt.ArrayLike, quantile: float) -> bool:
    """Return whether the observed quantile of the judged values is the higher one."""
    first, second = (
        float(np.quantile(np.asarray(values, dtype=np.float64), quantile))
        for values in (reference, judged)
    )
    return second > first


def _against(values: Floats, candidates: Floats, quantile: float, mixture: BetaBinomial) -> Floats:
    """Return one group's log evidence against each candidate.

    Where values are tied with the candidate, any share between those below and those up to it may
    be the true one; the share nearest to the quantile speaks the least against it.
    """
    count = len(values)
    below = np.searchsorted(values, candidates, side="left")
    up_to = np.searchsorted(values, candidates, side="right")
    numbers = np.clip(count * quantile, below, up_to)
    found, where = np.unique(numbers, return_inverse=True)
    v = quantile * (1 - quantile) * count
    evidence = [mixture.log_evidence(float(s), v) for s in found - count * quantile]
    return np.asarray(evidence)[where]
