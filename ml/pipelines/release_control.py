"""The controller of releases as a job: what a schedule runs, so that no laptop has to stay on."""

from pathlib import Path

from azure.ai.ml import dsl, load_component
from azure.ai.ml.entities import PipelineJob

from ml.task import Task

COMPONENTS = Path(__file__).parents[1] / "components"
STEPS = ("release_control",)


def build(task: Task, *, endpoint: str, compute: str) -> PipelineJob:
    """Return the job that takes one turn; nothing is sent.

    `compute` is a cluster whose identity may change the endpoint and write the releases' state;
    what trains may do neither.
    """
    step = load_component(COMPONENTS / "release_control.yaml")

    @dsl.pipeline(None, name=f"release_{task.settings.name}", default_compute=compute)
    def pipeline(endpoint: str) -> dict[str, object]:
        control = step(task=task.settings.name, endpoint=endpoint)
        return {"decisions": control.outputs.decisions}

    return pipeline(endpoint=endpoint)
