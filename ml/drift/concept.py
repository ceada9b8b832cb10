"""Whether labels depend on scores as they did: the rate of positives in each tenth of the score."""

from dataclasses import dataclass

import numpy as np

from ml.drift.bins import NumberBins, coarse
from ml.drift.distances import Floats
from ml.drift.law import FEWEST, MOST, Law, Side, between
from ml.drift.profile import Outcomes

FEW = 10  # rows of one side in a tenth, below which it is left out


@dataclass(frozen=True)
class Concept:
    """The test of all tenths together and by how much rates differ on average."""

    law: Law
    difference: float
    rates: tuple[tuple[float, float], ...]  # reference and window, by tenth


def compare(reference: Outcomes, window: Outcomes, cut: NumberBins) -> Concept | None:
    """Compare the rates of positives given the score; nothing where rows are too few."""
    tables = [
        [
            coarse(cut, each).astype(float)
            for each in (side.positives, side.positives + side.negatives)
        ]
        for side in (reference, window)
    ]
    rows = np.vstack([total.sum(axis=0) for _, total in tables])
    kept = (rows >= FEW).all(axis=0)
    if not kept.any():
        return None
    first, second = (_rates(positives[:, kept], total[:, kept]) for positives, total in tables)
    pooled = sum(positives[:, kept].sum(axis=0) for positives, _ in tables)
    rate = np.clip(pooled / rows[:, kept].sum(axis=0), 1e-6, 1 - 1e-6)
    base = rate * (1 - rate) * (1 / rows[0, kept] + 1 / rows[1, kept])
    weights = rows[1, kept] / rows[1, kept].sum()
    return Concept(
        law=between(first, second, base, float(kept.sum())),
        difference=float((weights * np.abs(second.mean - first.mean)).sum()),
        rates=tuple(zip(first.mean.tolist(), second.mean.tolist(), strict=True)),
    )


def _rates(positives: Floats, rows: Floats) -> Side:
    total = rows.sum(axis=0)
    mean = positives.sum(axis=0) / total
    blocks = int((rows.sum(axis=1) > 0).sum())
    if blocks < FEWEST:
        return Side(mean, np.diag(mean * (1 - mean) / total), float(total.sum()), MOST)
    left = (positives - rows * mean) / total
    return Side(
        mean, left.T @ left * (blocks / (blocks - 1)), float(total.sum()), float(blocks - 1)
    )
