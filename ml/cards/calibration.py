"""How often what a model calls likely happens: the reliability of its scores by decile."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Rows with scores of one decile: what was said and what happened."""

    rows: int
    said: float
    happened: float


def reliability(label: npt.NDArray[np.integer], score: npt.NDArray[np.float64]) -> list[Bin]:
    """Return the deciles of the score, from the lowest; equal scores stay together."""
    edges = np.quantile(score, np.linspace(0, 1, BINS + 1)[1:-1])
    of_row = np.searchsorted(edges, score, side="right")
    return [
        Bin(int(part.sum()), float(score[part].mean()), float(label[part].mean()))
        for number in range(BINS)
        if (part := of_row == number).any()
    ]
