"""Judging one stage of a release: everything that was measured, turned into one answer."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log
from zoneinfo import ZoneInfo

from ml.gates.outcome import Outcome
from ml.release import blocks, guardrails, quality
from ml.release.assignment import Split
from ml.release.evidence import Evidence, LiveDay, PairedDay
from ml.release.policy import Canary, Comparison, Policy, Shadow, Stage
from ml.release.quality import Compared
from ml.release.state import Number, Request, State
from ml.release.traffic import WHOLE, EndpointKind, Traffic, mistakes


@dataclass(frozen=True)
class Judged:
    """What a stage's evidence says: go on, go back, or neither."""

    outcome: Outcome
    reason: str
    numbers: dict[str, Number] = field(default_factory=dict)


def traffic_of(stage: Stage, request: Request) -> Traffic:
    """Return who gets what during a stage."""
    match stage:
        case Shadow():
            return Traffic(
                live={request.champion: WHOLE}, mirror={request.challenger: stage.mirror}
            )
        case Canary():
            rest = WHOLE - stage.share
            return Traffic(live={request.champion: rest, request.challenger: stage.share})
        case Comparison():
            split = Split(salt=request.release, share=stage.share)
            return Traffic(live={request.champion: WHOLE}, split=split)


def impossible(policy: Policy, request: Request, kind: EndpointKind) -> list[str]:
    """Return what Azure would not allow of any stage on this kind of endpoint."""
    both = (request.champion, request.challenger)
    planned = [traffic_of(stage, request) for stage in policy.stages]
    planned.append(Traffic.all_to(request.challenger))
    return list(dict.fromkeys(wrong for each in planned for wrong in mistakes(each, kind, both)))


def judge(state: State, evidence: Evidence, now: datetime) -> Judged:
    """Judge the stage that the state is in; the evidence is of this turn and of all its time."""
    stage = state.policy.stages[state.stage]
    guarded, split = _guarded(state, evidence), _split(state, stage, evidence)
    compared = _compared(state, evidence)
    numbers = guarded.numbers | split.numbers
    for each in compared:
        numbers |= each.numbers
    answers = [guarded, split, *(Judged(each.outcome, each.reason) for each in compared)]
    if broken := [each.reason for each in answers if each.outcome is Outcome.FAIL]:
        return Judged(Outcome.FAIL, "; ".join(broken), numbers)
    needed = answers if stage.decides else answers[:2]
    missing = [each.reason for each in needed if each.outcome is not Outcome.PASS]
    if state.confirmed is None or now < state.confirmed + timedelta(hours=stage.min_hours):
        missing.append(f"{stage.min_hours:g} hours have not passed")
    if missing:
        return Judged(Outcome.INCONCLUSIVE, "; ".join(missing), numbers)
    return Judged(Outcome.PASS, "; ".join(each.reason for each in needed if each.reason), numbers)


def judge_warm(state: State, evidence: Evidence) -> Judged:
    """Judge a promoted challenger; the champion serves no longer, so limits alone can be broken."""
    return _guarded(state, evidence)


def whole_days(state: State, evidence: Evidence) -> tuple[list[PairedDay], list[LiveDay]]:
    """Return the days that lie in the stage from midnight to midnight."""
    zone = ZoneInfo(state.policy.quality.zone)
    if state.confirmed is None or evidence.until is None:
        return [], []
    first, last = (moment.astimezone(zone).date() for moment in (state.confirmed, evidence.until))
    pairs = [each for each in evidence.pairs if first < each.day < last]
    return pairs, [each for each in evidence.live if first < each.day < last]


def _guarded(state: State, evidence: Evidence) -> Judged:
    serving = state.stage < len(state.policy.stages)
    share = state.policy.rates.guardrails / (len(state.policy.stages) + 1)
    found = guardrails.judge(
        state.policy.guardrails,
        evidence.champion if serving else None,
        evidence.challenger,
        share,
    )
    if found.broken:
        return Judged(Outcome.FAIL, found.reason, found.numbers)
    outcome = Outcome.PASS if found.enough else Outcome.INCONCLUSIVE
    return Judged(outcome, found.reason, found.numbers)


def _split(state: State, stage: Stage, evidence: Evidence) -> Judged:
    """Say whether requests were split as asked; copies of requests are not split."""
    if isinstance(stage, Shadow):
        return Judged(Outcome.PASS, "")
    found = evidence.assigned
    if found is None:
        return Judged(Outcome.INCONCLUSIVE, "nothing says how requests were split")
    looks = sum(not isinstance(each, Shadow) for each in state.policy.stages)
    odds = guardrails.log_odds_of_wrong_ratio(found, stage.share)
    numbers: dict[str, Number] = {
        "ratio.champion": found.champion,
        "ratio.challenger": found.challenger,
        "ratio.log_odds": odds,
    }
    said = f"{found.challenger} went to the challenger and {found.champion} to the champion"
    if odds < log(looks / state.policy.rates.ratio):
        return Judged(Outcome.PASS, said, numbers)
    lost = "requests get lost or are counted wrongly, so that no comparison can be trusted"
    return Judged(Outcome.FAIL, f"{said} where {stage.share} % were asked for: {lost}", numbers)


def _compared(state: State, evidence: Evidence) -> list[Compared]:
    policy, stage = state.policy, state.policy.stages[state.stage]
    asked = policy.quality
    pairs, live = whole_days(state, evidence)
    enough = {"labelled": asked.labelled, "min_rows": asked.min_rows}
    found = []
    for loss in asked.losses:
        days = (
            blocks.of_pairs(pairs, loss.name, **enough)
            if isinstance(stage, Shadow)
            else blocks.of_live(live, loss.name, **enough)
        )
        found.append(quality.compare(loss.name, days, loss.margin, policy.levels))
    return found
