"""Fairness: groups named by the policy are told yes about equally often.

Demographic parity compares how often the model says yes; equal opportunity compares it among those
for whom yes was true. Each pair of groups is compared, with intervals that hold for all pairs at
once: a largest difference taken by itself would look large by chance alone.
"""

from collections.abc import Mapping
from itertools import combinations

from ml.gates.areas import Rows
from ml.gates.bootstrap import Sampled
from ml.gates.evidence import Evidence
from ml.gates.outcome import (
    Finding,
    Interval,
    Outcome,
    Result,
    below,
    summed,
    unless_shown,
    worst,
)
from ml.gates.policy import Fairness, Undecided

Pair = tuple[str, Sampled]


def judge(evidence: Evidence, policy: Fairness) -> Result:
    """Return the widest difference of each measure in each grouping."""
    small: list[str] = []
    compared: list[tuple[str, float, str, list[Pair]]] = []
    for grouping in policy.groups:
        every = evidence.groups(grouping)
        groups = {name: rows for name, rows in every.items() if rows.sum() >= policy.min_rows}
        small += [
            f"{name}: {int(rows.sum())} rows, {policy.min_rows} wanted"
            for name, rows in every.items()
            if name not in groups
        ]
        for name, limit, rates in (
            ("equal_opportunity", policy.equal_opportunity, _true_yes(evidence, policy, groups)),
            ("demographic_parity", policy.demographic_parity, _yes(evidence, policy, groups)),
        ):
            said = ", ".join(f"{group} {rate.value:.3f}" for group, rate in rates.items())
            compared.append((f"{name} by {grouping.feature}", limit, said, _pairs(rates)))
    intervals = evidence.resampler.simultaneous(
        [difference for *_, pairs in compared for _, difference in pairs]
    )
    findings: list[Finding] = []
    used = 0
    for name, limit, said, pairs in compared:
        found = intervals[used : used + len(pairs)]
        used += len(pairs)
        findings.append(
            _finding(
                name, limit, said, [pair for pair, _ in pairs], found, undecided=policy.undecided
            )
        )
    return summed("fairness", findings, small)


def _true_yes(
    evidence: Evidence, policy: Fairness, groups: Mapping[str, Rows]
) -> dict[str, Sampled]:
    right = (evidence.challenger >= policy.threshold) * evidence.label
    return {
        name: evidence.resampler.ratio(right, evidence.label, rows) for name, rows in groups.items()
    }


def _yes(evidence: Evidence, policy: Fairness, groups: Mapping[str, Rows]) -> dict[str, Sampled]:
    said = (evidence.challenger >= policy.threshold).astype(float)
    return {name: evidence.mean(said, rows) for name, rows in groups.items()}


def _pairs(rates: Mapping[str, Sampled]) -> list[Pair]:
    """Return the difference of each pair, in the direction in which it is positive."""
    found: list[Pair] = []
    for one, other in combinations(rates, 2):
        high, low = (one, other) if rates[one].value >= rates[other].value else (other, one)
        found.append((f"{high} over {low}", rates[high] - rates[low]))
    return found


def _finding(
    name: str,
    limit: float,
    said: str,
    pairs: list[str],
    found: list[Interval | None],
    *,
    undecided: Undecided,
) -> Finding:
    wanted = f"at most {limit:g} between any two groups"
    if not pairs:
        note = f"fewer than two groups have enough rows ({said or 'none'})"
        return Finding.of(name, Outcome.INCONCLUSIVE, None, wanted, note)
    votes = [_vote(each, limit) for each in found]
    if undecided == "pass":
        votes = [unless_shown(vote, each) for vote, each in zip(votes, found, strict=True)]
    outcome = worst(votes)
    deciding = [place for place, vote in enumerate(votes) if vote is outcome]
    widest = max(deciding, key=lambda place: _width(found[place]))
    return Finding.of(name, outcome, found[widest], wanted, f"{pairs[widest]} ({said})")


def _vote(found: Interval | None, limit: float) -> Outcome:
    """Judge a difference in both directions: it is positive, but its interval may reach below."""
    if found is None:
        return Outcome.INCONCLUSIVE
    mirrored = Interval(value=-found.value, low=-found.high, high=-found.low)
    return worst((below(found, limit), below(mirrored, limit)))


def _width(found: Interval | None) -> float:
    return -1.0 if found is None else found.value
