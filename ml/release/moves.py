"""The moves that a release can make from one state to another, each with its decision."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ml.release import stages
from ml.release.evidence import Evidence, Observed
from ml.release.stages import Judged
from ml.release.state import Decision, Ending, Number, Phase, State, Verb
from ml.release.traffic import Traffic


@dataclass(frozen=True)
class Apply:
    """Give the endpoint this traffic, if it still has what was seen."""

    wanted: Traffic
    seen: Traffic


@dataclass(frozen=True)
class Retire:
    """Delete a deployment that gets nothing any more; done if it is gone."""

    deployment: str


Action = Apply | Retire
Step = tuple[State, tuple[Action, ...], Decision]


def late(since: datetime, minutes: float, now: datetime) -> bool:
    """Return whether so many minutes have passed."""
    return now > since + timedelta(minutes=minutes)


def decide(
    state: State,
    verb: Verb,
    reason: str,
    now: datetime,
    *,
    numbers: dict[str, Number] | None = None,
    evidence: Evidence | None = None,
) -> Decision:
    """Write a decision down as made in this state."""
    return Decision(
        at=now, release=state.request.release, turn=state.turn, during=state.during, verb=verb,
        reason=reason, numbers=numbers or {}, evidence=evidence.digest if evidence else None,
    )  # fmt: skip


def noted(state: State, decision: Decision, **changes: object) -> State:
    """Return the changed state with the decision in its history, checked as a whole."""
    found = state.model_copy(update={**changes, "history": (*state.history, decision)})
    return State.model_validate(found.model_dump())


def stay(state: State, evidence: Evidence, judged: Judged, now: datetime) -> Step:
    """Wait; waiting is told and not kept, or the history would be nothing else."""
    decision = decide(
        state, Verb.WAIT, judged.reason, now, numbers=judged.numbers, evidence=evidence
    )
    return state, (), decision


def enter(state: State, stage: int, evidence: Evidence, judged: Judged, now: datetime) -> Step:
    """Go to a stage that was earned; what comes after the last one is the challenger's alone."""
    promoted = stage == len(state.policy.stages)
    wanted = (
        Traffic.all_to(state.request.challenger)
        if promoted
        else stages.traffic_of(state.policy.stages[stage], state.request)
    )
    verb = Verb.PROMOTE if promoted else Verb.ADVANCE
    decision = decide(state, verb, judged.reason, now, numbers=judged.numbers, evidence=evidence)
    entered = noted(
        state, decision,
        phase=Phase.WARM if promoted else Phase.STAGE, stage=stage, turn=state.turn + 1,
        wanted=wanted, before=state.wanted, since=now, confirmed=None, measured=None,
    )  # fmt: skip
    return entered, (Apply(wanted, evidence.observed.traffic),), decision


def go_back(
    state: State,
    observed: Observed,
    ending: Ending,
    judged: Judged,
    now: datetime,
    *,
    evidence: Evidence | None = None,
) -> Step:
    """Give the champion everything; the release ends when the endpoint is seen to have it so."""
    wanted = Traffic.all_to(state.request.champion)
    verb = Verb.KEEP_CHAMPION if ending is Ending.KEPT else Verb.ROLL_BACK
    decision = decide(state, verb, judged.reason, now, numbers=judged.numbers, evidence=evidence)
    back = noted(
        state, decision,
        phase=Phase.GOING_BACK, ending=ending, turn=state.turn + 1,
        wanted=wanted, before=state.wanted, since=now, confirmed=None, measured=None,
    )  # fmt: skip
    there = observed.busy or observed.traffic == wanted
    return back, () if there else (Apply(wanted, observed.traffic),), decision


def confirm(state: State, evidence: Evidence, now: datetime) -> Step:
    """Note that the endpoint has what is wanted; going back ends with it."""
    seconds: dict[str, Number] = {"seconds": (now - state.since).total_seconds()}
    said = f"traffic is {evidence.observed.traffic}"
    if state.phase is Phase.GOING_BACK:
        decision = decide(state, Verb.END, f"{state.ending}: {said}", now, numbers=seconds)
        return noted(state, decision, phase=Phase.ENDED, confirmed=now), (), decision
    decision = decide(state, Verb.CONFIRM, said, now, numbers=seconds)
    return noted(state, decision, confirmed=now), (), decision
