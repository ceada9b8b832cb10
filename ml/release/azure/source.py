"""The evidence of a release: Azure Monitor's metrics, collected answers, and labels."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

import numpy as np

from ml.collected import Answer
from ml.release.azure.answers import Answers
from ml.release.azure.metrics import Metrics
from ml.release.evidence import (
    Assigned,
    Evidence,
    Labelled,
    LiveDay,
    Observed,
    PairedDay,
    Served,
)
from ml.release.losses import LossName, losses
from ml.release.policy import Policy, Shadow
from ml.release.state import Phase, State

MOST_LATENCIES = 2_000
ById = Mapping[str, Answer]


@dataclass(frozen=True)
class AzureSource:
    """Measures the turn of a release.

    `clock` says when, by Azure's clock, the controller's moment was; the two differ where a past
    year is replayed.
    """

    metrics: Metrics
    answers: Answers
    now: Callable[[], datetime]
    clock: Callable[[datetime], datetime] = lambda moment: moment

    def measure(self, state: State, observed: Observed) -> Evidence:
        """Return what is known of the turn, from when its traffic was seen to be there."""
        until = self.now()
        if state.confirmed is None or state.phase not in {Phase.STAGE, Phase.WARM}:
            return Evidence(release=state.request.release, turn=state.turn, observed=observed)
        since, end = self.clock(state.confirmed), self.clock(until)
        names = (state.request.champion, state.request.challenger)
        champion, challenger = (self.answers.of(name, since, end) for name in names)
        pairs, live, met = (), (), None
        if state.phase is Phase.STAGE:
            labels = self._labels(champion, challenger)
            if isinstance(state.policy.stages[state.stage], Shadow):
                pairs = paired_days(champion, challenger, labels, state.policy)
            else:
                live = live_days(champion, challenger, labels, state.policy)
                met = assigned(champion, challenger, state)
        return Evidence(
            release=state.request.release,
            turn=state.turn,
            until=until,
            observed=observed,
            champion=self._served(state, names[0], champion, (since, end)),
            challenger=self._served(state, names[1], challenger, (since, end)),
            assigned=met,
            pairs=pairs,
            live=live,
        )

    def _served(
        self, state: State, deployment: str, answers: ById, time: tuple[datetime, datetime]
    ) -> Served:
        """Count the requests of the turn, to the second.

        Metrics are by the minute, and the minute before counts too: that may make failures more,
        never fewer, but what was answered well then must not speak for now. So what was answered
        is counted from the collector, and what failed from metrics.
        """
        found = self.metrics.served(deployment, *time, state.policy.guardrails.latency.at_most_ms)
        requests = len({row.request for row in answers.values()}) + found.errors
        share = found.slow / found.requests if found.requests else 0.0
        return Served(
            requests=requests,
            errors=found.errors,
            slow=round(share * requests),
            latency_ms=sample(answers.values()),
        )

    def _labels(self, champion: ById, challenger: ById) -> dict[str, float]:
        about = [row.at for side in (champion, challenger) for row in side.values()]
        return self.answers.labels(min(about), max(about)) if about else {}


def paired_days(
    champion: ById, challenger: ById, labels: Mapping[str, float], policy: Policy
) -> tuple[PairedDay, ...]:
    """Sum up by day what both models answered: the champion's loss minus the challenger's."""
    both = {name: champion[name] for name in champion.keys() & challenger.keys()}
    found = []
    for day, rows in sorted(by_day(both.values(), policy).items()):
        known = [row.id for row in rows if row.id in labels]
        truth = [labels[name] for name in known]
        gains = {
            loss.name: float(
                np.sum(losses(loss.name, truth, [champion[name].score for name in known]))
                - np.sum(losses(loss.name, truth, [challenger[name].score for name in known]))
            )
            for loss in policy.quality.losses
        }
        found.append(PairedDay(day=day, requests=len(rows), labelled=len(known), gains=gains))
    return tuple(found)


def live_days(
    champion: ById, challenger: ById, labels: Mapping[str, float], policy: Policy
) -> tuple[LiveDay, ...]:
    """Sum up by day what each model answered, as far as labels are known."""
    names = [loss.name for loss in policy.quality.losses]
    first, second = (by_day(side.values(), policy) for side in (champion, challenger))
    return tuple(
        LiveDay(
            day=day,
            champion=_labelled(first.get(day, []), labels, names),
            challenger=_labelled(second.get(day, []), labels, names),
        )
        for day in sorted(first.keys() | second.keys())
    )


def assigned(champion: ById, challenger: ById, state: State) -> Assigned:
    """Count requests by side; entities where each has its side by name.

    All rows of a request went to the same side, so rows would count one draw many times.
    """
    by_name = state.wanted.split is not None
    counts = [
        len({row.entity if by_name else row.request for row in side.values()})
        for side in (champion, challenger)
    ]
    return Assigned(champion=counts[0], challenger=counts[1])


def by_day(rows: Iterable[Answer], policy: Policy) -> dict[date, list[Answer]]:
    """Group rows by the day that they are about, where the policy's zone has it."""
    zone = ZoneInfo(policy.quality.zone)
    found: dict[date, list[Answer]] = {}
    for row in sorted(rows, key=lambda row: row.id):
        found.setdefault(row.at.astimezone(zone).date(), []).append(row)
    return found


def sample(rows: Iterable[Answer]) -> tuple[float, ...]:
    """Return latencies in ms, one a request; of many a draw that does not depend on them."""
    took = {row.request: row.latency_ms for row in rows if row.latency_ms is not None}
    drawn = sorted(took, key=lambda name: sha256(name.encode()).digest())[:MOST_LATENCIES]
    return tuple(took[name] for name in drawn)


def _labelled(
    rows: list[Answer], labels: Mapping[str, float], names: Iterable[LossName]
) -> Labelled:
    known = [row for row in rows if row.id in labels]
    truth, scores = [labels[row.id] for row in known], [row.score for row in known]
    sums = {name: float(np.sum(losses(name, truth, scores))) for name in names}
    return Labelled(requests=len(rows), labelled=len(known), losses=sums)
