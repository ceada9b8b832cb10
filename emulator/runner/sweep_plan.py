"""What a sweep is to do, read from a job of its own or from a pipeline's node."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from emulator.runner import search, termination
from emulator.runner.durations import PlanError, seconds
from emulator.runner.search import Search
from emulator.runner.termination import Policy

_SPACE = re.compile(r"\$\{\{\s*search_space\.([\w.\-]+)\s*\}\}")
# https://learn.microsoft.com/azure/machine-learning/how-to-tune-hyperparameters#set-limits
_MOST_TRIALS, _MOST_AT_ONCE = 1000, 1000


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """A sweep: what is tried, how far, and what counts as best."""

    search: Search
    metric: str
    maximize: bool
    policy: Policy | None
    total: int
    concurrent: int
    timeout: float | None
    trial_timeout: float | None


def read(given: Mapping) -> SweepPlan:
    """Read a sweep.

    Raises:
        PlanError: something in it cannot be run.
    """
    objective = given.get("objective") or {}
    metric = str(_first(objective, "primaryMetric", "primary_metric") or "")
    goal = str(objective.get("goal") or "").lower()
    if not metric or goal not in ("maximize", "minimize"):
        msg = (
            f"the sweep's objective is {metric!r} and its goal {goal!r}; name the metric that"
            " trials log with MLflow, and maximize or minimize"
        )
        raise PlanError(msg)
    limits = given.get("limits") or {}
    total = _limit(limits, "max_total_trials", "maxTotalTrials", _MOST_TRIALS)
    at_once = _limit(limits, "max_concurrent_trials", "maxConcurrentTrials", _MOST_AT_ONCE)
    return SweepPlan(
        search=search.read(
            _first(given, "searchSpace", "search_space"),
            _first(given, "samplingAlgorithm", "sampling_algorithm"),
        ),
        metric=metric,
        maximize=goal == "maximize",
        policy=termination.read(_first(given, "earlyTermination", "early_termination")),
        total=total,
        concurrent=min(at_once, total),
        timeout=seconds(limits.get("timeout")),
        trial_timeout=seconds(_first(limits, "trialTimeout", "trial_timeout")),
    )


def trial(definition: Mapping) -> dict[str, object]:
    """The command job that each trial of a sweep job is, before it has its parameters."""
    given = definition.get("trial") or {}
    if not isinstance(given, Mapping):
        msg = f"the sweep's trial is {given!r}; give a command"
        raise PlanError(msg)
    shared = ("computeId", "inputs", "outputs", "identity")
    resources = definition.get("resources") or given.get("resources")
    command = _SPACE.sub(r"${{inputs.\1}}", str(given.get("command") or ""))
    own = {**given, "resources": resources, "command": command, "jobType": "Command"}
    return {**own, **{key: definition.get(key) for key in shared}}


def shown(plan: SweepPlan) -> dict[str, object]:
    """A sweep as a job of its own would have it: what the client reads of a step."""
    space = {
        name: [one.kind, [list(one.values)] if one.kind == "choice" else list(one.numbers)]
        for name, one in plan.search.space.items()
    }
    goal = "Maximize" if plan.maximize else "Minimize"
    limits = {"maxTotalTrials": plan.total, "maxConcurrentTrials": plan.concurrent}
    times = {"timeout": plan.timeout, "trialTimeout": plan.trial_timeout}
    return {
        "searchSpace": space,
        "samplingAlgorithm": {"samplingAlgorithmType": plan.search.algorithm.title()},
        "objective": {"goal": goal, "primaryMetric": plan.metric},
        "limits": {
            "jobLimitsType": "Sweep",
            **limits,
            **{key: f"PT{value:g}S" for key, value in times.items() if value is not None},
        },
    }


def without(plan: SweepPlan, inputs: Mapping[str, object], step: str) -> dict[str, object]:
    """The inputs of a component that the sweep does not try; each parameter must be one of them."""
    unknown = sorted(set(plan.search.space) - set(inputs))
    if unknown:
        msg = (
            f"step {step!r} tries {', '.join(unknown)}, but its component has the inputs:"
            f" {', '.join(inputs) or 'none'}"
        )
        raise PlanError(msg)
    return {name: given for name, given in inputs.items() if name not in plan.search.space}


def once(plan: SweepPlan) -> SweepPlan:
    """The same sweep for as many trials as its grid has, if it has one."""
    if plan.search.algorithm != "grid":
        return plan
    size = 1
    for one in plan.search.space.values():
        size *= len(one.values)
    return replace(plan, total=min(plan.total, size), concurrent=min(plan.concurrent, size))


def _limit(limits: Mapping, snake: str, camel: str, most: int) -> int:
    given = _first(limits, snake, camel)
    if given is None:
        return most
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= most:
        msg = f"limits.{snake} is {given!r}; give 1 to {most}"
        raise PlanError(msg)
    return given


def _first(given: Mapping, *names: str) -> object:
    return next((given[name] for name in names if given.get(name) is not None), None)
