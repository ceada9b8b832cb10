"""Behaviour: what should not matter does not, and a missing feature breaks nothing."""

from collections.abc import Mapping
from typing import cast

import numpy as np

from ml.errors import TaskError
from ml.gates.areas import Floats
from ml.gates.evidence import Evidence
from ml.gates.outcome import Finding, Outcome, Result, below, summed
from ml.gates.policy import Change, Invariance, Missing
from ml.tabular_scorer import Cells

UNKNOWN = "never seen in training"
SAME = 1e-6  # scores are 32 bit


def invariance(whole: Evidence, policy: Invariance) -> Result:
    """Change one feature a little and compare the scores; then score rows in another company."""
    evidence = whole.sample(policy.rows)
    columns = evidence.examples.columns
    findings = [_company(evidence)]
    for change in policy.changes:
        changed = {**columns, change.feature: _changed(columns[change.feature], change)}
        moved = np.abs(evidence.scorer(changed) - evidence.challenger)
        found = evidence.resampler.interval(evidence.mean(moved))
        how = f"plus {change.add:g}" if change.add is not None else f"swapped {change.swap}"
        findings.append(
            Finding.of(
                f"{change.feature} {how}",
                below(found, change.mean_change),
                found,
                f"mean change of the score at most {change.mean_change:g}",
            )
        )
    return summed("invariance", findings)


def missing(whole: Evidence, policy: Missing) -> Result:
    """Empty each feature in turn, then all of them, and give categories nobody has seen."""
    evidence = whole.sample(policy.rows)
    columns = evidence.examples.columns
    wanted = f"Brier rises by at most {policy.brier_rise:g}"
    if strange := sorted(set(policy.always_there) - columns.keys()):
        raise TaskError(
            f"missing.always_there names {', '.join(strange)}, which the model does not take; its "
            f"features are {', '.join(columns)}"
        )
    before = evidence.brier(evidence.challenger)
    findings: list[Finding] = []
    for name, cells in columns.items():
        if name in policy.always_there:
            continue
        score = evidence.scorer({**columns, name: _empty(cells)})
        if sick := _no_probabilities(score):
            findings.append(_broken(f"without {name}", wanted, sick))
            continue
        found = evidence.resampler.interval(evidence.brier(score) - before)
        findings.append(
            Finding.of(f"without {name}", below(found, policy.brier_rise), found, wanted)
        )
    answers = {
        "without any feature": {name: _empty(cells) for name, cells in columns.items()},
        "categories never seen": _unseen(columns),
    }
    for name, given in answers.items():
        sick = _no_probabilities(evidence.scorer(given))
        findings.append(
            _broken(name, "a probability for every row", sick)
            if sick
            else Finding(name=name, outcome=Outcome.PASS, wanted="a probability for every row")
        )
    unjudged = [f"without {name}: it is always there" for name in policy.always_there]
    return summed("missing", findings, unjudged)


def _company(evidence: Evidence) -> Finding:
    """A row's score may depend neither on its neighbours nor on their order."""
    columns = evidence.examples.columns
    backwards = evidence.scorer({name: np.asarray(cells)[::-1] for name, cells in columns.items()})
    alone = np.concatenate(
        [
            evidence.scorer({name: cells[row : row + 1] for name, cells in columns.items()})
            for row in range(min(20, len(evidence.challenger)))
        ]
    )
    again = np.concatenate([backwards[::-1], alone])
    first = np.concatenate([evidence.challenger, evidence.challenger[: len(alone)]])
    apart = float(np.abs(again - first).max())
    name, wanted = "rows reversed and alone", "the same scores"
    if not np.isfinite(apart):
        return _broken(name, wanted, "some answers are no numbers")
    outcome = Outcome.PASS if apart <= SAME else Outcome.FAIL
    return Finding(name=name, outcome=outcome, value=apart, wanted=wanted)


def _changed(cells: Cells, change: Change) -> Cells:
    array = np.asarray(cells)
    if change.swap is not None:
        if array.dtype == object:
            texts = cast("list[object]", array.tolist())
            return np.asarray([change.swap.get(str(cell), cell) for cell in texts], dtype=object)
        numbers = {float(old): float(new) for old, new in change.swap.items()}
        swapped = array.copy()
        for old, new in numbers.items():
            swapped[array == old] = new
        return swapped
    if array.dtype == object:
        raise TaskError(
            f"{change.feature} is text, to which nothing can be added; use swap in gates.yaml"
        )
    return array + np.float32(change.add or 0)


def _empty(cells: Cells) -> Cells:
    if np.asarray(cells).dtype == object:
        return np.full(len(cells), None, dtype=object)
    return np.full(len(cells), np.nan, dtype=np.float32)


def _unseen(columns: Mapping[str, Cells]) -> dict[str, Cells]:
    return {
        name: np.full(len(cells), UNKNOWN, dtype=object)
        if np.asarray(cells).dtype == object
        else cells
        for name, cells in columns.items()
    }


def _no_probabilities(score: Floats) -> str:
    """Say what is wrong with scores; nothing where all are probabilities."""
    wrong = ~((score >= 0) & (score <= 1))
    return f"{int(wrong.sum())} of {len(score)} answers are no probability" if wrong.any() else ""


def _broken(name: str, wanted: str, sick: str) -> Finding:
    return Finding(name=name, outcome=Outcome.FAIL, wanted=wanted, note=sick)
