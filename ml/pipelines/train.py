"""The training pipeline: from raw files to a registered model, step by step as `STEPS` says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from azure.ai.ml import Input, dsl
from azure.ai.ml.entities import Component, PipelineJob

from ml import environments
from ml.pipelines.fitting import ALONE, TUNE, Fit
from ml.pipelines.learning import Learning, bounds
from ml.steps.prepare import newest
from ml.task import Task

STEPS = (
    *("ingest", "validate", "prepare", "profile", "skew", "train"),
    *("evaluate", "reference", "gate", "card", "register"),
)
ARRIVED = "ingest_file"
NEWEST = newest(2)


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
    asked: Mapping[str, str] | None = None,
    arrival: bool = False,
    components: Mapping[str, Component] | None = None,
) -> PipelineJob:
    """Return the job for one data asset such as `azureml:flights-raw:9b62`; nothing is sent.

    `earlier` are data assets, the oldest first, whose windows are carried over where the one that
    is given has none of them. With `arrival` the job waits for a file, its input `arrived`, that
    joins that data as the newest window: it learns from the two periods before the newest, which
    judges. Without, `asked` says what to learn from, and the task's settings where it is not given.
    `components` are registered ones that serve instead of the files'.
    """
    settings = task.settings
    lineage = {
        "environment": environment or environments.reference(),
        "code_version": code_version,
    }
    champion: dict[str, object] = {}
    if gate.champion:
        reference = f"azureml:{settings.model}:{gate.champion}"
        champion["champion"] = Input(type="mlflow_model", path=reference)
        champion["champion_version"] = gate.champion

    def rest(learning: Learning, tables: object, given: Mapping[str, object]) -> dict[str, object]:
        """Add every step after ingest."""
        add, made = learning.add, learning.made
        prepare = learning.examples(tables, given)
        add("profile", examples=prepare.outputs["train"])
        # Rates are not compared here: months after training's differ from it, as months do.
        add("skew", tables=tables)
        model = learning.model(prepare, fit)
        judged_on = {"model": model, "holdout": prepare.outputs["holdout"]}
        evaluate = add("evaluate", **judged_on, skew=made["skew"].outputs["report"])
        reference = add("reference", **judged_on)
        judged = add("gate", **judged_on, key=gate.key, **champion, **lineage)
        shown = {"metrics": evaluate.outputs["metrics"], "verdict": judged.outputs["verdict"]}
        card = add("card", **judged_on, **shown, data_asset=data, **lineage)
        register = add(
            "register",
            model=model,
            **shown,
            card=card.outputs["card"],
            reference=reference.outputs["reference"],
            key=gate.key,
            data_asset=data,
            **lineage,
        )
        judged.compute = register.compute = gate.compute
        return {
            "model": model,
            "report": made["validate"].outputs["report"],
            "profile": made["profile"].outputs["profile"],
            "skew": made["skew"].outputs["report"],
            "metrics": evaluate.outputs["metrics"],
            "verdict": judged.outputs["verdict"],
            "card": card.outputs["card"],
            "reference": reference.outputs["reference"],
            "registration": register.outputs["registration"],
        }

    learning = Learning.of(task, (*STEPS, ARRIVED, TUNE), components)

    @dsl.pipeline(None, name=f"train_{settings.name}", default_compute=compute)
    def pipeline(  # noqa: PLR0917  the decorator makes a pipeline input of each
        raw: Input,
        as_of: str,
        train_from: str,
        train_to: str,
        holdout_from: str,
        holdout_to: str,
    ) -> dict[str, object]:
        given = {
            "as_of": as_of,
            "train_from": train_from,
            "train_to": train_to,
            "holdout_from": holdout_from,
            "holdout_to": holdout_to,
        }
        return rest(learning, learning.tables(raw, earlier), given)

    def on_arrival(arrived: Input, as_of: str = "now") -> dict[str, object]:
        tables = learning.tables(arrived, (*earlier, data), step=ARRIVED)
        return rest(learning, tables, {"as_of": as_of, **NEWEST})

    if arrival:
        # The client reads from here that it is a file; as an annotation that would be no type.
        on_arrival.__annotations__["arrived"] = Input(type="uri_file")
        name = f"train_{settings.name}_on_arrival"
        waiting = dsl.pipeline(None, name=name, default_compute=compute)(on_arrival)
        return waiting(arrived=Input(type="uri_file"))
    files = Input(type="uri_folder", path=data)
    return pipeline(raw=files, **(asked or bounds(task)))
