"""The tests of outcomes: metrics, costs, their estimate without labels, and the concept."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ml.drift import concept, performance
from ml.drift.bins import NumberBins
from ml.drift.candidate import Candidate
from ml.drift.estimate import Promise
from ml.drift.findings import Signal
from ml.drift.law import Side
from ml.drift.performance import Metric
from ml.drift.policy import Action, Cost, Policy, Worse
from ml.drift.profile import Cells, Outcomes


@dataclass(frozen=True, kw_only=True)
class Results:
    """Labels and scores of both sides, by day."""

    cut: NumberBins
    reference: Outcomes
    window: Outcomes | None
    scores: tuple[Cells, Cells]
    policy: Policy
    segment: str | None = None

    def candidates(self) -> Iterator[Candidate]:
        """Yield all tests that the policy asks for."""
        for rule in self.policy.performance:
            yield self._measured(rule)
        for cost in self.policy.costs:
            yield self._measured(cost)
        if self.segment is None:
            yield from self._estimated()
            yield self._concept()

    @property
    def missing(self) -> str:
        """Why labels cannot be judged; nothing where they can."""
        if self.window is None or not self.window.rows.sum():
            return "there are no labels yet"
        share = self.window.rows.sum() / max(self.scores[1].counts.sum(), 1)
        wanted = self.policy.minimum.labelled
        if share < wanted:
            return f"{share:.1%} of the rows have a label, {wanted:.0%} are wanted"
        return ""

    def _action(self, action: Action) -> Action:
        if self.segment and self.policy.segments:
            return self.policy.segments.action
        return action

    def _measured(self, rule: Worse | Cost) -> Candidate:
        metric = rule.metric.value if isinstance(rule, Worse) else rule.name
        candidate = self._blank(
            Signal.PERFORMANCE if isinstance(rule, Worse) else Signal.COST,
            metric,
            rule.by,
            self._action(rule.action),
            rule.unit if isinstance(rule, Cost) else metric,
        )
        if self.missing or self.window is None:
            return replace(candidate, unknown=self.missing)
        sides = [performance.measured(side, metric) for side in (self.reference, self.window)]
        return _compared(candidate, sides[0], sides[1], rows=int(self.window.rows.sum()))

    def _estimated(self) -> Iterator[Candidate]:
        promise = Promise.of(self.reference, self.cut)
        counts = [side.counts.astype(float) for side in self.scores]
        for rule in self.policy.estimated:
            first, second = (
                promise.expected(side, rule.metric, self.policy.formulas) for side in counts
            )
            candidate = self._blank(
                Signal.ESTIMATE, rule.metric, rule.by, Action.NOTE, f"estimated {rule.metric}"
            )
            yield _compared(candidate, first, second, rows=int(counts[1].sum()))

    def _concept(self) -> Candidate:
        rule = self.policy.concept
        candidate = self._blank(
            Signal.CONCEPT, self.policy.score, rule.by, rule.action, "mean difference of rates"
        )
        if self.missing or self.window is None:
            return replace(candidate, unknown=self.missing)
        found = concept.compare(self.reference, self.window, self.cut)
        if found is None:
            return replace(candidate, unknown="too few rows in every tenth of the score")
        (low, late), (first, last) = found.rates[0], found.rates[-1]
        return replace(
            candidate,
            effect=found.difference,
            p=found.law.p,
            said=(
                f"given the score, rates of positives differ by {found.difference:.3f}: lowest "
                f"tenth {low:.3f} then {late:.3f}, highest {first:.3f} then {last:.3f}"
            ),
            rows=int(self.window.rows.sum()),
        )

    def _blank(
        self, signal: Signal, subject: str, floor: float, action: Action, unit: str
    ) -> Candidate:
        return Candidate(
            signal=signal,
            subject=subject,
            action=action,
            effect=0.0,
            floor=floor,
            p=1.0,
            chance=lambda _: float("inf"),
            unit=unit,
            said="nothing to compare",
            segment=self.segment,
        )


def _compared(candidate: Candidate, reference: Side, window: Side, rows: int) -> Candidate:
    """Fill in the difference of two sides."""
    if not np.isfinite([reference.mean[0], window.mean[0]]).all():
        return replace(candidate, unknown="one side has only one class, or no label")
    better = candidate.subject == Metric.AUC
    found = performance.worse(reference, window, higher_is_better=better)
    low, high = found.interval()
    return replace(
        candidate,
        effect=found.value,
        p=found.p,
        chance=found.quantile,
        reference=float(reference.mean[0]),
        window=float(window.mean[0]),
        interval=(low, high),
        said=(
            f"{window.mean[0]:.4f}, {reference.mean[0]:.4f} in the reference: worse by "
            f"{found.value:.4f} (95 % of days: {low:.4f} to {high:.4f})"
        ),
        rows=rows,
    )
