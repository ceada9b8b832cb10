"""The training pipeline: from raw files to a registered model, step by step as `STEPS` says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from azure.ai.ml import Input, dsl, load_component
from azure.ai.ml.entities import Command, Component, PipelineJob

from ml import environments
from ml.pipelines.fitting import TUNE, Fit, fitted
from ml.task import Task

COMPONENTS = Path(__file__).parents[1] / "components"
STEPS = (
    *("ingest", "validate", "prepare", "profile", "skew", "train"),
    *("evaluate", "reference", "gate", "card", "register"),
)
ARRIVED = "ingest_file"
NEWEST = {
    "train_from": "newest-2",
    "train_to": "newest-1",
    "holdout_from": "newest",
    "holdout_to": "newest",
}
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
    arrival: bool = False,
    newest: bool = False,
    components: Mapping[str, Component] | None = None,
) -> PipelineJob:
    """Return the job for one data asset such as `azureml:flights-raw:9b62`; nothing is sent.

    `earlier` are data assets, the oldest first, whose windows are carried over where the one that
    is given has none of them. With `arrival` the job waits for a file, its input `arrived`, that
    joins that data as the newest window: it learns from the two periods before the newest, which
    judges. With `newest` it does the same with the data as they are. `components` are registered
    ones that serve instead of the files'.
    """
    settings = task.settings
    known = components or {}
    steps = {name: known.get(name) or _component(name) for name in (*STEPS, ARRIVED, TUNE)}
    lineage = {
        "environment": environment or environments.reference(),
        "code_version": code_version,
    }
    champion: dict[str, object] = {}
    if gate.champion:
        reference = f"azureml:{settings.model}:{gate.champion}"
        champion["champion"] = Input(type="mlflow_model", path=reference)
        champion["champion_version"] = gate.champion

    def rest(tables: object, asked: Mapping[str, object]) -> dict[str, object]:
        """Add every step after ingest; names are set, as the client reads them from its caller."""
        made: dict[str, Command] = {}

        def add(name: str, **inputs: object) -> Command:
            made[name] = steps[name](task=settings.name, **inputs)
            made[name].name = name
            return made[name]

        validate = add("validate", tables=tables, as_of=asked["as_of"])
        bounds = {name: value for name, value in asked.items() if name != "as_of"}
        prepare = add("prepare", tables=tables, report=validate.outputs["report"], **bounds)
        add("profile", examples=prepare.outputs["train"])
        # Rates are not compared here: months after training's differ from it, as months do.
        add("skew", tables=tables)
        model = fitted(steps, task, prepare.outputs["train"], fit).outputs["model"]
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
            "report": validate.outputs["report"],
            "profile": made["profile"].outputs["profile"],
            "skew": made["skew"].outputs["report"],
            "metrics": evaluate.outputs["metrics"],
            "verdict": judged.outputs["verdict"],
            "card": card.outputs["card"],
            "reference": reference.outputs["reference"],
            "registration": register.outputs["registration"],
        }

    def carried(references: Sequence[str]) -> dict[str, object]:
        """Add a step for each data asset that is read first; return what the next one takes."""
        found: dict[str, object] = {}
        for number, reference in enumerate(references, start=1):
            files = Input(type="uri_folder", path=reference)
            older = steps["ingest"](task=settings.name, raw=files, **found)
            older.name = older.display_name = f"ingest_earlier_{number}"
            found = {"previous": older.outputs.tables}
        return found

    @dsl.pipeline(None, name=f"train_{settings.name}", default_compute=compute)
    def pipeline(  # noqa: PLR0917  the decorator makes a pipeline input of each
        raw: Input,
        as_of: str,
        train_from: str,
        train_to: str,
        holdout_from: str,
        holdout_to: str,
    ) -> dict[str, object]:
        first = steps["ingest"](task=settings.name, raw=raw, **carried(earlier))
        first.name = "ingest"
        asked = {
            "as_of": as_of,
            "train_from": train_from,
            "train_to": train_to,
            "holdout_from": holdout_from,
            "holdout_to": holdout_to,
        }
        return rest(first.outputs.tables, asked)

    def on_arrival(arrived: Input, as_of: str = "now") -> dict[str, object]:
        first = steps["ingest_file"](task=settings.name, raw=arrived, **carried((*earlier, data)))
        first.name = "ingest"
        return rest(first.outputs.tables, {"as_of": as_of, **NEWEST})

    if arrival:
        # The client reads from here that it is a file; as an annotation that would be no type.
        on_arrival.__annotations__["arrived"] = Input(type="uri_file")
        name = f"train_{settings.name}_on_arrival"
        waiting = dsl.pipeline(None, name=name, default_compute=compute)(on_arrival)
        return waiting(arrived=Input(type="uri_file"))
    files, split = Input(type="uri_folder", path=data), settings.split
    if newest:
        return pipeline(raw=files, as_of="now", **NEWEST)
    return pipeline(
        raw=files,
        as_of=settings.data.as_of,
        train_from=split.train[0],
        train_to=split.train[1],
        holdout_from=split.holdout[0],
        holdout_to=split.holdout[1],
    )


def _component(name: str) -> Component:
    return load_component(COMPONENTS / f"{name}.yaml")
