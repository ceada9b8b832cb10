"""Slices: a model that is better on the whole may not be worse for a part of the rows."""

from ml.gates.areas import Floats
from ml.gates.evidence import Evidence
from ml.gates.outcome import Finding, Interval, Outcome, Result, summed
from ml.gates.policy import Slices


def judge(evidence: Evidence, champion: Floats, policy: Slices) -> Result:
    """Compare both models in every slice; the intervals hold for all slices at once.

    Fail where a slice is worse beyond doubt and the margin does not cover the interval; pass where
    the interval excludes a loss beyond the margin; the policy decides on a wide one in between.
    """
    small: list[str] = []
    names: list[str] = []
    gains = []
    for grouping in policy.by:
        for name, rows in evidence.groups(grouping).items():
            count = int(rows.sum())
            if count < policy.min_rows:
                small.append(f"{name}: {count} rows, {policy.min_rows} wanted")
                continue
            names.append(name)
            new, old = evidence.challenger, champion
            gains += [
                evidence.auc(new, rows) - evidence.auc(old, rows),
                evidence.brier(old, rows) - evidence.brier(new, rows),
            ]
    intervals = evidence.resampler.simultaneous(gains)
    wide = ", or holding 0" if policy.undecided == "pass" else ""
    findings = [
        Finding.of(
            f"{kind}_gain of {name}",
            _outcome(found, margin, policy),
            found,
            f"interval above {-margin:g}{wide}",
        )
        for position, name in enumerate(names)
        for kind, found, margin in (
            ("auc", intervals[2 * position], policy.auc_margin),
            ("brier", intervals[2 * position + 1], policy.brier_margin),
        )
    ]
    if not findings:
        return Result(
            rule="slices",
            outcome=Outcome.INCONCLUSIVE,
            reason=f"no slice has {policy.min_rows} rows; lower min_rows or take a longer hold-out",
            findings=(),
            unjudged=tuple(small),
        )
    return summed("slices", findings, small)


def _outcome(found: Interval | None, margin: float, policy: Slices) -> Outcome:
    if found is None:
        return Outcome.INCONCLUSIVE
    if found.low >= -margin:
        return Outcome.PASS
    if found.high < 0:
        return Outcome.FAIL
    return Outcome.PASS if policy.undecided == "pass" else Outcome.INCONCLUSIVE
