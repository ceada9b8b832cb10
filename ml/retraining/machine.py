"""The retraining state machine: a state, what happened and a moment in; a state, an action, why.

It is pure. What is wanted is in the state before anybody acts on it, and a job's name follows from
its event, so that whoever is killed in between is followed by one who asks for the same job again.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ml.errors import TaskError
from ml.gates.outcome import Outcome
from ml.retraining.policy import LOOKS, MONTH, Approval, Policy, Trigger, Undecided
from ml.retraining.state import Case, Decision, Event, Number, Phase, State, Verb


@dataclass(frozen=True)
class Shadow:
    """Send the shadow training of a case, which asks whether training would help."""

    event: str
    job: str
    window: str


@dataclass(frozen=True)
class Train:
    """Send the training of a case under its name; where that job is there already, nothing."""

    event: str
    job: str
    window: str


@dataclass(frozen=True)
class Release:
    """Begin the release of the version that passed; where it was begun already, nothing."""

    event: str
    model: str


@dataclass(frozen=True)
class Answered:
    """What a shadow training said: pass where training would help, fail where it would harm.

    Without `outcome` it broke, and the reason says how.
    """

    event: str
    hours: float
    outcome: Outcome | None
    reason: str
    numbers: Mapping[str, Number] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """How a training ended: `model` is the version that its gate let in, none where it did not.

    `failed` says that there was no verdict at all; the reason then says what broke.
    """

    event: str
    hours: float
    model: str | None
    reason: str
    failed: bool = False


Action = Shadow | Train | Release
Step = tuple[State, Action | None, Decision]
_BY_PEOPLE = frozenset({Trigger.MANUAL})


def job_of(event: str) -> str:
    """Return the name of an event's job: letters, digits and hyphens, as Azure ML wants it."""
    return f"retrain-{_digest(event)}"


def shadow_of(event: str) -> str:
    """Return the name of the job that asks whether training would help."""
    return f"would-help-{_digest(event)}"


def happened(
    state: State, event: Event, policy: Policy, now: datetime, *, approval: Approval | None = None
) -> Step:
    """Take an event in; the same event again changes nothing.

    `approval` is what the stack asks for; it adds to the policy's own.
    """
    if known := state.case(event.id):
        return _waited(state, event.id, f"{event.id} is known and {known.phase}", now)
    if why := _declined(state, event, policy, now):
        return _new(state, Case(event=event, at=now, phase=Phase.DECLINED), Verb.DECLINE, why)
    if Approval.REQUIRED in {policy.approval, approval}:
        why = f"{_because(event)}; somebody must agree: `mlops retrain --approve {event.id}`"
        return _new(state, Case(event=event, at=now, phase=Phase.WAITING), Verb.ASK, why)
    case = Case(event=event, at=now, phase=Phase.DECLINED)
    return _begin(state, case, _because(event), policy, now)


def approved(state: State, event: str, by: str, policy: Policy, now: datetime) -> Step:
    """Go on with an event that waited for somebody to agree; budget and order hold all the same.

    Raises:
        TaskError: it does not wait.
    """
    case = state.case(event)
    if case is None or case.phase is not Phase.WAITING:
        there = ", ".join(each.event.id for each in state.cases if each.phase is Phase.WAITING)
        raise TaskError(f"event {event} does not wait for anybody; waiting: {there or 'none'}")
    if why := _full(state, policy, now):
        return _waited(state, event, f"agreed by {by}, but {why}; approve it again later", now)
    agreed = case.model_copy(update={"approved_by": by})
    return _begin(state, agreed, f"{by} agreed", policy, now)


def answered(state: State, found: Answered, policy: Policy, now: datetime) -> Step:
    """Note what the shadow training said; unless it would help, the champion stays.

    Where it is not known, the policy says what follows.
    """
    case = state.case(found.event)
    if case is None or case.phase is not Phase.SHADOW:
        return _waited(state, found.event, "no shadow training of it is under way", now)
    asked = case.model_copy(update={"hours": found.hours})
    unknown = found.outcome is Outcome.INCONCLUSIVE
    if found.outcome is Outcome.PASS or (unknown and _dares(policy)):
        return _train(state, asked, found.reason, now, found.numbers)
    verb = Verb.FAIL if found.outcome is None else Verb.KEEP_CHAMPION
    numbers: dict[str, Number] = {"hours": round(found.hours, 4), **found.numbers}
    decision = Decision(at=now, event=found.event, verb=verb, reason=found.reason, numbers=numbers)
    return _noted(state, asked.model_copy(update={"phase": Phase.ENDED}), decision), None, decision


def finished(state: State, end: Finished, now: datetime) -> Step:
    """Note how the training under way ended; only a version that its gate let in is released."""
    case = state.case(end.event)
    if case is None or case.phase is not Phase.TRAINING:
        return _waited(state, end.event, "no training of it is under way", now)
    verb, phase, action = Verb.RELEASE, Phase.RELEASING, None
    if end.model is None:
        verb, phase = (Verb.FAIL if end.failed else Verb.KEEP_CHAMPION), Phase.ENDED
    else:
        action = Release(end.event, end.model)
    numbers: dict[str, Number] = {"hours": round(end.hours, 4), "model": end.model}
    decision = Decision(at=now, event=end.event, verb=verb, reason=end.reason, numbers=numbers)
    changes = {"hours": case.hours + end.hours, "model": end.model, "phase": phase}
    return _noted(state, case.model_copy(update=changes), decision), action, decision


def released(state: State, event: str, ending: str, now: datetime) -> Step:
    """Note that the release of an event's model has ended."""
    case = state.case(event)
    if case is None or case.phase is not Phase.RELEASING:
        return _waited(state, event, "no release of it is under way", now)
    reason = f"the release of {case.model} ended: {ending}"
    decision = Decision(at=now, event=event, verb=Verb.END, reason=reason)
    ended = case.model_copy(update={"phase": Phase.ENDED})
    return _noted(state, ended, decision), None, decision


def wanted(state: State) -> Action | None:
    """Return the action that is under way, for one who comes after a kill and asks again."""
    case = state.under_way
    if case is None:
        return None
    if case.phase is Phase.SHADOW:
        return Shadow(case.event.id, str(case.shadow), case.event.window)
    if case.phase is Phase.TRAINING:
        return Train(case.event.id, str(case.job), case.event.window)
    return Release(case.event.id, str(case.model))


def _declined(state: State, event: Event, policy: Policy, now: datetime) -> str:
    """Say why an event trains nothing; empty where it may."""
    if not event.alarm:
        return event.reason or "nothing was found"
    if event.trigger not in policy.triggers:
        return f"{event.trigger} is not among the triggers of the policy"
    if event.trigger in _BY_PEOPLE:
        return _full(state, policy, now)
    if event.trigger in LOOKS and (why := _bounced(state, event, policy)):
        return why
    last = max((case.began for case in state.cases if case.began), default=None)
    rest = timedelta(days=policy.cool_down_days)
    if last is not None and now < last + rest:
        return f"trained on {last:%Y-%m-%d}, cooling down until {last + rest:%Y-%m-%d}"
    return _full(state, policy, now)


def _bounced(state: State, event: Event, policy: Policy) -> str:
    looks = [case.event.alarm for case in state.cases if case.event.trigger in LOOKS]
    latest = [*looks, event.alarm][-policy.debounce.looks :]
    if sum(latest) < policy.debounce.alarms:
        return (
            f"{sum(latest)} alarm(s) in the last {len(latest)} look(s); "
            f"{policy.debounce.alarms} of {policy.debounce.looks} are wanted"
        )
    return ""


def _full(state: State, policy: Policy, now: datetime) -> str:
    if going := state.under_way:
        return f"{going.event.id} is {going.phase}; one thing at a time"
    recent = [case for case in state.cases if case.began and case.began > now - MONTH]
    hours = sum(case.hours for case in recent)
    if len(recent) >= policy.budget.trainings:
        return (
            f"{len(recent)} training(s) in thirty days and the budget is {policy.budget.trainings}"
        )
    if hours >= policy.budget.hours:
        return f"{hours:.2f} h of training in thirty days and the budget is {policy.budget.hours:g}"
    return ""


def _because(event: Event) -> str:
    return event.reason or f"{event.trigger} in {event.window}"


def _begin(state: State, case: Case, reason: str, policy: Policy, now: datetime) -> Step:
    """Ask first whether training would help where monitors want it and the policy says so."""
    if policy.help is None or case.event.trigger not in LOOKS:
        return _train(state, case, reason, now)
    event, job = case.event.id, shadow_of(case.event.id)
    changes = {"phase": Phase.SHADOW, "shadow": job, "began": now}
    said = f"{reason}; would training help?"
    decision = Decision(at=now, event=event, verb=Verb.SHADOW, reason=said, numbers={"job": job})
    state = _noted(state, case.model_copy(update=changes), decision)
    return state, Shadow(event, job, case.event.window), decision


def _dares(policy: Policy) -> bool:
    return policy.help is not None and policy.help.undecided is Undecided.TRAIN


def _train(
    state: State,
    case: Case,
    reason: str,
    now: datetime,
    numbers: Mapping[str, Number] | None = None,
) -> Step:
    event, job = case.event.id, job_of(case.event.id)
    changes = {"phase": Phase.TRAINING, "job": job, "began": case.began or now}
    known: dict[str, Number] = {"job": job, **(numbers or {})}
    decision = Decision(at=now, event=event, verb=Verb.TRAIN, reason=reason, numbers=known)
    state = _noted(state, case.model_copy(update=changes), decision)
    return state, Train(event, job, case.event.window), decision


def _digest(event: str) -> str:
    return hashlib.sha256(event.encode()).hexdigest()[:16]


def _new(state: State, case: Case, verb: Verb, reason: str) -> Step:
    decision = Decision(at=case.at, event=case.event.id, verb=verb, reason=reason)
    return _noted(state, case, decision), None, decision


def _waited(state: State, event: str, reason: str, now: datetime) -> Step:
    """Decide nothing; that is told and not kept."""
    return state, None, Decision(at=now, event=event, verb=Verb.WAIT, reason=reason)


def _noted(state: State, case: Case, decision: Decision) -> State:
    """Return the state with a case as it is now and the decision in its history."""
    moved = Case.model_validate(case.model_dump())
    known = [moved if each.event.id == case.event.id else each for each in state.cases]
    if state.case(case.event.id) is None:
        known.append(moved)
    return State(cases=tuple(known), history=(*state.history, decision))
