"""Measures of a probability forecast, overall and by group, in plain numpy."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
EPSILON = float(np.finfo(np.float32).eps)  # the booster's probabilities are 32 bit


@dataclass(frozen=True)
class Measured:
    """How good the scores of some rows are; `auc` is None where only one class occurs."""

    rows: int
    positive_rate: float
    mean_score: float
    auc: float | None
    brier: float
    log_loss: float

    @property
    def numbers(self) -> dict[str, float]:
        """The measures that exist, by name."""
        return {name: float(value) for name, value in asdict(self).items() if value is not None}


def measure(label: npt.NDArray[np.integer], score: Floats) -> Measured:
    """Measure one group of rows."""
    if len(label) == 0:
        raise ValueError("there are no rows to measure")
    truth = label.astype(np.float64)
    inside = np.clip(score, EPSILON, 1 - EPSILON)
    loss = -(truth * np.log(inside) + (1 - truth) * np.log1p(-inside))
    return Measured(
        rows=len(label),
        positive_rate=float(truth.mean()),
        mean_score=float(score.mean()),
        auc=auc(label, score),
        brier=float(np.mean((score - truth) ** 2)),
        log_loss=float(loss.mean()),
    )


def auc(label: npt.NDArray[np.integer], score: Floats) -> float | None:
    """Probability that a positive row scores above a negative one; ties count half."""
    positive = int(label.sum())
    negative = len(label) - positive
    if positive == 0 or negative == 0:
        return None
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[inverse]
    total = math.fsum(ranks[label == 1].tolist())
    return (total - positive * (positive + 1) / 2) / (positive * negative)


def by_group(
    label: npt.NDArray[np.integer], score: Floats, group: npt.NDArray[np.str_]
) -> Mapping[str, Measured]:
    """Measure each group apart, in the order of their names."""
    return {
        str(name): measure(label[group == name], score[group == name]) for name in np.unique(group)
    }
