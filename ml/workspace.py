"""The one place that talks to Azure ML: data, environments, jobs and models of a workspace."""

import io
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ml.data import manifest
from ml.place import Place
from ml.refusals import explained

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import PipelineJob
    from azure.core.credentials import TokenCredential

TERMINAL = frozenset({"Completed", "Failed", "Canceled", "NotResponding"})
DIGEST = "model_digest"
_REUSED, _PREVIOUS = "azureml.isreused", "previous"


@dataclass(frozen=True)
class Run:
    """A job or one of its steps; a reused step took over what an earlier job's had made."""

    name: str
    title: str
    status: str
    created: str = ""
    experiment: str = ""
    reused: bool = False

    @property
    def ended(self) -> bool:
        """Whether its status is final."""
        return self.status in TERMINAL


@dataclass(frozen=True)
class RegisteredModel:
    """One version of a model; `new` is False where these bytes had been registered before."""

    name: str
    version: str
    tags: Mapping[str, str]
    created: str = ""
    new: bool = False


@dataclass(frozen=True)
class DataVersion:
    """One version of a data asset; `new` says whether it was uploaded just now.

    `previous` is the version whose windows count where this one has none of them.
    """

    name: str
    version: str
    new: bool
    previous: str | None = None

    @property
    def reference(self) -> str:
        """How a job names it."""
        return f"azureml:{self.name}:{self.version}"


@dataclass(frozen=True)
class Workspace:
    """A workspace; the client is made when it is first needed, because its import takes seconds."""

    place: Place
    connect: "Callable[[Place], MLClient]" = field(default_factory=lambda: _connect)

    @cached_property
    def client(self) -> "MLClient":
        """The Azure ML client."""
        return self.connect(self.place)

    def data_versions(self, name: str) -> list[DataVersion]:
        """Return the versions of a data asset, newest first."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415  as above

        with explained(self.place):
            try:
                found = sorted(self.client.data.list(name=name), key=_created, reverse=True)
            except ResourceNotFoundError:
                return []
        return [
            DataVersion(
                name,
                str(getattr(one, "version", "")),
                new=False,
                previous=(getattr(one, "tags", None) or {}).get(_PREVIOUS),
            )
            for one in found
        ]

    def ensure_data(
        self, name: str, folder: Path, description: str, previous: str | None = None
    ) -> DataVersion:
        """Register a folder under the hash of its content; what is there is not sent again."""
        version = manifest.data_version(manifest.sources_of(folder))
        from azure.ai.ml.entities import Data  # noqa: PLC0415  takes seconds, see the class
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415  as above

        with explained(self.place):
            try:
                self.client.data.get(name, version=version)
            except ResourceNotFoundError:
                wanted = Data(
                    name=name,
                    version=version,
                    path=str(folder),
                    type="uri_folder",
                    description=description,
                    tags={"content": version, **({_PREVIOUS: previous} if previous else {})},
                )
                with plain():
                    self.client.data.create_or_update(wanted)
                return DataVersion(name, version, new=True, previous=previous)
        return DataVersion(name, version, new=False)

    def ensure_environment(self, definition: Path) -> str:
        """Register the environment of a YAML file once and return how components name it."""
        from azure.ai.ml import load_environment  # noqa: PLC0415  as above
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415  as above

        wanted = load_environment(definition)
        name, version = str(wanted.name), str(wanted.version)
        with explained(self.place):
            try:
                self.client.environments.get(name, version=version)
            except ResourceNotFoundError:
                self.client.environments.create_or_update(wanted)
        return f"azureml:{name}:{version}"

    def submit(self, job: "PipelineJob", experiment: str) -> Run:
        """Send a job and return it; it runs on without us."""
        with explained(self.place), plain():
            return _run(self.client.jobs.create_or_update(job, experiment_name=experiment))

    def job(self, name: str) -> Run:
        """Return a job with its present status."""
        with explained(self.place, f"job {name}"):
            return _run(self.client.jobs.get(name))

    def job_if_there(self, name: str) -> Run | None:
        """Return a job, or nothing where none of this name was ever sent."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415  see the class

        with explained(self.place, f"job {name}"):
            try:
                return _run(self.client.jobs.get(name))
            except ResourceNotFoundError:
                return None

    def steps(self, job: str) -> list[Run]:
        """Return the steps that a pipeline has started so far."""
        with explained(self.place, f"job {job}"):
            return [_run(child) for child in self.client.jobs.list(parent_job_name=job)]

    def jobs(self, limit: int) -> list[Run]:
        """Return the latest jobs, newest first."""
        with explained(self.place):
            found = [_run(job) for job in islice(self.client.jobs.list(), limit)]
        return sorted(found, key=lambda run: run.created, reverse=True)

    def cancel(self, job: str) -> None:
        """Ask a job to stop."""
        with explained(self.place, f"job {job}"):
            self.client.jobs.begin_cancel(job)

    def models(self, name: str | None, limit: int) -> list[RegisteredModel]:
        """Return the versions of a model, or the latest of each, newest first."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415  as above

        with explained(self.place):
            try:
                if name:
                    found = [_model(model) for model in self.client.models.list(name=name)]
                else:
                    named = (str(model.name) for model in self.client.models.list())
                    found = [
                        _model(version)
                        for each in sorted(set(named))
                        for version in self.client.models.list(name=each)
                    ]
            except ResourceNotFoundError:
                return []
        return sorted(found, key=lambda model: model.created, reverse=True)[:limit]

    def register_model(
        self, name: str, folder: Path, digest: str, tags: Mapping[str, str], description: str
    ) -> RegisteredModel:
        """Register a model folder; the same bytes stay one version however often this is asked."""
        from azure.ai.ml.entities import Model  # noqa: PLC0415  as above

        for known in self.models(name, limit=1000):
            if known.tags.get(DIGEST) == digest:
                return known
        with explained(self.place):
            made = self.client.models.create_or_update(
                Model(
                    name=name,
                    path=str(folder),
                    type="mlflow_model",
                    description=description,
                    tags={DIGEST: digest, **tags},
                )
            )
        return RegisteredModel(
            str(made.name), str(made.version), dict(made.tags or {}), _created(made), new=True
        )

    def log(self, run: str) -> list[str]:
        """Return the lines of what a finished step printed; nothing where it never started."""
        with tempfile.TemporaryDirectory(prefix="mlops-logs-") as folder, explained(self.place):
            self.client.jobs.download(run, download_path=folder)
            files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
            # One file, or one for each process of a distributed step.
            said = [path for path in files if path.name.startswith("std_log")] or files[-1:]
            return [
                line
                for path in said
                for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
            ]


def in_job() -> Workspace:
    """Return the workspace that the running job belongs to."""
    from ml import place  # noqa: PLC0415  only jobs need it

    return Workspace(place.from_environment())


def credential() -> "TokenCredential":
    """Return the managed identity inside a job, elsewhere what the person or CI signed in with."""
    from azure.identity import (  # noqa: PLC0415  most of a second that --help does not need
        DefaultAzureCredential,
        ManagedIdentityCredential,
    )

    if os.environ.get("AZUREML_RUN_ID"):
        return ManagedIdentityCredential(client_id=os.environ.get("DEFAULT_IDENTITY_CLIENT_ID"))
    return DefaultAzureCredential()


@contextmanager
def plain() -> Generator[None, None, None]:
    """Keep the client's colour codes and empty lines out of logs; a terminal gets its bars."""
    if sys.stderr.isatty():
        yield
        return
    with redirect_stderr(io.StringIO()):
        yield


def _connect(place: Place) -> "MLClient":
    for chatty in ("azure", "azure.identity", "azure.ai.ml"):
        logging.getLogger(chatty).setLevel(logging.ERROR)  # errors reach the user as one sentence
    from azure.ai.ml import MLClient  # noqa: PLC0415  takes seconds, see the class

    return MLClient(
        credential(),
        place.subscription,
        place.resource_group,
        place.workspace,
        enable_telemetry=False,
        show_progress=sys.stderr.isatty(),  # a bar redrawn in a log is a wall of characters
    )


def _created(entity: object) -> str:
    context = getattr(entity, "creation_context", None)
    moment: object = getattr(context, "created_at", None)
    return moment.isoformat() if isinstance(moment, datetime) else str(moment or "")


def _run(job: object) -> Run:
    name = str(getattr(job, "name", ""))
    return Run(
        name=name,
        title=str(getattr(job, "display_name", None) or name),
        status=_status(getattr(job, "status", None)),
        created=_created(job),
        experiment=str(getattr(job, "experiment_name", None) or ""),
        reused=str((getattr(job, "properties", None) or {}).get(_REUSED, "")).lower() == "true",
    )


def _status(status: object) -> str:
    # The client gives a plain word for some kinds of jobs and an enumeration for others.
    word = status.value if isinstance(status, Enum) else status
    return str(word or "NotStarted")


def _model(model: object) -> RegisteredModel:
    tags = getattr(model, "tags", None) or {}
    return RegisteredModel(
        str(getattr(model, "name", "")),
        str(getattr(model, "version", "")),
        {str(name): str(value) for name, value in tags.items()},
        _created(model),
    )
