"""The tests of one column: its distribution, its empty cells, new categories and outliers."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ml.drift import distances, law
from ml.drift.bins import CategoryBins, Ints, NumberBins, coarse
from ml.drift.candidate import Candidate
from ml.drift.distances import Floats
from ml.drift.findings import Signal
from ml.drift.law import Difference
from ml.drift.layout import MICRO
from ml.drift.policy import Action, Drift, Quality, Rise
from ml.drift.profile import Cells

PSI = "psi"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column on both sides, by day; `season` is the window that is like this one."""

    name: str
    bins: NumberBins | CategoryBins
    reference: Cells
    window: Cells
    rule: Drift
    signal: Signal = Signal.DRIFT
    season: Cells | None = None

    def candidates(self, quality: Quality) -> Iterator[Candidate]:
        """Yield all tests."""
        yield self.drift()
        yield self._rise(
            Signal.NULLS, quality.nulls, self.reference.nulls, self.window.nulls, "empty cells"
        )
        if isinstance(self.bins, NumberBins):
            first, second = (
                side.counts[:, self.bins.outside].sum(axis=1)
                for side in (self.reference, self.window)
            )
            yield self._rise(Signal.OUTLIERS, quality.outliers, first, second, "outliers")
        elif self.bins.complete:
            first, second = (side.counts[:, -1] for side in (self.reference, self.window))
            found = self._rise(Signal.UNSEEN, quality.unseen, first, second, "new categories")
            yield replace(found, examples=dict(self.window.unseen))

    def drift(self) -> Candidate:
        """Return the test of the distribution, empty cells left out."""
        known, seen = (self._coarse(side) for side in (self.reference, self.window))
        candidate = Candidate(
            signal=self.signal,
            subject=self.name,
            action=self.rule.action,
            effect=0.0,
            floor=self.rule.psi,
            p=1.0,
            chance=lambda _: float("inf"),
            unit=PSI,
            said="nothing to compare",
            rows=int(seen.sum()),
        )
        if not known.sum() or not seen.sum():
            return replace(candidate, unknown="there is no value to compare")
        found, index = law.homogeneity(known, seen)
        weight = 1 / known.sum() + 1 / seen.sum()
        said, effect, p = f"psi {index:.3f}", index, found.p
        if self.season is not None and self.season.counts.sum():
            again, then = law.homogeneity(self._coarse(self.season), seen)
            said += f" against the reference and {then:.3f} against the season"
            effect, p = min(index, then), max(found.p, again.p)
        lost = self.estimated_loss()
        rule = self.rule
        if rule.page_at_loss is not None and lost is not None and lost >= rule.page_at_loss:
            candidate = replace(candidate, action=Action.PAGE)
        return replace(
            candidate,
            effect=effect,
            p=p,
            chance=lambda level: found.quantile(level) * weight,
            said=said,
            rows_effective=law.effective(seen),
            distances=self.distances() | {PSI: index},
            estimated_loss=lost,
        )

    def distances(self) -> dict[str, float]:
        """Return all distances between the two sides, over the fine cells."""
        first, second = self.reference.total, self.window.total
        known, seen = (coarse(self.bins, side) for side in (first, second))
        found = {
            "js_distance_bits": distances.jensen_shannon(known, seen),
            "hellinger": distances.hellinger(known, seen),
            "l_infinity": distances.l_infinity(known, seen),
            "chi_square_p": distances.homogeneity(known, seen).p,
        }
        if isinstance(self.bins, NumberBins):
            way = distances.wasserstein(first, second, self.bins.bounds)
            gap = distances.kolmogorov_smirnov(first, second)
            p = distances.kolmogorov_smirnov_p(gap, first.sum(), second.sum())
            found |= {"wasserstein": way, "ks": gap, "ks_p": p}
            if self.bins.std > 0:
                found["wasserstein_normed"] = way / self.bins.std
        return found

    def estimated_loss(self) -> float | None:
        """Return what the mean loss rises by if every cell loses what it lost in the reference."""
        known, lost = self.reference.labelled, self.reference.losses
        if known is None or lost is None or not known.sum():
            return None
        known, lost = coarse(self.bins, known), coarse(self.bins, lost)
        mean = lost.sum() / known.sum()
        by_cell = np.where(known > 0, lost / np.maximum(known, 1), mean) / MICRO
        first, second = (
            distances.shares(coarse(self.bins, side.total))
            for side in (self.reference, self.window)
        )
        return float(((second - first) * by_cell).sum())

    def _coarse(self, side: Cells) -> Floats:
        return coarse(self.bins, side.counts).astype(np.float64)

    def _rise(
        self, signal: Signal, rule: Rise, reference: Ints, window: Ints, what: str
    ) -> Candidate:
        """Return the test of a rate that should not rise."""
        rows = [
            (side.counts.sum(axis=1) + side.nulls).astype(float)
            for side in (self.reference, self.window)
        ]
        counts = [reference.astype(float), window.astype(float)]
        candidate = Candidate(
            signal=signal,
            subject=self.name,
            action=rule.action,
            effect=0.0,
            floor=rule.by,
            p=1.0,
            chance=lambda _: float("inf"),
            unit="share",
            said="nothing to compare",
            rows=int(rows[1].sum()),
        )
        if not rows[0].sum() or not rows[1].sum():
            return replace(candidate, unknown="there is no row to compare")
        found: Difference = law.rate(counts[0], rows[0], counts[1], rows[1])
        shares = [float(each.sum() / total.sum()) for each, total in zip(counts, rows, strict=True)]
        rare = law.rare(counts[0].sum(), rows[0].sum(), counts[1].sum(), rows[1].sum())
        return replace(
            candidate,
            effect=found.value,
            p=max(found.p, rare),
            chance=found.quantile,
            said=f"{shares[1]:.2%} {what}, {shares[0]:.2%} in the reference",
            reference=shares[0],
            window=shares[1],
            interval=found.interval(),
        )
