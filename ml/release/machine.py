"""The rollout state machine: a state, evidence and a moment in; a state, actions and why out.

It is pure. It says what the endpoint should look like; whoever carries that out may be killed at
any point and come back with what it looks like then. The same evidence twice changes nothing.
"""

from datetime import datetime, timedelta

from ml.gates.outcome import Outcome
from ml.release import moves, stages
from ml.release.errors import ReleaseError
from ml.release.evidence import Evidence, Observed, Readiness
from ml.release.moves import Apply, Retire, Step, decide, go_back, late, noted, stay
from ml.release.policy import Policy, Shadow
from ml.release.stages import Judged
from ml.release.state import Decision, Ending, Phase, Request, State, Verb
from ml.release.traffic import Traffic


def begin(
    request: Request, policy: Policy, observed: Observed, now: datetime, last: State | None
) -> tuple[State, Decision]:
    """Begin a release, or find the one that was begun under the same name.

    Raises:
        ReleaseError: another release is under way, or the endpoint does not allow this one.
    """
    if last is not None and last.request.release == request.release:
        if last.request != request:
            raise ReleaseError(
                f"release {request.release} was {last.request.champion} to "
                f"{last.request.challenger}; give the new one a name of its own"
            )
        return last, decide(last, Verb.WAIT, f"was begun already; it is {last.during}", now)
    if last is not None and last.active:
        raise ReleaseError(
            f"release {last.request.release} of {request.endpoint} is {last.during}; wait for its "
            "end, or roll it back"
        )
    champion_only = Traffic.all_to(request.champion)
    wrong = stages.impossible(policy, request, observed.kind)
    if observed.busy:
        wrong.append("a change to the endpoint is under way; wait for its end")
    if observed.traffic != champion_only:
        wrong.append(f"traffic is {observed.traffic}; a release begins at {champion_only}")
    if observed.deployments.get(request.champion) is not Readiness.READY:
        wrong.append(f"champion {request.champion} is not ready, so that nothing could go back")
    if wrong:
        raise ReleaseError(
            f"release {request.release} of {request.endpoint} cannot begin: {'; '.join(wrong)}"
        )
    state = State(
        request=request, policy=policy, phase=Phase.PREPARING,
        wanted=champion_only, before=champion_only, since=now, confirmed=now,
    )  # fmt: skip
    reason = f"{request.challenger} is to take over from {request.champion}"
    decision = decide(state, Verb.BEGIN, reason, now, numbers={"policy": policy.digest})
    return noted(state, decision), decision


def step(state: State, evidence: Evidence, policy: Policy, now: datetime) -> Step:
    """Take the next step.

    Raises:
        ReleaseError: the evidence is of another release, or the policy is not the first one.
    """
    if evidence.release != state.request.release:
        raise ReleaseError(
            f"evidence of release {evidence.release} given to {state.request.release}"
        )
    if policy.digest != state.policy.digest:
        raise ReleaseError(
            f"release {state.request.release} began with another policy, which holds to its end; "
            "pass the state's own, or roll back and begin again"
        )
    if state.phase is Phase.ENDED:
        return state, (), decide(state, Verb.WAIT, f"ended: {state.ending}", now)
    if evidence.turn != state.turn:
        # Also what the endpoint looked like then says nothing about what was done since.
        return stay(state, evidence, _undecided("the evidence is of an earlier turn"), now)
    if evidence.observed.busy:
        return stay(state, evidence, _undecided("a change to the endpoint is under way"), now)
    if broken := _broken(state, evidence.observed):
        return go_back(state, evidence.observed, Ending.ROLLED_BACK, broken, now, evidence=evidence)
    if evidence.observed.traffic != state.wanted:
        return _reconcile(state, evidence, now)
    if state.confirmed is None:
        return moves.confirm(state, evidence, now)
    return _of_phase(state, evidence, now)


def _broken(state: State, observed: Observed) -> Judged | None:
    """Return what is wrong with a challenger that cannot serve, where the champion takes over.

    It is asked before anything else is done to the traffic, of which it might get more. Once it is
    promoted, the champion must be ready, and nobody else may have taken the traffic.
    """
    request, found = state.request, observed.traffic
    health = observed.deployments.get(request.challenger)
    if health not in {None, Readiness.FAILED}:
        return None
    ours = found.reaches(request.challenger) and not found.deployments - request.deployments
    back = observed.deployments.get(request.champion) is Readiness.READY
    if state.phase is Phase.STAGE or (state.phase is Phase.WARM and ours and back):
        return Judged(Outcome.FAIL, f"{request.challenger} is {health or 'gone'}")
    return None


def _of_phase(state: State, evidence: Evidence, now: datetime) -> Step:
    match state.phase:
        case Phase.PREPARING:
            return _prepare(state, evidence, now)
        case Phase.STAGE:
            return _stage(_measured(state, evidence, now), evidence, now)
        case Phase.WARM:
            return _warm(state, evidence, now)
        case _:
            return _retire(state, evidence, now)


def roll_back(state: State, observed: Observed, reason: str, now: datetime) -> Step:
    """Send all traffic back to the champion because somebody says so, from any state.

    Raises:
        ReleaseError: the old champion is no longer there to take the traffic.
    """
    champion = state.request.champion
    if state.ending not in {None, Ending.PROMOTED}:
        said = f"there is nothing to roll back, the release was {state.ending}"
        return state, (), decide(state, Verb.WAIT, said, now)
    found = observed.deployments.get(champion)
    if state.phase is Phase.ENDED or found is not Readiness.READY:
        raise ReleaseError(
            f"{champion} cannot take the traffic of {state.request.endpoint} back: the release is "
            f"{state.during} and the deployment {found or 'gone'}; deploy its model again and "
            "release that"
        )
    said = Judged(Outcome.FAIL, reason)
    return go_back(state, observed, Ending.ROLLED_BACK, said, now)


def _reconcile(state: State, evidence: Evidence, now: datetime) -> Step:
    """Bring the traffic to what is wanted, unless somebody else has taken the endpoint over."""
    found, request = evidence.observed.traffic, state.request
    reached = found.reaches(request.challenger)
    going_back = state.phase is Phase.GOING_BACK
    if going_back and not reached:
        return moves.confirm(state, evidence, now)
    # A person who took the challenger's traffic away is not overruled.
    if going_back or (found == state.before and (state.confirmed is None or reached)):
        reason = f"traffic is {found}; it should be {state.wanted}"
        stuck = state.phase is Phase.STAGE and state.confirmed is None
        if stuck and late(state.since, state.policy.ready_minutes, now):
            return go_back(state, evidence.observed, Ending.KEPT, _undecided(reason), now)
        decision = decide(state, Verb.WAIT, reason, now)
        return state, (Apply(state.wanted, found),), decision
    reason = f"somebody else set the traffic to {found} where it should be {state.wanted}"
    strangers = found.deployments - request.deployments
    if reached and not strangers and state.phase in {Phase.PREPARING, Phase.STAGE}:
        wrong = Judged(Outcome.FAIL, reason)
        return go_back(state, evidence.observed, Ending.ROLLED_BACK, wrong, now, evidence=evidence)
    decision = decide(state, Verb.TAKEN_OVER, reason, now, evidence=evidence)
    ended = noted(state, decision, phase=Phase.ENDED, ending=Ending.TAKEN_OVER)
    return ended, (), decision


def _prepare(state: State, evidence: Evidence, now: datetime) -> Step:
    name = state.request.challenger
    found = evidence.observed.deployments.get(name)
    if found is Readiness.READY:
        ready = Judged(Outcome.PASS, f"{name} is ready")
        return moves.enter(state, 0, evidence, ready, now)
    judged = _undecided(f"{name} is {found or 'absent'}")
    minutes = state.policy.ready_minutes
    if found is Readiness.FAILED or late(state.since, minutes, now):
        return go_back(state, evidence.observed, Ending.KEPT, judged, now, evidence=evidence)
    return stay(state, evidence, judged, now)


def _stage(state: State, evidence: Evidence, now: datetime) -> Step:
    stage, policy = state.policy.stages[state.stage], state.policy
    watched = state.measured or state.confirmed or state.since
    blind = policy.settle_minutes + policy.stale_minutes
    if not isinstance(stage, Shadow) and late(watched, blind, now):
        unseen = Judged(
            Outcome.FAIL, f"nothing was measured since {watched:%Y-%m-%d %H:%M}: nobody watches it"
        )
        return go_back(state, evidence.observed, Ending.ROLLED_BACK, unseen, now, evidence=evidence)
    judged = _undecided("there are no figures of this stage yet")
    if _counts(state, evidence, now):
        judged = stages.judge(state, evidence, now)
    if judged.outcome is Outcome.FAIL:
        return go_back(state, evidence.observed, Ending.ROLLED_BACK, judged, now, evidence=evidence)
    if judged.outcome is Outcome.PASS:
        return moves.enter(state, state.stage + 1, evidence, judged, now)
    if late(state.confirmed or state.since, stage.max_days * 24 * 60, now):
        reason = f"undecided after {stage.max_days:g} days, so the champion stays: {judged.reason}"
        kept = Judged(judged.outcome, reason, judged.numbers)
        return go_back(state, evidence.observed, Ending.KEPT, kept, now, evidence=evidence)
    return stay(state, evidence, judged, now)


def _warm(state: State, evidence: Evidence, now: datetime) -> Step:
    judged = _undecided("there are no figures since it was promoted yet")
    if _counts(state, evidence, now):
        judged = stages.judge_warm(state, evidence)
    if evidence.observed.deployments.get(state.request.challenger) in {None, Readiness.FAILED}:
        judged = Judged(Outcome.FAIL, f"{state.request.challenger} is failed or gone")
    if judged.outcome is Outcome.FAIL:
        champion = evidence.observed.deployments.get(state.request.champion)
        if champion is Readiness.READY:
            return go_back(
                state, evidence.observed, Ending.ROLLED_BACK, judged, now, evidence=evidence
            )
        alone = f"{judged.reason}; {state.request.champion} is {champion or 'gone'}, so it stays"
        return stay(state, evidence, Judged(judged.outcome, alone, judged.numbers), now)
    if late(state.confirmed or state.since, state.policy.warm_days * 24 * 60, now):
        reason = f"{state.request.champion} was kept warm for {state.policy.warm_days:g} days"
        decision = decide(
            state, Verb.RETIRE, reason, now, numbers=judged.numbers, evidence=evidence
        )
        retiring = noted(state, decision, phase=Phase.RETIRING, turn=state.turn + 1)
        return retiring, (Retire(state.request.champion),), decision
    return stay(state, evidence, judged, now)


def _retire(state: State, evidence: Evidence, now: datetime) -> Step:
    name = state.request.champion
    if name in evidence.observed.deployments:
        decision = decide(state, Verb.WAIT, f"{name} is still there", now)
        return state, (Retire(name),), decision
    decision = decide(state, Verb.END, f"{name} is gone", now)
    return noted(state, decision, phase=Phase.ENDED, ending=Ending.PROMOTED), (), decision


def _undecided(reason: str) -> Judged:
    return Judged(Outcome.INCONCLUSIVE, reason)


def _until(state: State, evidence: Evidence, now: datetime) -> datetime | None:
    """Return when the figures of this turn end, if any of their time is the turn's own."""
    if evidence.until is None or state.confirmed is None:
        return None
    until = min(evidence.until, now)
    return until if until > state.confirmed else None


def _measured(state: State, evidence: Evidence, now: datetime) -> State:
    until = _until(state, evidence, now)
    if until is None or (state.measured and until <= state.measured):
        return state
    return state.model_copy(update={"measured": until})


def _counts(state: State, evidence: Evidence, now: datetime) -> bool:
    """Return whether the figures are of this turn and later than the change of traffic took."""
    until = _until(state, evidence, now)
    settled = timedelta(minutes=state.policy.settle_minutes)
    return until is not None and state.confirmed is not None and until > state.confirmed + settled
