"""All rules of a policy over one model, and what they decide together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ml import mlflow_model
from ml.data import examples as reading
from ml.errors import TaskError
from ml.gates.areas import Floats
from ml.gates.evidence import Evidence, Score, resampler
from ml.gates.outcome import Outcome, Result, Skipped, worst
from ml.gates.policy import RULES, Policy
from ml.gates.rules import (
    absolute,
    behaviour,
    budget,
    calibration,
    champion,
    fairness,
    sandbox,
    slices,
)
from ml.training import Examples

Rule = Callable[[], Result]


@dataclass(frozen=True)
class Judgement:
    """What every rule said; `skipped` are those that could not apply or that the policy waives."""

    results: tuple[Result, ...]
    skipped: tuple[Skipped, ...]

    @property
    def outcome(self) -> Outcome:
        """Pass only if every rule that applied passed."""
        return worst(result.outcome for result in self.results)

    @property
    def text(self) -> str:
        """A table for people: each rule with its numbers and its reason."""
        lines = [f"gate: {self.outcome.value}"]
        for result in self.results:
            lines.append(f"  {result.rule:<12}{result.outcome.value:<14}{result.reason}")
            lines += [f"    {found.outcome.value:<14}{found}" for found in result.findings]
            lines += [f"    {'not judged':<14}{name}" for name in result.unjudged]
        lines += [f"  {rule.rule:<12}{'skipped':<14}{rule.reason}" for rule in self.skipped]
        return "\n".join(lines)


def judge(evidence: Evidence, policy: Policy) -> Judgement:
    """Apply every rule of the policy; without a champion, those that compare are skipped."""
    rules = _rules(evidence, policy)
    results = [rules[name]() for name in RULES if name in rules]
    skipped = [
        Skipped(rule=name, reason=policy.waived.get(name) or "there is no champion to compare with")
        for name in RULES
        if name not in rules
    ]
    return Judgement(tuple(results), tuple(skipped))


def _rules(evidence: Evidence, policy: Policy) -> Mapping[str, Rule]:
    """Return the rules that apply, each ready to be called."""
    rules: dict[str, Rule] = {
        "absolute": partial(absolute.judge, evidence, policy.absolute),
        "size": partial(budget.size, evidence.model, policy.size),
        "sandbox": partial(sandbox.judge, evidence.model, policy.sandbox),
    }
    if evidence.champion is not None:
        rules["champion"] = partial(champion.judge, evidence, evidence.champion)
        if policy.slices:
            rules["slices"] = partial(slices.judge, evidence, evidence.champion, policy.slices)
    if policy.fairness:
        rules["fairness"] = partial(fairness.judge, evidence, policy.fairness)
    if policy.calibration:
        rules["calibration"] = partial(calibration.judge, evidence, policy.calibration)
    if policy.invariance:
        rules["invariance"] = partial(behaviour.invariance, evidence, policy.invariance)
    if policy.missing:
        rules["missing"] = partial(behaviour.missing, evidence, policy.missing)
    if policy.latency:
        rules["latency"] = partial(budget.latency, evidence, policy.latency)
    return rules


def gather(holdout: Path, model: Path, champion: Path | None, policy: Policy) -> Evidence:
    """Read the hold-out and score it with both models, by this repository's scorer alone."""
    about = reading.about(holdout, "holdout")
    first = str(about.periods[0]["period"])
    for folder, name in ((model, "the model"), (champion, "the champion")):
        if folder is None:
            continue
        seen = mlflow_model.lineage(folder).train_periods[1]
        if first <= seen:
            raise TaskError(
                f"{name} was trained up to {seen} and the hold-out starts in {first}: it would be "
                "judged on what it has seen; choose later hold-out periods"
            )
    rows = reading.read(holdout, about)
    scorer = mlflow_model.load(model).score
    challenger = _scores(scorer, rows, "the model")
    theirs = None
    if champion is not None:
        theirs = _scores(mlflow_model.load(champion).score, rows, "the champion")
    return Evidence(rows, resampler(rows, policy.bootstrap), model, scorer, challenger, theirs)


def _scores(scorer: Score, rows: Examples, name: str) -> Floats:
    try:
        score = scorer(rows.columns)
    except ValueError as error:
        raise TaskError(f"{name} cannot score this hold-out: {error}") from error
    wrong = int((~np.isfinite(score)).sum())
    if wrong:
        raise TaskError(f"{name} gave {wrong} of {len(score)} rows no number; train it anew")
    return score
