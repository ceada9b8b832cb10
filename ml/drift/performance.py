"""How good predictions were once labels are there, with errors that know of days."""

from enum import StrEnum

import numpy as np

from ml.drift.distances import Floats
from ml.drift.law import FEWEST, MOST, Difference, Side, difference, side
from ml.drift.layout import BRIER, LOG_LOSS, MICRO
from ml.drift.profile import Outcomes


class Metric(StrEnum):
    """Measures of a probability; a business cost has its own name."""

    AUC = "auc"
    BRIER = BRIER
    LOG_LOSS = LOG_LOSS


def measured(outcomes: Outcomes, metric: str) -> Side:
    """Return a metric or a mean cost with its day-blocked spread."""
    if metric == Metric.AUC:
        return auc(outcomes.positives.astype(float), outcomes.negatives.astype(float))
    if metric not in outcomes.sums:
        known = ", ".join([Metric.AUC, *outcomes.sums])
        raise KeyError(f"there is no metric {metric} in the outcomes; known: {known}")
    return mean(outcomes.sums[metric] / MICRO, outcomes.rows.astype(float))


def mean(sums: Floats, rows: Floats) -> Side:
    """Return sums by block over rows by block."""
    known = rows > 0
    if not known.any():
        return Side(np.array([np.nan]), np.zeros((1, 1)), 0.0, 1.0)
    if known.sum() < FEWEST:  # the spread within one block is not kept, so it is unknown
        return Side(np.array([sums.sum() / rows.sum()]), np.full((1, 1), np.inf), rows.sum(), 1.0)
    return side(sums[known, None], rows[known], independent=False)


def auc(positives: Floats, negatives: Floats) -> Side:
    """Return the area under the curve from counts by block and cell of the score.

    Scores in one cell count half, as ties do. A row's influence is how far it is above the rows
    of the other class; added up by block, the influences have the spread of the area.
    """
    known = (positives + negatives).sum(axis=1) > 0
    positives, negatives = positives[known], negatives[known]
    plus, minus = positives.sum(axis=0), negatives.sum(axis=0)
    total = float(plus.sum() + minus.sum())
    if plus.sum() <= 0 or minus.sum() <= 0:
        return Side(np.array([np.nan]), np.zeros((1, 1)), total, 1.0)
    above = (np.cumsum(minus) - minus / 2) / minus.sum()
    below = 1 - (np.cumsum(plus) - plus / 2) / plus.sum()
    area = float(plus @ above / plus.sum())
    influence = positives @ (above - area) / plus.sum() + negatives @ (below - area) / minus.sum()
    blocks = len(influence)
    if blocks < FEWEST:
        spread = (plus @ (above - area) ** 2 / plus.sum() ** 2) + (
            minus @ (below - area) ** 2 / minus.sum() ** 2
        )
        return Side(np.array([area]), np.array([[spread]]), total, MOST)
    spread = float((influence**2).sum()) * blocks / (blocks - 1)
    return Side(np.array([area]), np.array([[spread]]), total, blocks - 1)


def worse(reference: Side, window: Side, *, higher_is_better: bool) -> Difference:
    """Return by how much the window is worse; above 0 is worse for every metric."""
    if higher_is_better:
        return difference(window, reference)
    return difference(reference, window)
