"""The champion, scored again on the same hold-out: is the challenger better beyond doubt?

Promote only if the paired day-blocked intervals of AUC and of Brier both exclude zero in the
challenger's favour. Fail if Brier's excludes zero against it. Everything else is inconclusive, and
the champion stays. Gains are positive where the challenger is better, of either measure.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.gates.areas import Floats
from ml.gates.bootstrap import Resampler
from ml.gates.evidence import Evidence
from ml.gates.outcome import Finding, Interval, Outcome, Result

WANTED = "interval above 0"


@dataclass(frozen=True)
class Comparison:
    """The paired gains of the challenger, and what follows from them."""

    auc_gain: Interval | None
    brier_gain: Interval | None

    @property
    def outcome(self) -> Outcome:
        """Whether the challenger takes over."""
        if self.brier_gain is not None and self.brier_gain.favours < 0:
            return Outcome.FAIL
        gains = (self.auc_gain, self.brier_gain)
        if all(gain is not None and gain.favours > 0 for gain in gains):
            return Outcome.PASS
        return Outcome.INCONCLUSIVE

    @property
    def reason(self) -> str:
        """One sentence for people."""
        if self.auc_gain is None or self.brier_gain is None:
            return "there are too few blocks, or too few of one class, for an interval"
        words = {1: "better", 0: "not told apart", -1: "worse"}
        said = (
            f"AUC {words[self.auc_gain.favours]} by {self.auc_gain}, "
            f"Brier {words[self.brier_gain.favours]} by {self.brier_gain}"
        )
        return {
            Outcome.PASS: f"better than the champion in both: {said}",
            Outcome.FAIL: f"worse than the champion in Brier: {said}",
            Outcome.INCONCLUSIVE: f"the champion stays: {said}",
        }[self.outcome]


def compare(
    resampler: Resampler,
    label: npt.NDArray[np.integer],
    challenger: Floats,
    champion: Floats,
) -> Comparison:
    """Compare two models' scores of the same rows on the same draws."""
    loss = [(score - label) ** 2 for score in (champion, challenger)]
    rows = np.ones(len(label))
    auc = resampler.auc(label, challenger) - resampler.auc(label, champion)
    brier = resampler.ratio(loss[0] - loss[1], rows)
    return Comparison(resampler.interval(auc), resampler.interval(brier))


def judge(evidence: Evidence, champion: Floats) -> Result:
    """Return the comparison as a rule's result; AUC alone can hold back, but not condemn."""
    found = compare(evidence.resampler, evidence.examples.label, evidence.challenger, champion)
    findings = (
        Finding.of("auc_gain", _vote(found.auc_gain, Outcome.INCONCLUSIVE), found.auc_gain, WANTED),
        Finding.of("brier_gain", _vote(found.brier_gain, Outcome.FAIL), found.brier_gain, WANTED),
    )
    return Result(rule="champion", outcome=found.outcome, reason=found.reason, findings=findings)


def _vote(gain: Interval | None, worse: Outcome) -> Outcome:
    if gain is None:
        return Outcome.INCONCLUSIVE
    return {1: Outcome.PASS, 0: Outcome.INCONCLUSIVE, -1: worse}[gain.favours]
