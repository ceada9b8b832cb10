"""What `mlops release`, `mlops status` and `mlops rollback` do."""

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ml.cli import admission, console
from ml.cli.explaining import trusted
from ml.errors import PlatformError
from ml.release import rollback, starting
from ml.release.crowning import crown
from ml.release.errors import ReleaseError
from ml.release.opening import Releases, utc_now
from ml.release.patience import patiently
from ml.release.ports import BusyError, UnavailableError
from ml.release.starting import Begun
from ml.release.state import Phase, State
from ml.release.traffic import Traffic
from ml.target import Target
from ml.workspace import Workspace

if TYPE_CHECKING:
    from ml.verdict.keys import TrustedKeys
    from ml.workspace import RegisteredModel


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
    asked = starting.Asked(
        wish.model,
        wish.stack or target.place.workspace,
        wish.endpoint,
        wish.approved_by,
        wish.instance_type,
    )

    def keys() -> "TrustedKeys":
        return trusted(admission.key(target, wish.stack, wish.key, wish.jwk), wish.jwk)

    def accepted(folder: Path, model: "RegisteredModel", digest: str) -> None:
        if wish.stack == admission.LAST:
            admission.accepted(folder, model, digest, wish.jwk)

    return starting.begin(target, asked, keys, console.say, accepted, dry_run=dry_run)


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
