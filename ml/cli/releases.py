"""What `mlops release`, `mlops status` and `mlops rollback` do."""

import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ml import mlflow_model, workspace
from ml.archive import Archive
from ml.cli import admission, console
from ml.cli.explaining import trusted
from ml.cli.patience import patiently
from ml.cli.stack import Target
from ml.errors import PlatformError
from ml.promotion import Approval, requester
from ml.release import beginning, policy, rollback
from ml.release.beginning import Plan
from ml.release.crowning import crown
from ml.release.errors import ReleaseError
from ml.release.limits import Limits
from ml.release.opening import Releases, utc_now
from ml.release.ports import BusyError, UnavailableError
from ml.release.state import Ending, Phase, State
from ml.release.traffic import Traffic
from ml.workspace import Workspace

if TYPE_CHECKING:
    from ml.workspace import RegisteredModel

INSTANCE = "Standard_DS3_v2"


@dataclass(frozen=True)
class Wish:
    """What the command line asked for."""

    model: str
    stack: str | None
    endpoint: str | None
    approved_by: str | None
    instance_type: str
    key: str | None
    jwk: Path | None


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


@dataclass(frozen=True)
class Status:
    """An endpoint with its release, if there was one."""

    endpoint: str
    traffic: Traffic
    deployments: dict[str, str] = field(default_factory=dict)
    state: State | None = None

    @property
    def document(self) -> dict[str, object]:
        """The status for programs."""
        return {
            "endpoint": self.endpoint,
            "traffic": self.traffic.model_dump(mode="json"),
            "deployments": self.deployments,
            "release": self.state.model_dump(mode="json") if self.state else None,
        }


def begin(target: Target, wish: Wish, *, dry_run: bool) -> Begun:
    """Check verdict, approval and endpoint, deploy, and begin."""
    from ml.verdict import releasing  # noqa: PLC0415  clients that --help does not need

    limits = Limits.read(target.autoscale) if target.autoscale else None
    here = Workspace(target.place)
    archive = Archive(here)
    model = archive.model(wish.model)
    task = model.tags.get("task", "")
    with tempfile.TemporaryDirectory(prefix="mlops-release-") as scratch:
        folder = archive.model_folder(model, Path(scratch))
        releasing.verified(
            folder,
            model,
            trusted(admission.key(target, wish.stack, wish.key, wish.jwk), wish.jwk),
            task=task,
        )
        digest = mlflow_model.digest(folder)
        if wish.stack == admission.LAST:
            admission.accepted(folder, model, digest, wish.jwk)
    console.err.print(f"{model.name}:{model.version} has a passing verdict for exactly its bytes")
    approval = Approval(requester(workspace.credential()), wish.approved_by)
    approval.check(wish.stack or target.place.workspace, target.approval)
    rollout = policy.load(task)
    releases = Releases(here, task, target.endpoint(task, wish.endpoint))
    observed = patiently(releases.endpoint.read)
    challenger = beginning.deployment_of(model, digest)
    plan = beginning.plan(releases.name, challenger, observed, utc_now())
    begun = Begun(plan, model, digest, releases, done=not dry_run, approval=approval)
    if dry_run:
        return begun
    _deploy(begun, wish, limits)
    if plan.champion is None:
        traffic = beginning.first(releases.endpoint, plan)
        crown(here, releases.endpoint)
        return replace(begun, traffic=traffic)
    return replace(begun, state=beginning.begin(releases.controller, plan, rollout).state)


def _deploy(begun: Begun, wish: Wish, limits: Limits | None) -> None:
    from ml.serving import deploying  # noqa: PLC0415  clients that --help does not need

    plan = begun.plan
    console.err.print(f"deploying {plan.challenger} at {plan.endpoint}; this takes minutes")
    deploying.deploy(
        begun.releases.workspace,
        endpoint=plan.endpoint,
        name=plan.challenger,
        model=begun.model,
        replaces=plan.champion,
        size=deploying.Size(
            instance_type=wish.instance_type, instances=limits.min_instances if limits else 1
        ),
    )
    if limits:
        _scale(begun, limits)


def _scale(begun: Begun, limits: Limits) -> None:
    """Let the deployment scale; who may not say so releases it with as many as it has."""
    name = begun.plan.challenger
    try:
        patiently(lambda: begun.releases.endpoint.scale(name, limits))
    except PlatformError as error:
        console.err.print(
            f"whether {name} scales is not sure, it has {limits.min_instances} instance(s): "
            f"{error}; to set that takes Microsoft.Insights/autoscaleSettings read, write and "
            "delete on the resource group",
            style="yellow",
            markup=False,
        )


def follow(begun: Begun, every: float) -> Begun:
    """Take all steps until the release ends; another controller's turns count too."""
    told = 0
    state = begun.state
    while state is not None and state.phase not in {Phase.ENDED, Phase.WARM}:
        for decision in state.history[told:]:
            console.err.print(f"{decision.verb}: {decision.reason}", markup=False)
        told = len(state.history)
        time.sleep(every)
        with suppress(BusyError, UnavailableError):  # the next look will tell
            state = begun.releases.controller.advance().state
            crown(begun.releases.workspace, begun.releases.endpoint)
    return replace(begun, state=state)


def status(target: Target, task: str, given: str | None) -> Status:
    """Read the endpoint and its release."""
    endpoint = target.endpoint(task, given)
    releases = Releases(Workspace(target.place), task, endpoint)
    observed = patiently(releases.endpoint.read)
    stored = patiently(releases.store.load)
    there = {name: str(found) for name, found in observed.deployments.items()}
    return Status(endpoint, observed.traffic, there, stored.state if stored else None)


def roll_back(
    target: Target, task: str, given: str | None, to: str | None, reason: str, *, dry_run: bool
) -> dict[str, object]:
    """Give the champion everything, first at the endpoint and then in the release's state."""
    endpoint = target.endpoint(task, given)
    releases = Releases(Workspace(target.place), task, endpoint)
    if dry_run:
        observed = patiently(releases.endpoint.read)
        champion = to or rollback.champion_of(endpoint, observed, releases.endpoint.replaced())
        return {"endpoint": endpoint, "champion": champion, "before": str(observed.traffic),
                "after": str(Traffic.all_to(champion)), "done": False}  # fmt: skip
    done = patiently(
        lambda: rollback.roll_back(releases.endpoint, to=to, now=utc_now, sleep=time.sleep)
    )
    recorded = _record(releases, reason)
    patiently(lambda: crown(releases.workspace, releases.endpoint))
    return {
        "endpoint": endpoint,
        "champion": done.champion,
        "before": str(done.before),
        "after": str(done.after),
        "seconds": round(done.seconds, 3),
        "recorded": recorded,
        "done": True,
    }


def _record(releases: Releases, reason: str) -> str:
    """Write the rollback into the release's state; traffic is back whether or not that works."""
    try:
        state = releases.controller.roll_back(reason).state
    except (ReleaseError, PlatformError, UnavailableError) as error:
        return f"not in a release's state: {error}"
    return f"release {state.request.release} is {state.during}, {state.ending}"
