"""The steps from raw files to a fitted model, which every pipeline that learns begins with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from azure.ai.ml import Input, load_component
from azure.ai.ml.entities import Command, Component

from ml.pipelines.fitting import Fit, fitted
from ml.task import Task

COMPONENTS = Path(__file__).parents[1] / "components"


@dataclass
class Learning:
    """A pipeline's steps as they are added, each named as the client shows it.

    The same steps with the same inputs are reused from pipeline to pipeline, so that one that only
    asks whether training would help has fitted the model of the one that trains.
    """

    task: Task
    components: Mapping[str, Component]
    made: dict[str, Command] = field(default_factory=dict)

    @classmethod
    def of(
        cls, task: Task, steps: Iterable[str], known: Mapping[str, Component] | None = None
    ) -> Self:
        """Begin with the steps' files, or with registered components where they are known."""
        found = known or {}
        return cls(task, {name: found.get(name) or component(name) for name in steps})

    def add(self, name: str, **inputs: object) -> Command:
        """Add a step; its name is set, as the client would read it from its caller."""
        made = self.made[name] = self.components[name](task=self.task.settings.name, **inputs)
        made.name = name
        return made

    def tables(self, raw: object, earlier: Sequence[str], *, step: str = "ingest") -> object:
        """Read raw files, after each data asset whose windows are carried over; oldest first."""
        carried: dict[str, object] = {}
        for number, reference in enumerate(earlier, start=1):
            files = Input(type="uri_folder", path=reference)
            older: Command = self.components["ingest"](
                task=self.task.settings.name, raw=files, **carried
            )
            older.name = older.display_name = f"ingest_earlier_{number}"
            carried = {"previous": older.outputs["tables"]}
        read = self.add(step, raw=raw, **carried)
        read.name = "ingest"
        return read.outputs["tables"]

    def examples(self, tables: object, asked: Mapping[str, object]) -> Command:
        """Validate the tables and make examples of the periods that are asked for."""
        validate = self.add("validate", tables=tables, as_of=asked["as_of"])
        periods = {name: value for name, value in asked.items() if name != "as_of"}
        return self.add("prepare", tables=tables, report=validate.outputs["report"], **periods)

    def model(self, prepare: Command, fit: Fit) -> object:
        """Fit a model to the examples."""
        step = fitted(self.components, self.task, prepare.outputs["train"], fit)
        return step.outputs["model"]


def bounds(task: Task) -> dict[str, str]:
    """Return what a task's settings ask for, as inputs of a pipeline."""
    settings = task.settings
    return {
        "as_of": settings.data.as_of,
        "train_from": settings.split.train[0],
        "train_to": settings.split.train[1],
        "holdout_from": settings.split.holdout[0],
        "holdout_to": settings.split.holdout[1],
    }


def component(name: str) -> Component:
    """Load the component of a step."""
    return load_component(COMPONENTS / f"{name}.yaml")
