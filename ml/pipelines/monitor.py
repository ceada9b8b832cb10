"""The monitor as a job, and as a job that a schedule runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from azure.ai.ml import Input, Output, dsl, load_component
from azure.ai.ml.constants import AssetTypes, InputOutputModes, TimeZone
from azure.ai.ml.entities import JobSchedule, PipelineJob, RecurrencePattern, RecurrenceTrigger

from ml import collected
from ml.task import Task

COMPONENT = Path(__file__).parents[1] / "components" / "monitor.yaml"
STEPS = ("monitor",)
STORE = "azureml://datastores/workspaceblobstore/paths"
HOURS = "monitoring"  # where counted hours stay, by endpoint


@dataclass(frozen=True, kw_only=True)
class Champion:
    """The registered model that serves, and the deployments that serve it."""

    name: str
    version: str
    deployments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Found:
    """Which folders there are: Azure ML mounts no folder that nobody has written to yet."""

    labels: bool = True
    earlier: bool = False


def hours_of(endpoint: str) -> str:
    """Return the folder of counted hours, in the workspace's container."""
    return f"{HOURS}/{endpoint}/"


def build(
    task: Task,
    *,
    endpoint: str,
    champion: Champion,
    compute: str,
    days: tuple[date | None, date | None] = (None, None),
    found: Found | None = None,
) -> PipelineJob:
    """Return the job that looks at an endpoint's days; nothing is sent.

    Without days it looks at the policy's window up to the day before it runs.
    """
    step = load_component(COMPONENT)
    inputs = inputs_of(task, endpoint, champion, found or Found())
    for name, day in zip(("first", "last"), days, strict=True):
        if day is not None:
            inputs[name] = day.isoformat()

    @dsl.pipeline(None, name=f"monitor_{task.settings.name}", default_compute=compute)
    def pipeline() -> dict[str, object]:
        monitor = step(**inputs)
        monitor.outputs.hours = Output(
            type=AssetTypes.URI_FOLDER,
            path=f"{STORE}/{hours_of(endpoint)}",
            mode=InputOutputModes.RW_MOUNT,
        )
        return {"findings": monitor.outputs.findings, "signal": monitor.outputs.signal_metrics}

    return pipeline()


def on_schedule(name: str, job: PipelineJob, *, at: tuple[int, int], start: date) -> JobSchedule:
    """Return the schedule that runs the job once a day, in UTC; nothing is sent.

    `start` is there because a schedule without one runs at once.
    """
    hour, minute = at
    return JobSchedule(
        name=name,
        trigger=RecurrenceTrigger(
            frequency="day",
            interval=1,
            schedule=RecurrencePattern(hours=hour, minutes=minute),
            start_time=f"{start:%Y-%m-%d}T{hour:02d}:{minute:02d}:00",
            time_zone=TimeZone.UTC,
        ),
        create_job=job,
    )


def inputs_of(
    task: Task, endpoint: str, champion: Champion, found: Found
) -> "dict[str, str | Input]":
    """Return what the component is given; the days are the caller's."""
    folders: Mapping[str, str] = {
        "collected": f"{collected.PREFIX}/{endpoint}/",
        **({"labels": f"{collected.LABELS}/{endpoint}/"} if found.labels else {}),
        **({"earlier": hours_of(endpoint)} if found.earlier else {}),
    }
    model = f"{champion.name}:{champion.version}"
    return {
        "task": task.settings.name,
        "endpoint": endpoint,
        "deployments": ",".join(champion.deployments),
        "model": Input(type=AssetTypes.MLFLOW_MODEL, path=f"azureml:{model}"),
        "model_name": model,
        **{
            name: Input(type=AssetTypes.URI_FOLDER, path=f"{STORE}/{folder}")
            for name, folder in folders.items()
        },
    }
