"""Would training help? The training pipeline as far as its model, held against the champion."""

from collections.abc import Mapping, Sequence

from azure.ai.ml import Input, dsl
from azure.ai.ml.entities import PipelineJob

from ml.pipelines.fitting import ALONE, TUNE
from ml.pipelines.learning import Learning, bounds
from ml.steps.would_help import OUTPUT
from ml.task import Task

STEPS = ("ingest", "validate", "prepare", "train", "would_help")


def build(
    task: Task,
    *,
    data: str,
    compute: str,
    champion: str,
    earlier: Sequence[str] = (),
    asked: Mapping[str, str] | None = None,
) -> PipelineJob:
    """Return the job that trains a model which nobody registers, and asks; nothing is sent.

    Args:
        task: what is learned.
        data: the data asset.
        compute: the cluster; nothing here needs the gate's.
        champion: the version that serves.
        earlier: data assets whose windows are carried over, the oldest first.
        asked: what to learn from and to compare on; the task's settings where it is not given.
    """
    settings = task.settings

    @dsl.pipeline(None, name=f"would_help_{settings.name}", default_compute=compute)
    def pipeline(  # noqa: PLR0917  the decorator makes a pipeline input of each
        raw: Input,
        as_of: str,
        train_from: str,
        train_to: str,
        holdout_from: str,
        holdout_to: str,
    ) -> dict[str, object]:
        learning = Learning.of(task, (*STEPS, TUNE))
        given = {
            "as_of": as_of,
            "train_from": train_from,
            "train_to": train_to,
            "holdout_from": holdout_from,
            "holdout_to": holdout_to,
        }
        prepare = learning.examples(learning.tables(raw, earlier), given)
        asks = learning.add(
            "would_help",
            model=learning.model(prepare, ALONE),
            holdout=prepare.outputs["holdout"],
            champion=Input(type="mlflow_model", path=f"azureml:{settings.model}:{champion}"),
        )
        return {OUTPUT: asks.outputs[OUTPUT]}

    return pipeline(raw=Input(type="uri_folder", path=data), **(asked or bounds(task)))
