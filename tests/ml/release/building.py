"""States, evidence and moments for the tests of releases."""

from datetime import UTC, date, datetime, timedelta

import numpy as np

from ml.release import machine, policy
from ml.release.evidence import (
    Assigned,
    Evidence,
    Labelled,
    LiveDay,
    Observed,
    PairedDay,
    Readiness,
    Served,
)
from ml.release.losses import LossName
from ml.release.policy import Policy
from ml.release.state import Request, State
from ml.release.traffic import EndpointKind, Traffic

START = datetime(2013, 7, 1, 12, tzinfo=UTC)
BLUE, GREEN = "blue", "green"
REQUEST = Request(release="release-7", endpoint="flights", champion=BLUE, challenger=GREEN)
BRIER = LossName.BRIER
RULES = """
strategy: canary
quality: {losses: [{name: brier}]}
guardrails:
  errors: {at_most: 0.01, rise: 0.005}
  latency: {quantile: 0.95, at_most_ms: 200}
  min_requests: 100
  expected_requests: 2000
stages:
  - {kind: shadow, mirror: 50, max_days: 35}
  - {kind: canary, share: 10, min_hours: 12, max_days: 3}
  - {kind: canary, share: 50, min_hours: 12, max_days: 3}
warm_days: 7
"""


def rules(**changes: object) -> Policy:
    """Return the policy, with other values for some of its keys."""
    document = policy.parse(RULES).model_dump(mode="json")
    return Policy.model_validate({**document, **changes})


def observed(
    traffic: Traffic | None = None,
    *,
    blue: Readiness | None = Readiness.READY,
    green: Readiness | None = Readiness.READY,
    kind: EndpointKind = EndpointKind.MANAGED,
    busy: bool = False,
) -> Observed:
    """Return an endpoint with both deployments."""
    there = {name: ready for name, ready in ((BLUE, blue), (GREEN, green)) if ready}
    return Observed(
        kind=kind, traffic=traffic or Traffic.all_to(BLUE), deployments=there, busy=busy
    )


def begun(rules_: Policy | None = None) -> State:
    """Return the state of a release that has just begun."""
    state, _ = machine.begin(REQUEST, rules_ or rules(), observed(), START, None)
    return state


def gains(days: int, mean: float, *, first: date | None = None, seed: int = 1) -> list[PairedDay]:
    """Return days on which the challenger's mean loss was lower by about so much."""
    noise = np.random.default_rng(seed).normal(0, 0.02, days)
    start = first or (START + timedelta(days=1)).date()
    return [
        PairedDay(
            day=start + timedelta(days=n), requests=1000, labelled=980,
            gains={BRIER: 980 * (mean + float(noise[n]))},
        )
        for n in range(days)
    ]  # fmt: skip


def live_gains(days: int, mean: float, *, first: date | None = None) -> list[LiveDay]:
    """Return the same as seen where each request met one model only."""

    def side(requests: int, loss: float) -> Labelled:
        return Labelled(requests=requests, labelled=requests, losses={BRIER: requests * loss})

    return [
        LiveDay(
            day=each.day,
            champion=side(900, 0.2),
            challenger=side(100, 0.2 - each.gains[BRIER] / each.labelled),
        )
        for each in gains(days, mean, first=first)
    ]


def evidence(state: State, at: datetime, **changes: object) -> Evidence:
    """Return healthy evidence of a state's turn, with the traffic that it wants."""
    values: dict[str, object] = {
        "release": state.request.release,
        "turn": state.turn,
        "until": at,
        "observed": observed(state.wanted),
        "champion": Served(requests=9000, errors=9, slow=90),
        "challenger": Served(requests=1000, errors=1, slow=10),
        **changes,
    }
    return Evidence.model_validate(values)


def split(champion: int, challenger: int) -> Assigned:
    """Return how many requests went where."""
    return Assigned(champion=champion, challenger=challenger)
