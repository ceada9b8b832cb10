"""Distances between two sets of counts over the same cells; a unit is part of a name."""

from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

Counts = npt.NDArray[np.float64] | npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
SMOOTHING = 0.5  # half a row for each cell: an empty cell neither explodes nor vanishes


class JensenShannon(StrEnum):
    """What "Jensen-Shannon 0.1" means: distances are the root, divergences are not."""

    DISTANCE_BITS = "js_distance_bits"
    DISTANCE_NATS = "js_distance_nats"
    DIVERGENCE_BITS = "js_divergence_bits"


class Test(NamedTuple):
    """A test's statistic, its degrees of freedom and how often chance alone does as much."""

    statistic: float
    freedom: float
    p: float


def shares(counts: Counts, smoothing: float = 0.0) -> Floats:
    """Return the share of each cell, with some rows added to every cell."""
    total = counts.sum() + smoothing * len(counts)
    if total <= 0:
        raise ValueError("there are no rows in any cell; give counts with at least one row")
    return (counts + smoothing) / total


def psi(reference: Counts, window: Counts, smoothing: float = SMOOTHING) -> float:
    """Return the population stability index with rows added to every cell."""
    p, q = shares(reference, smoothing), shares(window, smoothing)
    return float(np.sum((q - p) * np.log(q / p)))


def psi_floored(reference: Counts, window: Counts, floor: float = 1e-4) -> float:
    """Return the population stability index where no cell has less than a small share."""
    p, q = np.maximum(shares(reference), floor), np.maximum(shares(window), floor)
    return float(np.sum((q - p) * np.log(q / p)))


def jensen_shannon(
    reference: Counts, window: Counts, unit: JensenShannon = JensenShannon.DISTANCE_BITS
) -> float:
    """Return the Jensen-Shannon distance or divergence in the named unit."""
    p, q = shares(reference), shares(window)
    middle = (p + q) / 2
    nats = float((special.rel_entr(p, middle) + special.rel_entr(q, middle)).sum() / 2)
    nats = max(nats, 0.0)  # rounding can leave -1e-17 where nothing differs
    match unit:
        case JensenShannon.DISTANCE_BITS:
            return float(np.sqrt(nats / np.log(2)))
        case JensenShannon.DISTANCE_NATS:
            return float(np.sqrt(nats))
        case JensenShannon.DIVERGENCE_BITS:
            return float(nats / np.log(2))


def hellinger(reference: Counts, window: Counts) -> float:
    """Return the Hellinger distance, between 0 and 1."""
    overlap = np.sqrt(shares(reference) * shares(window)).sum()
    return float(np.sqrt(max(1 - overlap, 0.0)))


def l_infinity(reference: Counts, window: Counts) -> float:
    """Return the largest difference of a share."""
    return float(np.abs(shares(reference) - shares(window)).max())


def total_variation(reference: Counts, window: Counts) -> float:
    """Return half the sum of the differences of shares."""
    return float(np.abs(shares(reference) - shares(window)).sum() / 2)


def homogeneity(reference: Counts, window: Counts) -> Test:
    """Test whether two samples come from one distribution; both are taken to be samples."""
    table = np.vstack([reference, window]).astype(np.float64)
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return Test(0.0, 0.0, 1.0)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    difference = np.abs(table - expected)
    freedom = table.shape[1] - 1
    if freedom == 1:  # Yates: counts are whole, the law is not; it matters with two cells only
        difference = np.maximum(difference - 0.5, 0.0)
    statistic = float((difference**2 / expected).sum())
    return Test(statistic, freedom, float(special.chdtrc(freedom, statistic)))


def goodness_of_fit(reference: Counts, window: Counts) -> Test:
    """Test a sample against shares taken as exact, as azureml-assets and Evidently do.

    It rejects far too often where the reference is itself a sample; use `homogeneity`.
    """
    expected = shares(reference) * window.sum()
    unseen = bool(((expected == 0) & (window > 0)).any())
    filled = expected > 0
    with np.errstate(divide="ignore"):
        statistic = float(((window - expected)[filled] ** 2 / expected[filled]).sum())
    freedom = len(expected) - 1
    if unseen:
        return Test(float("inf"), freedom, 0.0)
    return Test(statistic, freedom, float(special.chdtrc(freedom, statistic)))


def kolmogorov_smirnov(reference: Counts, window: Counts) -> float:
    """Return the largest difference of the cumulated shares of ordered cells."""
    return float(np.abs(np.cumsum(shares(reference) - shares(window))).max())


def kolmogorov_smirnov_p(distance: float, reference_rows: float, window_rows: float) -> float:
    """Return how often chance alone gives that distance (asymptotic; conservative on cells)."""
    rows = reference_rows * window_rows / (reference_rows + window_rows)
    return float(special.kolmogorov(distance * np.sqrt(rows)))


def wasserstein(reference: Counts, window: Counts, edges: Floats) -> float:
    """Return the mean way that a value has to go, values spread evenly within their cells."""
    if len(edges) != len(reference) + 1:
        raise ValueError(
            f"{len(reference)} cells have {len(reference) + 1} edges, got {len(edges)}"
        )
    gap = np.concatenate([[0.0], np.cumsum(shares(window) - shares(reference))])
    left, right, width = gap[:-1], gap[1:], np.diff(edges)
    crossing = left * right < 0
    # Between two edges the gap is a line; where it changes its sign both triangles count.
    steep = np.where(crossing, np.abs(left) + np.abs(right), 1.0)
    area = np.where(crossing, (left**2 + right**2) / (2 * steep), np.abs(left + right) / 2)
    return float((area * width).sum())
