"""Calibration: among rows that were given 30 %, about 30 % must come true.

The expected calibration error is the mean distance of score and frequency over bins with equally
many rows. The reliability slope is that of frequency against score: 1 is right, less is too sure of
itself, more is too timid. Both follow from sums over blocks.
"""

import numpy as np

from ml.gates.areas import Floats
from ml.gates.bootstrap import Sampled
from ml.gates.evidence import Evidence
from ml.gates.outcome import Finding, Result, below, between, summed, unless_shown
from ml.gates.policy import Calibration


def judge(evidence: Evidence, policy: Calibration) -> Result:
    """Hold error and slope against the policy."""
    interval = evidence.resampler.interval
    error = interval(expected_error(evidence, policy.bins))
    slope = interval(reliability_slope(evidence))
    low, high = policy.slope
    outcomes = [below(error, policy.ece), between(slope, low, high)]
    if policy.undecided == "pass":
        outcomes = [
            unless_shown(each, found) for each, found in zip(outcomes, (error, slope), strict=True)
        ]
    return summed(
        "calibration",
        [
            Finding.of("ece", outcomes[0], error, f"at most {policy.ece:g}"),
            Finding.of("slope", outcomes[1], slope, f"from {low:g} to {high:g}"),
        ],
    )


def expected_error(evidence: Evidence, bins: int) -> Sampled:
    """Resample the error; bins are those of all rows, so that a resample moves no edge."""
    score = evidence.challenger
    edges = np.unique(np.quantile(score, np.linspace(0, 1, bins + 1)[1:-1]))
    bin_of = np.searchsorted(edges, score, "right")
    over = score - evidence.label
    columns = [np.where(bin_of == number, over, 0.0) for number in range(len(edges) + 1)]

    def statistic(*sums: Floats) -> Floats:
        *overs, rows = sums
        return np.sum(np.abs(np.stack(overs)), axis=0) / rows

    return evidence.resampler.of_sums([*columns, np.ones_like(score)], statistic)


def reliability_slope(evidence: Evidence) -> Sampled:
    """Resample the slope of the least-squares line of truth on score."""
    score, label = evidence.challenger, evidence.label
    # Centred once: sums of squares of numbers near each other would lose digits.
    centred, truth = score - score.mean(), label - label.mean()

    def statistic(s: Floats, y: Floats, ss: Floats, sy: Floats, n: Floats) -> Floats:
        return (sy - s * y / n) / (ss - s * s / n)

    columns = [centred, truth, centred**2, centred * truth, np.ones_like(score)]
    return evidence.resampler.of_sums(columns, statistic)
