"""The controller of retraining as a job: what a schedule runs, so that no laptop has to stay on."""

import json

from azure.ai.ml import dsl
from azure.ai.ml.entities import PipelineJob

from ml.pipelines.learning import component
from ml.target import Target
from ml.task import Task

STEPS = ("retrain_control",)


def build(task: Task, target: Target) -> PipelineJob:
    """Return the job that takes one turn; nothing is sent.

    It runs on the gate's cluster: whoever may send a job can have one run there, where verdicts are
    signed, so that no other identity than the gate's own may.
    """
    step = component(STEPS[0])
    inputs: dict[str, object] = {
        "endpoint": target.endpoint(task.settings.name),
        "compute": target.compute,
        "gate_compute": target.gate_compute,
        "key": target.verdict_key,
        "approval": target.approval,
        "stack": target.stack,
    }
    if target.autoscale is not None:
        inputs["autoscale"] = json.dumps(target.autoscale)

    @dsl.pipeline(None, name=f"retrain_{task.settings.name}", default_compute=target.gate_compute)
    def pipeline() -> dict[str, object]:
        control = step(task=task.settings.name, **inputs)
        return {"decisions": control.outputs.decisions}

    return pipeline()
