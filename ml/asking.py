"""The pipelines of a wish: the one that trains, and the one that asks whether that would help."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ml import code_version
from ml.errors import TaskError
from ml.target import Target
from ml.task import Task
from ml.workspace import RegisteredModel

if TYPE_CHECKING:
    from azure.ai.ml.entities import PipelineJob


@dataclass(frozen=True)
class Wish:
    """What was asked for; a job that is named is sent once, and followed where it is there."""

    task: str
    data: Path | None
    compute: str | None
    wait: bool
    periods: Mapping[str, str | None]
    key: str | None = None
    previous: str | None = None
    folds: int | None = None
    processes: int = 1
    nodes: int = 1
    device: str | None = None
    trials: int = 0
    job: str | None = None


@dataclass(frozen=True)
class Given:
    """What a pipeline starts from; `asked` are its periods, the task's where it is not given."""

    data: str
    key: str
    champion: RegisteredModel | None = None
    environment: str | None = None
    earlier: tuple[str, ...] = ()
    asked: Mapping[str, str] | None = None


def training(target: Target, wish: Wish, task: Task, given: Given) -> "PipelineJob":
    """Return the training pipeline; nothing is sent."""
    from ml.pipelines import train as pipeline  # noqa: PLC0415  the client takes seconds
    from ml.pipelines.fitting import Fit  # noqa: PLC0415  as above

    return pipeline.build(
        task,
        data=given.data,
        compute=wish.compute or target.compute,
        code_version=code_version.current(),
        gate=pipeline.Gate(
            key=given.key,
            compute=target.gate_compute,
            champion=given.champion.version if given.champion else None,
        ),
        environment=given.environment,
        earlier=given.earlier,
        asked=given.asked,
        fit=Fit(
            processes=wish.processes,
            nodes=wish.nodes,
            folds=wish.folds,
            device=wish.device,
            trials=wish.trials,
        ),
    )


def would_help(target: Target, wish: Wish, task: Task, given: Given) -> "PipelineJob":
    """Return the pipeline that asks whether training would help; nothing is sent.

    Raises:
        TaskError: there is no champion to compare with.
    """
    from ml.pipelines import would_help  # noqa: PLC0415  as above

    if given.champion is None:
        raise TaskError(
            f"{task.settings.model} has no champion that a new model could be better than; train "
            "the first one with `mlops train`"
        )
    return would_help.build(
        task,
        data=given.data,
        compute=wish.compute or target.compute,
        champion=given.champion.version,
        earlier=given.earlier,
        asked=given.asked,
    )
