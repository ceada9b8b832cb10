"""Budgets, measured here and now: how long a batch takes, and how large the model is."""

import time
from pathlib import Path
from statistics import NormalDist

import numpy as np

from ml.gates.areas import Floats
from ml.gates.evidence import Evidence
from ml.gates.outcome import Finding, Interval, Outcome, Result, below, summed
from ml.gates.policy import Latency, Size

WARM_UP = 10
ROUNDS = 3
PERCENTILE = 0.95


def latency(evidence: Evidence, policy: Latency) -> Result:
    """Time batches of rows that follow each other in the hold-out.

    What else runs on the machine only ever adds time: of up to three rounds the fastest counts,
    and the first one that keeps the budget ends it.
    """
    rounds: list[Interval] = []
    for _ in range(ROUNDS):
        rounds.append(percentile(_milliseconds(evidence, policy), evidence.resampler.level))
        if below(rounds[-1], policy.p95_ms) is Outcome.PASS:
            break
    found = min(rounds, key=lambda each: each.value)
    finding = Finding.of(
        f"p95 of {policy.rows} rows in ms",
        below(found, policy.p95_ms),
        found,
        f"at most {policy.p95_ms:g}",
        f"{policy.repeats} batches, fastest of {len(rounds)} round(s)",
    )
    return summed("latency", [finding])


def _milliseconds(evidence: Evidence, policy: Latency) -> Floats:
    columns = evidence.examples.columns
    last = max(1, len(evidence.examples.label) - policy.rows)
    taken = np.empty(policy.repeats)
    for number in range(-WARM_UP, policy.repeats):
        first = (max(number, 0) * policy.rows) % last
        batch = {name: cells[first : first + policy.rows] for name, cells in columns.items()}
        started = time.perf_counter()
        evidence.scorer(batch)
        if number >= 0:
            taken[number] = 1000 * (time.perf_counter() - started)
    return taken


def size(model: Path, policy: Size) -> Result:
    """Add up the files of the model."""
    total = sum(path.stat().st_size for path in model.rglob("*") if path.is_file())
    outcome = Outcome.PASS if total <= policy.bytes else Outcome.FAIL
    finding = Finding(
        name="bytes of the model", outcome=outcome, value=total, wanted=f"at most {policy.bytes}"
    )
    return summed("size", [finding])


def percentile(values: Floats, level: float) -> Interval:
    """Return the 95th percentile between two order statistics, whatever the distribution.

    The number of values below the true percentile is binomial; its normal bounds are ranks.
    """
    ordered = np.sort(values)
    count = len(ordered)
    reach = NormalDist().inv_cdf((1 + level) / 2) * (count * PERCENTILE * (1 - PERCENTILE)) ** 0.5
    low, high = (round(count * PERCENTILE + sign * reach) for sign in (-1, 1))
    return Interval(
        value=float(np.quantile(ordered, PERCENTILE)),
        low=float(ordered[max(0, low - 1)]),
        high=float(ordered[min(count - 1, high)]),
    )
