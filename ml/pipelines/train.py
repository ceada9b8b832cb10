"""The training pipeline: from raw files to a registered model, step by step as `STEPS` says."""

from dataclasses import dataclass
from pathlib import Path

from azure.ai.ml import Input, dsl, load_component
from azure.ai.ml.entities import Component, PipelineJob

from ml import environments
from ml.task import Task

COMPONENTS = Path(__file__).parents[1] / "components"
STEPS = (
    *("ingest", "validate", "prepare", "train"),
    *("evaluate", "reference", "gate", "card", "register"),
)


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Where the gate runs and who it lets in.

    `compute` is a cluster of its own, whose identity alone can sign with `key` and may register;
    training runs elsewhere, under another. `champion` is the version to beat, none before the
    first model.
    """

    key: str
    compute: str
    champion: str | None = None


def build(
    task: Task,
    *,
    data: str,
    compute: str,
    code_version: str,
    gate: Gate,
    environment: str | None = None,
) -> PipelineJob:
    """Return the job for one data asset such as `azureml:flights-raw:9b62`; nothing is sent."""
    settings = task.settings
    steps = {name: _component(name) for name in STEPS}
    lineage = {
        "environment": environment or environments.reference(),
        "code_version": code_version,
    }
    champion: dict[str, object] = {}
    if gate.champion:
        reference = f"azureml:{settings.model}:{gate.champion}"
        champion["champion"] = Input(type="mlflow_model", path=reference)
        champion["champion_version"] = gate.champion

    @dsl.pipeline(None, name=f"train_{settings.name}", default_compute=compute)
    def pipeline(  # noqa: PLR0917  the decorator makes a pipeline input of each
        raw: Input,
        as_of: str,
        train_from: str,
        train_to: str,
        holdout_from: str,
        holdout_to: str,
    ) -> dict[str, object]:
        ingest = steps["ingest"](task=settings.name, raw=raw)
        tables = ingest.outputs.tables
        validate = steps["validate"](task=settings.name, tables=tables, as_of=as_of)
        prepare = steps["prepare"](
            task=settings.name,
            tables=tables,
            report=validate.outputs.report,
            train_from=train_from,
            train_to=train_to,
            holdout_from=holdout_from,
            holdout_to=holdout_to,
        )
        train = steps["train"](task=settings.name, examples=prepare.outputs.train)
        model = train.outputs.model
        evaluate = steps["evaluate"](
            task=settings.name, model=model, holdout=prepare.outputs.holdout
        )
        reference = steps["reference"](
            task=settings.name, model=model, holdout=prepare.outputs.holdout
        )
        judged = steps["gate"](
            task=settings.name,
            model=model,
            holdout=prepare.outputs.holdout,
            key=gate.key,
            **champion,
            **lineage,
        )
        # Named here, as the parameter has the name that the step would take from its variable.
        judged.name, judged.compute = "gate", gate.compute
        card = steps["card"](
            task=settings.name,
            model=model,
            metrics=evaluate.outputs.metrics,
            holdout=prepare.outputs.holdout,
            verdict=judged.outputs.verdict,
            data_asset=data,
            **lineage,
        )
        register = steps["register"](
            task=settings.name,
            model=model,
            metrics=evaluate.outputs.metrics,
            verdict=judged.outputs.verdict,
            card=card.outputs.card,
            reference=reference.outputs.reference,
            key=gate.key,
            data_asset=data,
            **lineage,
        )
        register.compute = gate.compute
        return {
            "model": model,
            "report": validate.outputs.report,
            "metrics": evaluate.outputs.metrics,
            "verdict": judged.outputs.verdict,
            "card": card.outputs.card,
            "reference": reference.outputs.reference,
            "registration": register.outputs.registration,
        }

    split = settings.split
    return pipeline(
        raw=Input(type="uri_folder", path=data),
        as_of=settings.data.as_of,
        train_from=split.train[0],
        train_to=split.train[1],
        holdout_from=split.holdout[0],
        holdout_to=split.holdout[1],
    )


def _component(name: str) -> Component:
    return load_component(COMPONENTS / f"{name}.yaml")
