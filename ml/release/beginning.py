"""What stands between a registered model and its release: verdict, approval, a deployment."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ml.release.controller import Controller, Progress
from ml.release.errors import ReleaseError
from ml.release.evidence import Observed, Readiness
from ml.release.policy import Policy
from ml.release.ports import Endpoint
from ml.release.state import Request
from ml.release.traffic import WHOLE, Traffic

if TYPE_CHECKING:
    from ml.workspace import RegisteredModel

_LONGEST = 32
_NAME = re.compile(r"[^a-z0-9-]+")


@dataclass(frozen=True)
class Plan:
    """A release as it will be: `champion` is None where nothing has served yet."""

    endpoint: str
    champion: str | None
    challenger: str
    release: str

    @property
    def request(self) -> Request:
        """What the controller is asked for."""
        if self.champion is None:
            raise ReleaseError(f"{self.endpoint} has no champion; there is nothing to compare with")
        return Request(
            release=self.release,
            endpoint=self.endpoint,
            champion=self.champion,
            challenger=self.challenger,
        )


def deployment_of(model: "RegisteredModel", digest: str) -> str:
    """Return how the deployment of a version is called: the same bytes, the same name."""
    version = _NAME.sub("-", model.version.lower()).strip("-") or "x"
    return f"v{version}"[: _LONGEST - 9].rstrip("-") + f"-{digest[:8]}"


def plan(endpoint: str, challenger: str, observed: Observed, now: datetime) -> Plan:
    """Say who would take over from whom.

    Raises:
        ReleaseError: a release is under way, or the model serves already.
    """
    release = f"{challenger}-{now:%Y%m%d}"
    live = observed.traffic.live
    if not live:
        return Plan(endpoint, None, challenger, release)
    whole = [name for name, share in live.items() if share == WHOLE]
    if whole == [challenger]:
        raise ReleaseError(f"{challenger} has all traffic of {endpoint} already")
    champions = whole or [name for name in live if name != challenger]
    if len(champions) != 1:
        raise ReleaseError(
            f"traffic of {endpoint} is {observed.traffic}, which has no one champion; `mlops "
            "rollback --to NAME` gives it to one deployment"
        )
    return Plan(endpoint, champions[0], challenger, release)


def begin(controller: Controller, plan: Plan, policy: Policy) -> Progress:
    """Begin the release and take the first steps; again is fine."""
    begun = controller.begin(plan.request, policy)
    went = controller.advance()
    return Progress(went.state, (*begun.decisions, *went.decisions))


def first(endpoint: Endpoint, plan: Plan) -> Traffic:
    """Give the first model of an endpoint everything: there is nobody to compare it with.

    Raises:
        ReleaseError: it is not ready.
    """
    observed = endpoint.read()
    found = observed.deployments.get(plan.challenger)
    if found is not Readiness.READY:
        raise ReleaseError(
            f"{plan.challenger} is {found or 'gone'}, so that nothing serves at {plan.endpoint}; "
            "look at the deployment's logs, and release again"
        )
    wanted = Traffic.all_to(plan.challenger)
    endpoint.apply(wanted, observed.traffic)
    return wanted
