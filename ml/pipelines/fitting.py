"""How the model of a training pipeline is fitted: alone or by many, after a sweep or without."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from azure.ai.ml import PyTorchDistribution
from azure.ai.ml.entities import Command, Component, JobResourceConfiguration
from azure.ai.ml.entities import Sweep as SweepNode
from azure.ai.ml.sweep import Choice, LogUniform, RandomSamplingAlgorithm, Uniform

from ml.errors import TaskError
from ml.steps.tune import METRIC
from ml.task import Range, Task

TUNE, TRAIN = "tune", "train"


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What the command line asked for; the task's settings serve where it said nothing."""

    processes: int = 1
    nodes: int = 1
    folds: int | None = None
    device: str | None = None
    trials: int = 0

    @property
    def arguments(self) -> dict[str, object]:
        """What steps that fit are given beside their data."""
        given = {"folds": self.folds, "device": self.device}
        return {name: value for name, value in given.items() if value is not None}


ALONE = Fit()


def fitted(components: Mapping[str, Component], task: Task, examples: object, fit: Fit) -> Command:
    """Add the step that fits, and before it the sweep that it takes its settings from."""
    given: dict[str, object] = {"task": task.settings.name, "examples": examples, **fit.arguments}
    if fit.trials:
        given["parameters"] = swept(components, task, given, fit).outputs["parameters"]
    train: Command = components[TRAIN](**given)
    train.name = TRAIN
    if fit.processes * fit.nodes > 1:
        train.distribution = PyTorchDistribution(process_count_per_instance=fit.processes)
        train.resources = JobResourceConfiguration(instance_count=fit.nodes)
    return train


def swept(
    components: Mapping[str, Component], task: Task, given: Mapping[str, object], fit: Fit
) -> SweepNode:
    """Add a sweep over the task's search space; its output is what the best trial was given."""
    wanted = task.settings.sweep
    if wanted is None:
        raise TaskError(
            f"task {task.settings.name} says not what a sweep may try: give task.yaml a part "
            "`sweep` with a search space"
        )
    space = {name: _distribution(found) for name, found in wanted.space.items()}
    trial: Command = components[TUNE](**given, **space)
    sweep = trial.sweep(primary_metric=METRIC, goal="minimize")
    # The same settings are tried again for the same seed, so that a sweep can be repeated.
    sweep.sampling_algorithm = RandomSamplingAlgorithm(seed=wanted.seed)
    sweep.set_limits(
        max_total_trials=fit.trials,
        max_concurrent_trials=min(wanted.concurrent, fit.trials),
    )
    sweep.name = "sweep"
    return sweep


def _distribution(found: Range) -> Choice | Uniform | LogUniform:
    if found.choice:
        return Choice(list(found.choice))
    if found.uniform:
        return Uniform(*found.uniform)
    # The service draws the exponent.
    low, high = found.log_uniform or (1.0, 1.0)
    return LogUniform(math.log(low), math.log(high))
