"""Experiments and metrics as MLflow's JSON has them, and the parts of its requests."""

from collections.abc import Mapping

from emulator.azureml.runs import Experiment
from emulator.tracking.metrics import Metric, number

_PAGE = 1000


def metric_json(metric: Metric) -> dict:
    return {
        "key": metric.key,
        "value": number(metric.value),
        "timestamp": metric.timestamp,
        "step": metric.step,
    }


def experiment_json(experiment: Experiment) -> dict:
    return {
        "experiment_id": experiment.id,
        "name": experiment.name,
        "artifact_location": "",
        "lifecycle_stage": experiment.stage,
        "creation_time": int(experiment.created * 1000),
        "last_update_time": int(experiment.created * 1000),
        "tags": [{"key": k, "value": str(v)} for k, v in experiment.tags.items()],
    }


def pairs(items: object) -> dict[str, str]:
    return (
        {str(i["key"]): str(i.get("value", "")) for i in items if "key" in i}
        if isinstance(items, list)
        else {}
    )


def texts(value: object) -> list[str]:
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def limit(request: Mapping, default: int = _PAGE) -> int:
    return min(int(request.get("max_results") or default), 50_000)
