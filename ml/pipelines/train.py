"""The training pipeline: from raw files to a registered model, step by step as `STEPS` says."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from azure.ai.ml import Input, dsl, load_component
from azure.ai.ml.entities import Component, PipelineJob

from ml import environments
from ml.pipelines.fitting import TUNE, Fit, fitted
from ml.task import Task

COMPONENTS = Path(__file__).parents[1] / "components"
STEPS = (
    *("ingest", "validate", "prepare", "profile", "skew", "train"),
    *("evaluate", "reference", "gate", "card", "register"),
)
ALONE = Fit()


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
    earlier: Sequence[str] = (),
    fit: Fit = ALONE,
) -> PipelineJob:
    """Return the job for one data asset such as `azureml:flights-raw:9b62`; nothing is sent.

    `earlier` are data assets, the oldest first, whose windows are carried over where the one that
    is given has none of them.
    """
    settings = task.settings
    steps = {name: _component(name) for name in (*STEPS, TUNE)}
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
        carried: dict[str, object] = {}
        for number, reference in enumerate(earlier, start=1):
            files = Input(type="uri_folder", path=reference)
            older = steps["ingest"](task=settings.name, raw=files, **carried)
            older.name = older.display_name = f"ingest_earlier_{number}"
            carried = {"previous": older.outputs.tables}
        ingest = steps["ingest"](task=settings.name, raw=raw, **carried)
        ingest.name = "ingest"
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
        profile = steps["profile"](task=settings.name, examples=prepare.outputs.train)
        # Rates are not compared here: months after training's differ from it, as months do.
        skew = steps["skew"](task=settings.name, tables=tables)
        model = fitted(steps, task, prepare.outputs.train, fit).outputs["model"]
        evaluate = steps["evaluate"](
            task=settings.name,
            model=model,
            holdout=prepare.outputs.holdout,
            skew=skew.outputs.report,
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
            "profile": profile.outputs.profile,
            "skew": skew.outputs.report,
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
