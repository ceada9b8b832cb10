"""Performance without labels: what calibrated scores promise, if labels still depend on them so."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ml.drift.bins import NumberBins
from ml.drift.distances import Floats
from ml.drift.formula import Formula
from ml.drift.law import Side
from ml.drift.performance import Metric, auc, mean
from ml.drift.profile import Outcomes
from ml.metrics import EPSILON


@dataclass(frozen=True)
class Promise:
    """The chance of a positive in each cell of the score, as the reference's labels had it."""

    chance: Floats
    score: Floats

    @classmethod
    def of(cls, reference: Outcomes, cut: NumberBins) -> "Promise":
        """Calibrate on the reference: never falling with the score, closest to its labels."""
        positives = reference.positives.sum(axis=0).astype(float)
        rows = positives + reference.negatives.sum(axis=0)
        return cls(isotonic(positives, rows), np.clip(cut.middles, 0.0, 1.0))

    def loss(self, metric: str, costs: Mapping[str, Formula]) -> Floats:
        """Return what a row of each cell loses on average."""
        zeros = np.zeros_like(self.score)
        if metric in costs:
            missed = costs[metric].of_arrays(zeros + 1, self.score)
            spared = costs[metric].of_arrays(zeros, self.score)
        elif metric == Metric.BRIER:
            missed, spared = (1 - self.score) ** 2, self.score**2
        elif metric == Metric.LOG_LOSS:
            inside = np.clip(self.score, EPSILON, 1 - EPSILON)
            missed, spared = -np.log(inside), -np.log1p(-inside)
        else:
            raise KeyError(f"metric {metric} is no mean over rows; {', '.join(costs)} are known")
        return self.chance * missed + (1 - self.chance) * spared

    def expected(self, counts: Floats, metric: str, costs: Mapping[str, Formula]) -> Side:
        """Return a metric as it should be for scores by block and cell."""
        if metric == Metric.AUC:
            return auc(counts * self.chance, counts * (1 - self.chance))
        return mean(counts @ self.loss(metric, costs), counts.sum(axis=1))

    def confusion(self, counts: Floats, threshold: float) -> dict[str, float]:
        """Return the expected shares of right and wrong decisions, and what follows from them."""
        share = counts.sum(axis=0) / counts.sum()
        chosen = self.score >= threshold
        true = float((share * self.chance)[chosen].sum())
        false = float((share * (1 - self.chance))[chosen].sum())
        missed = float((share * self.chance)[~chosen].sum())
        spared = float((share * (1 - self.chance))[~chosen].sum())
        return {
            "true_positive": true,
            "false_positive": false,
            "false_negative": missed,
            "true_negative": spared,
            "accuracy": true + spared,
            "precision": true / (true + false) if true + false else float("nan"),
            "recall": true / (true + missed) if true + missed else float("nan"),
            "f1": 2 * true / (2 * true + false + missed) if true + missed else float("nan"),
        }


def isotonic(positives: Floats, rows: Floats) -> Floats:
    """Return the rates that never fall and are closest to those of the cells.

    Neighbours in the wrong order are pooled until none is left. A cell without rows takes the
    rate of the nearest pool below it, or of the first one.
    """
    pools: list[tuple[float, float, int]] = []  # positives, rows, cells
    for hits, total in zip(positives.tolist(), rows.tolist(), strict=True):
        pools.append((hits, total, 1))
        while len(pools) > 1 and (not pools[-2][1] or _rate(pools[-2]) >= _rate(pools[-1])):
            last, before = pools.pop(), pools.pop()
            pools.append((before[0] + last[0], before[1] + last[1], before[2] + last[2]))
    return np.concatenate([np.full(cells, _rate((hits, total, 0))) for hits, total, cells in pools])


def _rate(pool: tuple[float, float, int]) -> float:
    hits, total, _ = pool
    return hits / total if total else 0.0
