"""The second half of promoting to staging: deploy the model there, test it, and keep the result."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ml import code_version, environments, mlflow_model
from ml.acceptance import check, kept
from ml.acceptance.errors import AcceptanceError
from ml.archive import Archive
from ml.cli import console
from ml.cli.follow import Progress, follow
from ml.errors import PlatformError
from ml.release.beginning import deployment_of
from ml.release.evidence import Readiness
from ml.release.patience import patiently
from ml.release.ports import ChangedError, UnavailableError
from ml.target import Target
from ml.workspace import RegisteredModel, Workspace

if TYPE_CHECKING:
    from ml.acceptance.document import Acceptance
    from ml.release.azure.endpoint import AzureEndpoint
    from ml.verdict.keys import TrustedKeys

TAIL = 30
WHOLE = 100


@dataclass(frozen=True)
class Tests:
    """Where a registered model is tested, with which key the result is signed, and who checks."""

    target: Target
    model: RegisteredModel
    digest: str
    key: str
    keys: "TrustedKeys"
    instance_type: str

    @property
    def task(self) -> str:
        """The model's task."""
        return self.model.tags.get("task", "")

    @property
    def endpoint(self) -> str:
        """The online endpoint of the model's task."""
        return self.target.endpoint(self.task)

    @property
    def deployment(self) -> str:
        """The deployment that serves the model there, as a release would name it."""
        return deployment_of(self.model, self.digest)

    def __str__(self) -> str:
        return (
            f"deploy it at {self.endpoint} without traffic, test it on {self.target.gate_compute}, "
            f"and sign the result with {self.key}"
        )


def key_of(stack: str, target: Target) -> str:
    """Return the key with which an environment signs.

    Raises:
        PlatformError: it has none.
    """
    if target.verdict_key is None:
        raise PlatformError(
            f"stack {stack} exports no verdict_key, so that nothing tested there can be signed or "
            f"checked; run `make up STACK={stack}`"
        )
    return target.verdict_key


def accept(tests: Tests) -> "Acceptance":
    """Test a registered model, unless a result that holds is there; return that.

    Raises:
        AcceptanceError: it did not pass; its deployment is gone, unless it gets requests.
        PlatformError: the tests could not be run.
    """
    here, say = Workspace(tests.target.place), console.err.print
    archive, model = Archive(here), tests.model
    with tempfile.TemporaryDirectory(prefix="mlops-accept-") as scratch:
        folder = archive.model_folder(model, Path(scratch))
        if mlflow_model.digest(folder) != tests.digest:
            raise PlatformError(
                f"{model.name}:{model.version} in {here.place} holds other bytes than it was "
                "promoted with; archive it, and promote again"
            )
        wanted = check.Wanted.of(folder, model, here.place)
        try:
            found = check.passing(kept.newest(archive, model, tests.digest), tests.keys, wanted)
        except AcceptanceError as before:
            say(f"to be tested: {before.reasons[0]}", markup=False)
        else:
            say(f"tested by job {found.job} already")
            return found
        try:
            _deploy(here, tests)
        except PlatformError:
            seen = patiently(_endpoint(here, tests).read)
            if seen.deployments.get(tests.deployment) is Readiness.FAILED:
                _take_down(here, tests)
            raise
        try:
            _test(here, tests)
            now = check.Wanted.of(folder, model, here.place)
            return check.passing(kept.newest(archive, model, tests.digest), tests.keys, now)
        except (AcceptanceError, PlatformError):
            _take_down(here, tests)
            raise


def _deploy(here: Workspace, tests: Tests) -> None:
    from ml.serving import deploying  # noqa: PLC0415  clients that --help does not need

    name, live = tests.deployment, patiently(_endpoint(here, tests).read).traffic.live
    console.err.print(f"deploying {name} at {tests.endpoint}; this takes minutes")
    deploying.deploy(
        here,
        endpoint=tests.endpoint,
        name=name,
        model=tests.model,
        replaces=next((one for one, share in live.items() if share == WHOLE and one != name), None),
        size=deploying.Size(instance_type=tests.instance_type),
    )


def _test(here: Workspace, tests: Tests) -> None:
    """Run the job to its end."""
    from ml.pipelines import accept as pipeline  # noqa: PLC0415  the client's import takes seconds

    say, model = console.err.print, tests.model
    task = model.tags.get("task", "")
    job = here.submit(
        pipeline.build(
            pipeline.Subject(
                task=task,
                name=model.name,
                version=model.version,
                digest=tests.digest,
                endpoint=tests.endpoint,
                deployment=tests.deployment,
            ),
            key=tests.key,
            compute=tests.target.gate_compute,
            environment=here.ensure_environment(environments.DEFINITION),
            code_version=code_version.current(),
        ),
        task,
    )
    say(f"job {job.name} sent to {tests.target.gate_compute}")
    progress = Progress.of(pipeline.STEPS)
    ended = follow(here, job, progress, console.err, time.sleep).job or job
    if ended.status != "Completed":
        for step in progress.failed:
            for line in here.log(step.run)[-TAIL:]:
                say(f"  {line}", markup=False)
        raise PlatformError(f"job {job.name} is {ended.status}, so that nothing was tested")


def _take_down(here: Workspace, tests: Tests) -> None:
    """Delete the deployment; one that gets requests stays, whoever gave it those."""
    say = console.err.print
    try:
        _endpoint(here, tests).retire(tests.deployment)
    except (ChangedError, UnavailableError) as error:
        say(f"{tests.deployment} stays at {tests.endpoint}: {error}", markup=False)
    else:
        say(f"{tests.deployment} is taken down")


def _endpoint(here: Workspace, tests: Tests) -> "AzureEndpoint":
    from ml.release.opening import Releases  # noqa: PLC0415  as above

    return Releases(here, tests.task, tests.endpoint).endpoint
