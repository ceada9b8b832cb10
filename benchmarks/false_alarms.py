"""How often nothing is taken for something: A/A releases looked at daily, months without drift.

`python -m benchmarks.false_alarms` measures this alone and writes its rows into results.md. That
the rates hold under other shapes and days is tested in tests/ml/release and tests/ml/drift.
"""

from math import log

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.report import Report, Result
from ml.drift import arrays, freeze
from ml.drift.distances import shares
from ml.drift.monitor import Reference, Window, monitor
from ml.drift.policy import Policy
from ml.drift.profile import Cells, Outcomes, Profile
from ml.release.policy import WEEK, Rates
from ml.release.sequential.student import StudentMixture

RUNS, LOOKS, EXPECTED_DAYS = 2_000, 100, 28
MONTHS, DAYS, ROWS = 1_000, 30, 200
STATED = 0.1
Z = 1.96  # what a test of 5 % looks for when it is asked once
# Nothing is too small to matter here: chance alone must be held by the law, not by the effect.
TINY = {
    "drift": {"psi": 1e-9},
    "prediction": {"psi": 1e-9},
    "quality": {
        "nulls": {"by": 1e-9},
        "unseen": {"by": 1e-9},
        "outliers": {"by": 1e-9, "action": "note"},
    },
    "performance": [{"metric": "auc", "by": 1e-9}, {"metric": "brier", "by": 1e-9}],
    "estimated": [{"metric": "brier", "by": 1e-9}],
    "concept": {"by": 1e-9},
}
FEATURES = tuple(f"x{number}" for number in range(6))


def releases(report: Report) -> None:
    """Release the champion against itself: sums of days, a verdict asked for every day."""
    draw = np.random.default_rng(20130101)
    gains = draw.normal(size=(RUNS, LOOKS))
    rates = Rates()
    sums, squares = gains.cumsum(axis=1), (gains**2).cumsum(axis=1)
    promote, refuse = (
        StudentMixture.sharpest_at(EXPECTED_DAYS, rate, one_sided=True)
        for rate in (rates.promote, rates.refuse)
    )
    wrong = [0, 0, 0]
    for s, q in zip(sums, squares, strict=True):
        days = range(WEEK, LOOKS + 1)
        above = (promote.log_evidence_above(n, s[n - 1], q[n - 1]) for n in days)
        below = (refuse.log_evidence_above(n, -s[n - 1], q[n - 1]) for n in days)
        wrong[0] += any(evidence >= -log(rates.promote) for evidence in above)
        wrong[1] += any(evidence >= -log(rates.refuse) for evidence in below)
        wrong[2] += any(abs(_z(n, s[n - 1], q[n - 1])) > Z for n in days)
    promoted, refused, peeked = (found / RUNS for found in wrong)
    report.add(
        Result(
            what=f"A/A release looked at daily to day {LOOKS}, {RUNS:,} runs: verdicts that are "
            "wrong",
            measured=f"promoted {promoted:.1%}, refused {refused:.1%}",
            beside=f"a t-test at 5 % asked every day: {peeked:.0%}",
            budget=f"at most {rates.promote:.0%} and {rates.refuse:.0%}",
            kept=promoted <= rates.promote and refused <= rates.refuse,
        )
    )


def _z(days: int, gain: float, squares: float) -> float:
    within = (squares - gain**2 / days) / (days - 1)
    return gain / (days * within) ** 0.5


def months(report: Report) -> None:
    """Monitor months that are drawn from the very distribution of the reference."""
    policy = Policy.model_validate(
        {
            "task": "made",
            "score": "score",
            "label": "label",
            "time": "at",
            "window_days": DAYS,
            "checks_per_month": 1,
            "false_alarms_per_month": STATED,
            **TINY,
        }
    )
    draw = np.random.default_rng(20130101)
    rows = 5_000
    table = pa.table(
        {name: draw.normal(size=rows) for name in FEATURES} | {"score": draw.beta(2, 6, rows)}
    )
    bins = freeze.freeze(table.to_batches(), table.schema.names)
    truth = {
        name: shares(np.bincount(arrays.cells(table[name].combine_chunks(), cut),
                                 minlength=cut.cells))
        for name, cut in bins.columns.items()
    }  # fmt: skip

    def month(*, known: bool = False) -> Profile:
        counts = {name: draw.multinomial(ROWS, share, DAYS) for name, share in truth.items()}
        nothing = np.zeros(DAYS, dtype=np.int64)
        return Profile(
            bins=bins.digest,
            blocks=tuple(f"2013-03-{day:02}" for day in range(1, DAYS + 1)),
            rows=np.full(DAYS, ROWS),
            columns={
                name: Cells(
                    counts=found,
                    nulls=nothing,
                    labelled=found.sum(axis=0) if known else None,
                    losses=found.sum(axis=0) * 160_000 if known else None,
                )
                for name, found in counts.items()
            },
            outcomes=_outcomes(draw, bins.number("score").middles, counts["score"]),
        )

    alarms = pages = 0
    for _ in range(MONTHS):
        reference = Reference(bins=bins, profile=month(known=True))
        found = monitor(reference, Window(profile=month()), policy)
        alarms += bool(found.alarms)
        pages += bool(found.pages)
    luck = 3 * (STATED * (1 - STATED) / MONTHS) ** 0.5
    report.add(
        Result(
            what=f"months without drift that raise an alarm, of {MONTHS:,} simulated",
            measured=f"{alarms / MONTHS:.1%}, of which pages {pages / MONTHS:.1%}",
            beside=f"stated in the policy: {STATED:.0%} of months, every effect allowed to alarm",
            budget=f"at most {STATED:.0%} and three standard errors",
            kept=alarms / MONTHS <= STATED + luck,
        )
    )


def _outcomes(
    draw: np.random.Generator, middles: npt.NDArray[np.float64], counts: npt.NDArray[np.int64]
) -> Outcomes:
    """Draw labels that come true as often as the score says."""
    chance = np.clip(middles, 0.001, 0.999)
    positives = draw.binomial(counts, chance)
    lost = positives * (1 - chance) ** 2 + (counts - positives) * chance**2
    return Outcomes(
        positives=positives,
        negatives=counts - positives,
        sums={"brier": np.rint(lost.sum(axis=1) * 1e6).astype(int)},
    )


def false_alarms(report: Report) -> None:
    """Measure both."""
    releases(report)
    months(report)


if __name__ == "__main__":
    collected = Report()
    false_alarms(collected)
    collected.merge()
