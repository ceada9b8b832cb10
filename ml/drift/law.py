"""How large a distance may be by chance: the sample-size law, the day as unit of dependence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from ml.drift.distances import Floats, psi

RARE = 10  # cells with fewer rows on both sides together are pooled
FEWEST = 2  # blocks from which a spread can be taken
MOST = 1e9  # degrees of freedom that are as good as infinite


@dataclass(frozen=True)
class Side:
    """One sample: the mean of something in some cells, and its covariance between blocks."""

    mean: Floats
    spread: Floats
    rows: float
    freedom: float


@dataclass(frozen=True)
class Law:
    """A test of two samples by the law of Rao and Scott.

    The statistic over `scale` follows F with `freedom` and `below` degrees; with rows that are
    independent the scale is 1 and it is the chi-square law over its degrees of freedom.
    """

    statistic: float
    scale: float
    freedom: float
    below: float
    p: float

    def quantile(self, level: float) -> float:
        """Return what the statistic exceeds by chance with this probability."""
        if self.freedom <= 0 or level <= 0:
            return float("inf")
        ratio = float(special.fdtri(self.freedom, self.below, 1 - level))
        return ratio * self.freedom * self.scale


@dataclass(frozen=True)
class Difference:
    """A difference of two means or rates with its day-blocked error; above 0 is worse."""

    value: float
    error: float
    freedom: float

    @property
    def p(self) -> float:
        """How often chance alone is as much worse."""
        if self.error <= 0:
            return 1.0 if self.value <= 0 else 0.0
        return float(special.stdtr(self.freedom, -self.value / self.error))

    def quantile(self, level: float) -> float:
        """Return what the difference exceeds by chance with this probability."""
        return float(special.stdtrit(self.freedom, 1 - level)) * self.error

    def interval(self, level: float = 0.05) -> tuple[float, float]:
        """Return the two-sided interval that misses the truth with this probability."""
        half = float(special.stdtrit(self.freedom, 1 - level / 2)) * self.error
        return self.value - half, self.value + half


def side(counts: Floats, rows: Floats, *, independent: bool) -> Side:
    """Take sums by block and cell over rows by block: shares, rates or mean losses."""
    total = float(rows.sum())
    mean = counts.sum(axis=0) / total
    blocks = len(rows)
    if independent or blocks < FEWEST:
        spread = (np.diag(mean) - np.outer(mean, mean)) / total
        return Side(mean, spread, total, MOST)
    left = counts - rows[:, None] * mean
    spread = left.T @ left * (blocks / (blocks - 1)) / total**2
    return Side(mean, spread, total, blocks - 1)


def between(reference: Side, window: Side, base: Floats, freedom: float) -> Law:
    """Test that two samples have the same means; `base` is the variance of independent rows."""
    difference = window.mean - reference.mean
    statistic = float((difference**2 / base).sum())
    spread = reference.spread + window.spread
    first = float((np.diag(spread) / base).sum()) / freedom
    second = float((spread**2 / np.outer(base, base)).sum()) / freedom
    uneven = max(second / first**2, 1.0) if first > 0 else 1.0
    scale = max(first, 1.0) * uneven
    parts = [float(np.trace(each.spread / base)) for each in (reference, window)]
    below = _welch(parts, [reference.freedom, window.freedom])
    over = freedom / uneven
    p = float(special.fdtrc(over, over * below, statistic / (scale * over)))
    return Law(statistic, scale, over, over * below, p)


def homogeneity(
    reference: Floats, window: Floats, *, independent: bool = False
) -> tuple[Law, float]:
    """Test that two tables of blocks and cells have the same shares; also return the index.

    The p is the larger one of Pearson's statistic and of the index times nm/(n+m), which
    follow the same law: where cells are nearly empty they differ and the careful one is right.
    """
    pooled = reference.sum(axis=0) + window.sum(axis=0)
    reference, window = (_pooled(each, pooled) for each in (reference, window))
    index = psi(reference.sum(axis=0), window.sum(axis=0))
    shares = (reference.sum(axis=0) + window.sum(axis=0)) / (reference.sum() + window.sum())
    freedom = len(shares) - 1
    if freedom < 1:
        return Law(0.0, 1.0, 0.0, MOST, 1.0), 0.0
    first, second = (
        side(each, each.sum(axis=1), independent=independent) for each in (reference, window)
    )
    weight = 1 / first.rows + 1 / second.rows
    found = between(first, second, shares * weight, freedom)
    by_index = index / weight
    over = found.scale * found.freedom
    p = float(special.fdtrc(found.freedom, found.below, by_index / over))
    return Law(by_index, found.scale, found.freedom, found.below, max(p, found.p)), index


def rate(
    reference: Floats, reference_rows: Floats, window: Floats, window_rows: Floats
) -> Difference:
    """Compare how often something happens, or the mean of what is summed."""
    sides = [
        side(counts[:, None], rows, independent=False)
        for counts, rows in ((reference, reference_rows), (window, window_rows))
    ]
    return difference(*sides)


def rare(reference: float, reference_rows: float, window: float, window_rows: float) -> float:
    """Return how often chance alone puts so many of all cases into the window."""
    if window <= 0:
        return 1.0
    part = window_rows / (reference_rows + window_rows)
    return float(special.bdtrc(window - 1, reference + window, part))


def difference(reference: Side, window: Side) -> Difference:
    """Return by how much the only mean of the window is above that of the reference."""
    spreads = [float(each.spread[0, 0]) for each in (reference, window)]
    freedom = _welch(spreads, [reference.freedom, window.freedom])
    return Difference(
        float(window.mean[0] - reference.mean[0]), float(np.sqrt(sum(spreads))), freedom
    )


def effective(counts: Floats) -> float:
    """Return how many independent rows would vary as much between blocks as these do."""
    total = counts.sum(axis=0)
    filled = counts[:, total > 0]
    if filled.shape[1] < 2 or len(counts) < FEWEST:
        return float(counts.sum())
    found = side(filled, filled.sum(axis=1), independent=False)
    effect = float((np.diag(found.spread) / found.mean).sum()) * found.rows
    return found.rows / max(effect / (filled.shape[1] - 1), 1.0)


def benjamini_hochberg(ps: Sequence[float], rate: float) -> tuple[list[bool], float]:
    """Return which tests are significant and the level that they were held to.

    Where nothing differs, the chance that any test is significant is at most `rate`.
    """
    if not ps:
        return [], rate
    ordered = sorted(ps)
    passed = [place for place, p in enumerate(ordered, 1) if p <= rate * (place / len(ps))]
    level = rate * (max(passed, default=1) / len(ps))
    return [bool(passed) and p <= level for p in ps], level


def psi_quantile(cells: int, rows: float, other: float, level: float) -> float:
    """Return what the index exceeds by chance: chi-square over nm/(n+m)."""
    return float(special.chdtri(cells - 1, level)) * (1 / rows + 1 / other)


def _pooled(counts: Floats, pooled: Floats) -> Floats:
    """Add rare cells up into one; leave out those that are empty on both sides."""
    often, seldom = pooled >= RARE, (pooled > 0) & (pooled < RARE)
    kept = counts[:, often]
    if seldom.any():
        kept = np.hstack([kept, counts[:, seldom].sum(axis=1, keepdims=True)])
    return kept


def _welch(parts: Sequence[float], freedoms: Sequence[float]) -> float:
    """Return the degrees of freedom of a sum of variances."""
    total = sum(parts)
    if total <= 0 or not np.isfinite(total):
        return min(freedoms)
    return min(
        total**2 / sum(part**2 / freedom for part, freedom in zip(parts, freedoms, strict=True)),
        MOST,
    )
