"""Which trials of a sweep are ended early, from what they have logged so far.

https://learn.microsoft.com/azure/machine-learning/how-to-tune-hyperparameters#early-termination
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from emulator.runner.durations import PlanError

Histories = Mapping[str, Sequence[float]]
_POLICIES = ("bandit", "medianstopping", "truncationselection")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A policy; each value of the primary metric that a trial logs ends one interval of it."""

    kind: str
    interval: int
    delay: int
    slack_factor: float = 0.0
    slack_amount: float = 0.0
    percentage: int = 0

    def is_due(self, logged: int) -> bool:
        """Whether a trial that has logged so often is looked at."""
        return logged > 0 and logged >= self.delay and logged % self.interval == 0

    def ends(self, trial: str, logged: int, histories: Histories, *, maximize: bool) -> bool:
        """Whether a trial is ended after its first `logged` values."""
        sign = 1.0 if maximize else -1.0
        # greater is better from here on; trials that have not come so far are not compared
        known = {
            name: [sign * value for value in values[:logged]]
            for name, values in histories.items()
            if len(values) >= logged
        }
        own = max(known[trial])
        match self.kind:
            case "bandit":
                best = max(max(values) for values in known.values())
                return own < self._allowed(best)
            case "medianstopping":
                return own < median(fmean(values) for values in known.values())
        ranked = sorted(known, key=lambda name: (max(known[name]), name))
        return trial in ranked[: len(ranked) * self.percentage // 100]

    def _allowed(self, best: float) -> float:
        """The least that is near enough to the best; `best` is negative where less is better."""
        if self.slack_factor:
            slack = 1 + self.slack_factor
            return best / slack if best >= 0 else best * slack
        return best - self.slack_amount


def read(given: object) -> Policy | None:
    """A policy, from what a job of its own or a pipeline's node says.

    Raises:
        PlanError: it makes no sense.
    """
    if not isinstance(given, Mapping) or not given:
        return None
    kind = str(_first(given, "policyType", "policy_type", "type")).replace("_", "").lower()
    if kind not in _POLICIES:
        msg = f"early termination policy {kind!r} is not known; known are {', '.join(_POLICIES)}"
        raise PlanError(msg)
    policy = Policy(
        kind=kind,
        interval=int(_number(given, "evaluationInterval", "evaluation_interval")) or 1,
        delay=int(_number(given, "delayEvaluation", "delay_evaluation")),
        slack_factor=_number(given, "slackFactor", "slack_factor"),
        slack_amount=_number(given, "slackAmount", "slack_amount"),
        percentage=int(_number(given, "truncationPercentage", "truncation_percentage")),
    )
    if policy.slack_factor and policy.slack_amount:
        msg = "the bandit policy has slack_factor and slack_amount; give one of them"
        raise PlanError(msg)
    if kind == "bandit" and not policy.slack_factor and not policy.slack_amount:
        msg = "the bandit policy has no slack; give slack_factor or slack_amount"
        raise PlanError(msg)
    if kind == "truncationselection" and not 1 <= policy.percentage <= 99:
        msg = f"truncation_percentage is {policy.percentage}; give 1 to 99"
        raise PlanError(msg)
    return policy


def _first(given: Mapping, *names: str) -> object:
    return next((given[name] for name in names if given.get(name) is not None), None)


def _number(given: Mapping, *names: str) -> float:
    value = _first(given, *names)
    return 0.0 if value is None else float(str(value))
