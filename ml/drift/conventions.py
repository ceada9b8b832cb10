"""Distances of raw values in the conventions of other tools, so that figures can be compared."""

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from ml.drift import distances
from ml.drift.distances import Counts, Floats, JensenShannon, Test

Cells = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
SMALLEST_SPREAD = 0.001  # both tools divide by at least this
FEW_VALUES = 20  # Evidently: up to this many different numbers are treated as categories


def azureml_cells(reference: Floats, window: Floats) -> Cells:
    """Cut the range of both samples into equal widths, as azureml-assets does."""
    number = math.ceil(math.log2(min(len(reference), len(window))) + 1)
    low = min(reference.min(), window.min())
    high = max(reference.max(), window.max())
    return _histograms(reference, window, np.linspace(low, high, number + 1))


def azureml_psi(reference: Floats, window: Floats) -> float:
    """Return the index over equal widths with one row added to each cell."""
    return distances.psi(*azureml_cells(reference, window), smoothing=1)


def azureml_jensen_shannon(reference: Floats, window: Floats) -> float:
    """Return the distance in bits over equal widths."""
    return distances.jensen_shannon(*azureml_cells(reference, window))


def decile_cells(reference: Floats, window: Floats) -> Cells:
    """Count both samples between the reference's deciles; the outer cells are open."""
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, 11)[1:-1]))
    return _histograms(reference, window, np.concatenate([[-np.inf], edges, [np.inf]]))


def evidently_cells(reference: Floats, window: Floats) -> Cells:
    """Cut as Evidently 0.7 does: Sturges on both samples, values where there are few."""
    pooled = np.concatenate([reference, window])
    values = np.unique(pooled)
    if len(np.unique(reference)) <= FEW_VALUES:
        sides = (np.searchsorted(values, side) for side in (reference, window))
        first, second = (np.bincount(side, minlength=len(values)) for side in sides)
        return first, second
    return _histograms(reference, window, np.histogram_bin_edges(pooled, bins="sturges"))


def evidently_psi(reference: Floats, window: Floats) -> float:
    """Return the index with 1e-4, or a millionth of the smallest share, in empty cells."""
    cells = evidently_cells(reference, window)
    floors = [_evidently_floor(distances.shares(side)) for side in cells]
    p, q = (
        np.where(side == 0, floor, distances.shares(side))
        for side, floor in zip(cells, floors, strict=True)
    )
    return float(np.sum((q - p) * np.log(q / p)))


def evidently_jensen_shannon(reference: Floats, window: Floats) -> float:
    """Return the distance in nats over Evidently's cells."""
    cells = evidently_cells(reference, window)
    return distances.jensen_shannon(*cells, unit=JensenShannon.DISTANCE_NATS)


def nannyml_cells(reference: Floats, window: Floats) -> Cells:
    """Cut as NannyML does: Doane on the reference, and a cell for all that falls outside."""
    edges = np.histogram_bin_edges(reference, bins="doane")
    first, second = _histograms(reference, window, edges)
    outside = np.array([len(window) - second.sum()], dtype=np.int64)
    return np.append(first, [np.int64(0)]), np.append(second, outside)


def nannyml_jensen_shannon(reference: Floats, window: Floats) -> float:
    """Return the distance in bits over NannyML's cells, or over values where they are few."""
    values = np.unique(np.concatenate([reference, window]))
    if len(values) < len(reference) / 10:
        sides = (np.searchsorted(values, side) for side in (reference, window))
        first, second = (np.bincount(side, minlength=len(values)) for side in sides)
        return distances.jensen_shannon(first, second)
    return distances.jensen_shannon(*nannyml_cells(reference, window))


def wasserstein(reference: Floats, window: Floats) -> float:
    """Return the exact mean way between two samples, in the values' own unit."""
    pooled = np.sort(np.concatenate([reference, window]))
    first, second = (
        np.searchsorted(np.sort(side), pooled[:-1], side="right") / len(side)
        for side in (reference, window)
    )
    return float(np.sum(np.abs(first - second) * np.diff(pooled)))


def normed_wasserstein(reference: Floats, window: Floats) -> float:
    """Return the mean way in standard deviations of the reference."""
    spread = max(float(np.std(reference, ddof=1)), SMALLEST_SPREAD)
    return wasserstein(reference, window) / spread


def kolmogorov_smirnov(reference: Floats, window: Floats) -> Test:
    """Return the exact distance of two samples with its asymptotic p; no limit on rows."""
    pooled = np.sort(np.concatenate([reference, window]))
    first, second = (
        np.searchsorted(np.sort(side), pooled, side="right") / len(side)
        for side in (reference, window)
    )
    distance = float(np.abs(first - second).max())
    rows = len(reference) * len(window) / (len(reference) + len(window))
    return Test(distance, rows, float(special.kolmogorov(distance * math.sqrt(rows))))


def _histograms(reference: Floats, window: Floats, edges: Floats) -> Cells:
    first, second = (np.histogram(side, bins=edges)[0] for side in (reference, window))
    return first.astype(np.int64), second.astype(np.int64)


def _evidently_floor(share: Counts) -> float:
    smallest = float(share[share > 0].min())
    return 1e-4 if smallest > 1e-4 else smallest / 1e6
