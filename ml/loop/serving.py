"""The endpoint that a year is replayed at: what is sent there, who serves, and its releases."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ml import workspace as workspaces
from ml.archive import Archive
from ml.errors import PlatformError
from ml.loop.clock import ReplayClock
from ml.loop.measuring import measured
from ml.loop.record import Month
from ml.loop.sending import SCOPE, Answered, Sender, deliver
from ml.loop.year import Day, midnight
from ml.release import beginning, policy
from ml.release.azure.answers import Answers
from ml.release.beginning import Plan
from ml.release.crowning import crown
from ml.release.opening import Releases
from ml.release.policy import Policy
from ml.release.ports import BusyError, UnavailableError
from ml.release.state import Decision, State
from ml.serving import deploying
from ml.workspace import DIGEST, RegisteredModel, Workspace

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential

# A deployment that answers nobody in time: what one hasty setting does.
TOO_HASTY = deploying.Size(timeout_ms=1)
TENTH = 10
_EARLY = 300  # seconds before its end at which a token is renewed


@dataclass
class Token:
    """A token of the caller's, renewed before it ends."""

    credential: "TokenCredential"
    _token: "AccessToken | None" = None

    def __call__(self) -> str:
        """Return it."""
        if self._token is None or self._token.expires_on < datetime.now(UTC).timestamp() + _EARLY:
            self._token = self.credential.get_token(SCOPE)
        return self._token.token


@dataclass
class Serving:
    """The endpoint, on the replay's clock; `versions` tells the model of each deployment.

    A request brings `rows` events, and `live_rows` while a challenger answers some of them: errors
    and latency are counted by request, and a share of few requests would be none for days.
    """

    workspace: Workspace
    task: str
    endpoint: str
    clock: ReplayClock
    rows: int = 25
    live_rows: int = 2
    versions: dict[str, str] = field(default_factory=dict)

    @cached_property
    def releases(self) -> Releases:
        """Its releases."""
        return Releases(self.workspace, self.task, self.endpoint, self.clock.now, self.clock.azure)

    @cached_property
    def policy(self) -> Policy:
        """How a model takes over."""
        return policy.load(self.task)

    @property
    def zone(self) -> ZoneInfo:
        """Where a day is a day."""
        return ZoneInfo(self.policy.quality.zone)

    @cached_property
    def answers(self) -> Answers:
        """What was answered there."""
        return Answers(self.releases.container(None), self.endpoint, self.releases.columns)

    @cached_property
    def sender(self) -> Sender:
        """Who calls it."""
        found = self.workspace.client.online_endpoints.get(self.endpoint)
        if found.auth_mode != "aad_token":
            raise PlatformError(
                f"endpoint {self.endpoint} takes {found.auth_mode}; the loop calls with its own "
                "identity, so set auth_mode to aad_token"
            )
        time = str(self.releases.columns.time)
        return Sender(str(found.scoring_uri), Token(workspaces.credential()), time)

    def send(self, events: Day, *, live: bool = False) -> list[Answered]:
        """Send events to the endpoint."""
        return self.sender.send(events, self.live_rows if live else self.rows)

    def deliver(self, day: Day) -> None:
        """Bring the labels of a day's events."""
        deliver(self.answers.container, self.endpoint, day, self.releases.columns)

    def first(self, model: RegisteredModel) -> str:
        """Give a model everything, as nothing serves yet; return its deployment.

        Raises:
            PlatformError: something serves there.
        """
        plan = self._plan(beginning.deployment_of(model, model.tags[DIGEST]))
        if plan.champion is not None:
            raise PlatformError(
                f"{plan.champion} serves at {self.endpoint} already, and its past would be "
                "compared with the replay's; replay at an endpoint that nothing serves at"
            )
        self._deploy(plan, model, deploying.Size())
        beginning.first(self.releases.endpoint, plan)
        crown(self.workspace, self.releases.endpoint)
        return plan.challenger

    def release(self, model: RegisteredModel) -> State:
        """Deploy a model beside the champion and begin its release."""
        name = beginning.deployment_of(model, model.tags[DIGEST])
        return self._begin(self._plan(name), model, deploying.Size())

    def spoil(self) -> State:
        """Begin the release of the champion's own model in a deployment that is set up wrongly."""
        plan = self._plan(f"hasty-{self.clock.now():%m%d}")
        champion = self.versions[str(plan.champion)]
        return self._begin(plan, Archive(self.workspace).model(champion), TOO_HASTY)

    def turn(self) -> tuple[State, Sequence[Decision]] | None:
        """Let the controller take its steps; None where it cannot now."""
        try:
            went = self.releases.controller.advance()
            crown(self.workspace, self.releases.endpoint)
        except (BusyError, UnavailableError):
            return None
        return went.state, went.decisions

    def champion(self) -> str:
        """Return the deployment that has most of the live traffic."""
        live = self.releases.endpoint.read().traffic.live
        return max(live, key=lambda name: live[name])

    def month(self, month: str, first: date, last: date) -> Month:
        """Measure what was answered in a month by who answered most, and by who was tried.

        Who answered less than a tenth of that was not tried enough to be shown beside it.
        """
        begin = midnight(first, self.zone)
        end = midnight(last + timedelta(days=1), self.zone)
        labels = self.answers.labels(begin, end)
        when = self.clock.azure(begin), self.clock.azure(end)
        found = {name: self.answers.of(name, *when) for name in self.versions}
        order = sorted(found, key=lambda name: -len(found[name]))
        rows = {row for answers in found.values() for row in answers}
        least = max(len(found[order[0]]) / TENTH, 1)
        sides = [
            measured(self.versions[name], found[name], labels, str(self.zone))
            for name in order[:2]
            if len(found[name]) >= least
        ]
        return Month(
            month=month,
            rows=len(rows),
            labelled=len(rows & labels.keys()),
            champion=sides[0] if sides else None,
            challenger=sides[1] if len(sides) > 1 else None,
        )

    def _plan(self, challenger: str) -> Plan:
        return beginning.plan(
            self.endpoint, challenger, self.releases.endpoint.read(), self.clock.now()
        )

    def _begin(self, plan: Plan, model: RegisteredModel, size: deploying.Size) -> State:
        self._deploy(plan, model, size)
        return beginning.begin(self.releases.controller, plan, self.policy).state

    def _deploy(self, plan: Plan, model: RegisteredModel, size: deploying.Size) -> None:
        self.versions[plan.challenger] = f"{model.name}:{model.version}"
        deploying.deploy(
            self.workspace,
            endpoint=self.endpoint,
            name=plan.challenger,
            model=model,
            replaces=plan.champion,
            size=size,
        )
