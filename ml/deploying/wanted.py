"""What should be deployed for a task: each thing with its digest, and how it is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, cast

from azure.ai.ml import load_component
from azure.ai.ml.constants import TimeZone
from azure.ai.ml.entities import (
    Component,
    JobSchedule,
    ParallelComponent,
    PipelineComponent,
    PipelineComponentBatchDeployment,
    PipelineJob,
    RecurrenceTrigger,
)

from ml import environments
from ml.deploying import content
from ml.deploying.plan import CONTENT, MADE_BY, OURS, TASK, Item, Kind
from ml.errors import PlatformError
from ml.pipelines import release_control, retrain_control, train
from ml.refusals import explained
from ml.target import Target
from ml.task import Task
from ml.workspace import Workspace, plain

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import BatchEndpoint

EVERY_MINUTES, RETRAIN_MINUTES = 15, 60


class Defaults(Protocol):
    """What a batch endpoint runs when nobody names a deployment."""

    deployment_name: str | None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a task's pipelines run, and what they start from."""

    online: str
    batch: str
    compute: str
    gate: train.Gate
    release_compute: str
    target: Target
    data: str
    code_version: str


@dataclass
class Deployable:
    """Everything of one task; `make` has an entry for each item."""

    workspace: Workspace
    task: Task
    place: Place
    versions: Mapping[str, str] = field(default_factory=content.components)
    registered: dict[str, Component] = field(default_factory=dict)

    @property
    def client(self) -> "MLClient":
        """The Azure ML client."""
        return self.workspace.client

    @property
    def items(self) -> list[Item]:
        """What should be there."""
        known = (environments.STEPS, environments.SERVING)
        found = [
            Item(Kind.ENVIRONMENT, name, version, version)
            for name, version in (each.reference().split(":")[1:] for each in known)
        ]
        found += [
            Item(Kind.COMPONENT, f"mlops_{name}", version, version)
            for name, version in self.versions.items()
        ]
        pipeline, deployment = self.pipeline, self.deployment
        return [
            *found,
            Item(Kind.COMPONENT, f"train_{self.name}_on_arrival", pipeline, pipeline),
            Item(Kind.DEPLOYMENT, f"{self.place.batch}/{deployment}", pipeline),
            Item(Kind.DEFAULT, self.place.batch, deployment),
            Item(Kind.SCHEDULE, f"release-{self.name}", self.schedule),
            Item(Kind.SCHEDULE, f"retrain-{self.name}", self.retraining),
        ]

    @property
    def name(self) -> str:
        """The task's name."""
        return self.task.settings.name

    @property
    def pipeline(self) -> str:
        """The version of the training pipeline: of its steps, and of what it starts from."""
        gate = self.place.gate
        start = (self.place.data, self.place.compute, gate.compute, gate.key, gate.champion or "-")
        steps = self.versions.values()
        return content.digest(self.name, *steps, *start, content.graphs())

    @property
    def deployment(self) -> str:
        """The name of the batch deployment that runs it."""
        return f"train-{self.pipeline[:8]}"

    @property
    def schedule(self) -> str:
        """The digest of the schedule of release control."""
        step = self.versions[release_control.STEPS[0]]
        return content.digest(
            *(step, self.place.online, self.place.release_compute, str(EVERY_MINUTES)),
            content.graphs(),
        )

    @property
    def retraining(self) -> str:
        """The digest of the schedule of retraining: of all its code, and of where it works."""
        step = self.versions[retrain_control.STEPS[0]]
        return content.digest(step, repr(self.place.target), str(RETRAIN_MINUTES), content.graphs())

    def make(self, item: Item) -> None:
        """Make or change one thing; again is fine.

        Raises:
            PlatformError: Azure refuses.
        """
        made: dict[Kind, Callable[[Item], None]] = {
            Kind.ENVIRONMENT: self._environment,
            Kind.COMPONENT: self._component,
            Kind.DEPLOYMENT: self._deployment,
            Kind.DEFAULT: self._default,
            Kind.SCHEDULE: self._schedule,
        }
        with explained(self.workspace.place, str(item)), plain():
            made[item.kind](item)

    def _environment(self, item: Item) -> None:
        for each in (environments.STEPS, environments.SERVING):
            if each.name == item.name:
                self.workspace.ensure_environment(each.definition)

    def _component(self, item: Item) -> None:
        if item.name.startswith("mlops_"):
            name = item.name.removeprefix("mlops_")
            found = load_component(content.COMPONENTS / f"{name}.yaml")
            if isinstance(found, ParallelComponent) and found.task is not None:
                # A relative path would be read from the caller's folder; see ml.pipelines.score.
                found.task.code = str(content.COMPONENTS.parent)
        else:
            found = self._pipeline_component()
        found.name, found.version, found.tags = item.name, item.version, _tags(item)
        self.client.components.create_or_update(found)

    def _pipeline_component(self) -> PipelineComponent:
        steps = {
            name: self.client.components.get(f"mlops_{name}", version)
            for name, version in self.versions.items()
            if name in {*train.STEPS, train.ARRIVED}
        }
        job = train.build(
            self.task,
            data=self.place.data,
            compute=self.place.compute,
            code_version=self.place.code_version,
            gate=self.place.gate,
            arrival=True,
            components=steps,
        )
        found = job.component
        if not isinstance(found, PipelineComponent):
            raise PlatformError(f"the pipeline of {self.name} is {type(found).__name__}")
        return found

    def _deployment(self, item: Item) -> None:
        component = f"train_{self.name}_on_arrival"
        deployment = PipelineComponentBatchDeployment(
            name=self.deployment,
            endpoint_name=self.place.batch,
            component=self.client.components.get(component, self.pipeline).id,
            settings={"default_compute": self.place.compute},
            tags=_tags(item) | {TASK: self.name},
        )
        self.client.batch_deployments.begin_create_or_update(deployment).result()

    def _default(self, item: Item) -> None:
        endpoint = self.client.batch_endpoints.get(item.name)
        defaults_of(endpoint).deployment_name = item.content
        self.client.batch_endpoints.begin_create_or_update(endpoint).result()

    def _schedule(self, item: Item) -> None:
        job, trigger = self._retraining() if item.name.startswith("retrain-") else self._control()
        job.experiment_name = item.name
        schedule = JobSchedule(name=item.name, trigger=trigger, create_job=job, tags=_tags(item))
        self.client.schedules.begin_create_or_update(schedule).result()

    def _control(self) -> tuple[PipelineJob, RecurrenceTrigger]:
        job = release_control.build(
            self.task, endpoint=self.place.online, compute=self.place.release_compute
        )
        trigger = RecurrenceTrigger(
            frequency="minute",
            interval=EVERY_MINUTES,
            start_time=_soon(timedelta(minutes=EVERY_MINUTES)),
            time_zone=TimeZone.UTC,
        )
        return job, trigger

    def _retraining(self) -> tuple[PipelineJob, RecurrenceTrigger]:
        job = retrain_control.build(self.task, self.place.target)
        trigger = RecurrenceTrigger(
            frequency="minute",
            interval=RETRAIN_MINUTES,
            start_time=_soon(timedelta(minutes=RETRAIN_MINUTES)),
            time_zone=TimeZone.UTC,
        )
        return job, trigger


def _soon(later: timedelta) -> datetime:
    """Return when a schedule begins: one without a start runs at once, at each deployment."""
    return (datetime.now(UTC) + later).replace(tzinfo=None, microsecond=0)


def defaults_of(endpoint: "BatchEndpoint") -> Defaults:
    """Return an endpoint's defaults, which the client annotates as a dictionary and reads as this.

    Raises:
        PlatformError: it has none.
    """
    if endpoint.defaults is None:
        raise PlatformError(f"batch endpoint {endpoint.name} has no defaults; run `make up` again")
    return cast("Defaults", endpoint.defaults)


def _tags(item: Item) -> dict[str, str]:
    return {MADE_BY: OURS, CONTENT: item.content}
