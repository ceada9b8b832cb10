"""The scoring pipeline: ingest, validate, prepare, score in parallel, merge."""

from dataclasses import dataclass
from pathlib import Path

from azure.ai.ml import Input, Output, dsl, load_component
from azure.ai.ml.entities import Component, ParallelComponent, PipelineJob

from ml.scoring.plan import Model
from ml.task import Task

PACKAGE = Path(__file__).parents[1]
COMPONENTS = PACKAGE / "components"
STEPS = ("ingest", "score_validate", "score_prepare", "score", "score_merge")


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much happens at once: processes of each node, nodes, and rows of a mini-batch."""

    nodes: int = 1
    processes: int = 2
    batch_rows: int = 50_000


def build(
    task: Task,
    *,
    data: str,
    model: Model,
    compute: str,
    as_of: str,
    kept: str | None = None,
    size: Size | None = None,
) -> PipelineJob:
    """Return the job that scores one data asset by one registered model; nothing is sent.

    `kept` is a folder such as azureml://datastores/workspaceblobstore/paths/scoring/flights: the
    scores of mini-batches stay there, and a later job goes on where one was lost. Without it, only
    the processes and mini-batches of one and the same job are started again.
    """
    settings, size = task.settings, size or Size()
    steps = {name: _component(name) for name in STEPS}

    @dsl.pipeline(None, name=f"score_{settings.name}", default_compute=compute)
    def pipeline(  # noqa: PLR0917  the decorator makes a pipeline input of each
        raw: Input,
        as_of: str,
        model: Input,
        model_name: str,
        model_version: str,
        model_digest: str,
        batch_rows: int,
    ) -> dict[str, object]:
        ingest = steps["ingest"](task=settings.name, raw=raw)
        tables = ingest.outputs.tables
        validate = steps["score_validate"](task=settings.name, tables=tables, as_of=as_of)
        validate.name = "score_validate"
        prepare = steps["score_prepare"](
            task=settings.name, tables=tables, report=validate.outputs.report, batch_rows=batch_rows
        )
        prepare.name = "score_prepare"
        told = {
            "model_name": model_name,
            "model_version": model_version,
            "model_digest": model_digest,
        }
        batches, plan = prepare.outputs.batches, prepare.outputs.plan
        score = steps["score"](batches=batches, plan=plan, model=model, **told)
        score.max_concurrency_per_instance = size.processes
        score.resources = {"instance_count": size.nodes}
        if kept:
            score.outputs.scores = Output(type="uri_folder", path=kept, mode="rw_mount")
        merge = steps["score_merge"](
            task=settings.name, batches=batches, plan=plan, scores=score.outputs.scores, **told
        )
        merge.name = "score_merge"
        return {"report": validate.outputs.report, "merged": merge.outputs.merged}

    return pipeline(
        raw=Input(type="uri_folder", path=data),
        as_of=as_of,
        model=Input(type="mlflow_model", path=f"azureml:{model.name}:{model.version}"),
        model_name=model.name,
        model_version=model.version,
        model_digest=model.digest,
        batch_rows=size.batch_rows,
    )


def _component(name: str) -> Component:
    """Read one step."""
    found = load_component(COMPONENTS / f"{name}.yaml")
    if isinstance(found, ParallelComponent) and found.task is not None:
        # The client copies a parallel component's task to its node, and there reads a relative
        # path from the caller's folder: it would upload whatever is above that.
        found.task.code = str(PACKAGE)
    return found
