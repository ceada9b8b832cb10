"""Starting a release: verdict, approval, endpoint, a deployment beside what serves, a beginning."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ml import mlflow_model, workspace
from ml.archive import Archive
from ml.errors import PlatformError
from ml.promotion import Approval, requester
from ml.release import beginning, policy
from ml.release.beginning import Plan
from ml.release.crowning import crown
from ml.release.limits import Limits
from ml.release.opening import Releases, utc_now
from ml.release.patience import patiently
from ml.release.state import Ending, State
from ml.release.traffic import Traffic
from ml.target import Target
from ml.workspace import Workspace

if TYPE_CHECKING:
    from ml.verdict.keys import TrustedKeys
    from ml.workspace import RegisteredModel

    Admit = Callable[[Path, RegisteredModel, str], None]

INSTANCE = "Standard_DS3_v2"


@dataclass(frozen=True)
class Asked:
    """The model to release, where, and who agreed; `environment` asks for the approval."""

    model: str
    environment: str
    endpoint: str | None = None
    approved_by: str | None = None
    instance_type: str = INSTANCE


@dataclass(frozen=True)
class Begun:
    """A release that began, would begin, or was the first of its endpoint (`traffic`)."""

    plan: Plan
    model: "RegisteredModel"
    digest: str
    releases: Releases
    done: bool = True
    traffic: Traffic | None = None
    state: State | None = None
    approval: Approval | None = None

    @property
    def refused(self) -> bool:
        """Whether it ended with the champion as it was."""
        return self.state is not None and self.state.ending not in {None, Ending.PROMOTED}

    @property
    def document(self) -> dict[str, object]:
        """The release for programs."""
        return {
            "model": f"{self.model.name}:{self.model.version}",
            "model_digest": self.digest,
            "endpoint": self.plan.endpoint,
            "champion": self.plan.champion,
            "challenger": self.plan.challenger,
            "release": self.plan.release,
            "done": self.done,
            "requested_by": self.approval.requested_by if self.approval else None,
            "approved_by": self.approval.approved_by if self.approval else None,
            "traffic": str(self.traffic) if self.traffic else None,
            "state": self.state.model_dump(mode="json") if self.state else None,
        }


def begin(
    target: Target,
    asked: Asked,
    keys: "Callable[[], TrustedKeys]",
    say: Callable[[str], None],
    admit: "Admit",
    *,
    dry_run: bool = False,
) -> Begun:
    """Check verdict, approval and endpoint, deploy, and begin.

    Args:
        target: the workspace, its endpoints, and what it asks for.
        asked: the model.
        keys: returns whose verdicts count here.
        say: is told how far it is.
        admit: raises where the environment has more to ask of these bytes.
        dry_run: check everything, and change nothing.

    Raises:
        TaskError: the verdict, the approval or the environment does not let the model in.
        PlatformError: Azure does not answer, or refuses.
    """
    from ml.verdict import releasing  # noqa: PLC0415  clients that --help does not need

    limits = Limits.read(target.autoscale) if target.autoscale else None
    here = Workspace(target.place)
    archive = Archive(here)
    model = archive.model(asked.model)
    task = model.tags.get("task", "")
    with tempfile.TemporaryDirectory(prefix="mlops-release-") as scratch:
        folder = archive.model_folder(model, Path(scratch))
        releasing.verified(folder, model, keys(), task=task)
        digest = mlflow_model.digest(folder)
        admit(folder, model, digest)
    say(f"{model.name}:{model.version} has a passing verdict for exactly its bytes")
    approval = Approval(requester(workspace.credential()), asked.approved_by)
    approval.check(asked.environment, target.approval)
    rollout = policy.load(task)
    releases = Releases(here, task, target.endpoint(task, asked.endpoint))
    observed = patiently(releases.endpoint.read)
    challenger = beginning.deployment_of(model, digest)
    plan = beginning.plan(releases.name, challenger, observed, utc_now())
    begun = Begun(plan, model, digest, releases, done=not dry_run, approval=approval)
    if dry_run:
        return begun
    _deploy(begun, asked, limits, say)
    if plan.champion is None:
        traffic = beginning.first(releases.endpoint, plan)
        crown(here, releases.endpoint)
        return replace(begun, traffic=traffic)
    return replace(begun, state=beginning.begin(releases.controller, plan, rollout).state)


def _deploy(begun: Begun, asked: Asked, limits: Limits | None, say: Callable[[str], None]) -> None:
    from ml.serving import deploying  # noqa: PLC0415  clients that --help does not need

    plan = begun.plan
    say(f"deploying {plan.challenger} at {plan.endpoint}; this takes minutes")
    deploying.deploy(
        begun.releases.workspace,
        endpoint=plan.endpoint,
        name=plan.challenger,
        model=begun.model,
        replaces=plan.champion,
        size=deploying.Size(
            instance_type=asked.instance_type, instances=limits.min_instances if limits else 1
        ),
    )
    if limits:
        _scale(begun, limits, say)


def _scale(begun: Begun, limits: Limits, say: Callable[[str], None]) -> None:
    """Let the deployment scale; who may not say so releases it with as many as it has."""
    name = begun.plan.challenger
    try:
        patiently(lambda: begun.releases.endpoint.scale(name, limits))
    except PlatformError as error:
        say(
            f"whether {name} scales is not sure, it has {limits.min_instances} instance(s): "
            f"{error}; to set that takes Microsoft.Insights/autoscaleSettings read, write and "
            "delete on the resource group"
        )
