"""What must hold of every release, whatever happens in whatever order."""

from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ml.release import machine, traffic
from ml.release.evidence import Evidence, Observed, Readiness, Served
from ml.release.moves import Apply, Retire
from ml.release.policy import Policy
from ml.release.state import Ending, Phase, State, Verb, read
from ml.release.traffic import EndpointKind, Traffic
from tests.ml.release.building import (
    BLUE,
    GREEN,
    START,
    begun,
    evidence,
    gains,
    live_gains,
    observed,
    rules,
    split,
)

POLICIES = [
    rules(),
    rules(strategy="blue_green", stages=[{"kind": "shadow", "mirror": 20, "max_days": 35}]),
    rules(strategy="ab", stages=[{"kind": "ab", "share": 50, "max_days": 35}]),
    rules(
        stages=[
            {"kind": "canary", "share": 5, "max_days": 35, "decides": True},
            {"kind": "canary", "share": 30, "max_days": 2},
        ],
        warm_days=0,
    ),
]
MANY = settings(max_examples=100, deadline=None)

_shares = st.sampled_from(
    [
        None, Traffic.all_to(BLUE), Traffic.all_to(GREEN),
        Traffic(live={BLUE: 100}, mirror={GREEN: 50}), Traffic(live={BLUE: 70, "red": 30}),
        Traffic(live={BLUE: 90, GREEN: 10}),
    ]
)  # fmt: skip
GOOD = {
    "hours": None, "applied": True, "foreign": False, "shares": None, "busy": False,
    "green": Readiness.READY, "blue": Readiness.READY, "errors": 0, "requests": 1000,
    "gain": 0.02, "days": 28, "ratio": True, "blind": False, "rollback": False,
}  # fmt: skip
_anything = st.fixed_dictionaries(
    {
        "hours": st.sampled_from([0, 1, 13, 30, 24 * 8, 24 * 30, 24 * 36]),
        "applied": st.booleans(),
        "foreign": st.sampled_from([False] * 12 + [True]),
        "shares": _shares,
        "busy": st.sampled_from([False] * 9 + [True]),
        "green": st.sampled_from([Readiness.READY] * 12 + [Readiness.FAILED, None]),
        "blue": st.sampled_from([Readiness.READY] * 12 + [None]),
        "errors": st.sampled_from([0] * 8 + [80]),
        "requests": st.sampled_from([1000] * 6 + [20]),
        "gain": st.sampled_from([0.02, 0.02, 0.02, 0.0, -0.03]),
        "days": st.sampled_from([0, 6, 20, 28]),
        "ratio": st.sampled_from([True] * 9 + [False]),
        "blind": st.sampled_from([False] * 9 + [True]),
        "rollback": st.sampled_from([False] * 15 + [True]),
    }
)
# Most events are good ones, or hardly any release would get far.
_events = st.one_of(st.just(GOOD), st.just(GOOD), _anything)


class _Run:
    """An endpoint, and a release on it that is stepped through whatever is drawn."""

    def __init__(self, policy: Policy) -> None:
        self.state, self.now = begun(policy), START
        self.endpoint = Traffic.all_to(BLUE)
        self.there = {BLUE: Readiness.READY, GREEN: Readiness.READY}

    def evidence(self, event: dict) -> Evidence:
        share = max((self.endpoint.live.get(GREEN, 10), 1))
        days = {"first": (self.state.confirmed or START).date() + timedelta(days=1)}
        return evidence(
            self.state,
            self.now,
            until=None if event["blind"] else self.now,
            observed=Observed(
                kind=EndpointKind.MANAGED, traffic=self.endpoint, deployments=self.there,
                busy=event["busy"],
            ),
            challenger=Served(requests=event["requests"], errors=min(event["errors"], 20)),
            assigned=split(10_000 - 100 * share, 100 * share) if event["ratio"] else split(500, 1),
            pairs=gains(event["days"], event["gain"], **days),
            live=live_gains(event["days"], event["gain"], **days),
        )  # fmt: skip

    def _hours(self, event: dict) -> float:
        """Return how long after the last step the next one comes; without a wish when it is due."""
        if event["hours"] is not None:
            return event["hours"]
        if self.state.phase is not Phase.STAGE or self.state.confirmed is None:
            return 24 * 8 if self.state.phase is Phase.WARM and self.state.confirmed else 0
        return 24 * 30 if self.state.policy.stages[self.state.stage].decides else 13

    def happen(self, event: dict) -> tuple[State, machine.Step, Evidence]:
        before = self.state
        self.now += timedelta(hours=self._hours(event))
        if event["foreign"] and event["shares"]:
            self.endpoint = event["shares"]
        for name in (BLUE, GREEN):
            if event[name] is None:
                self.there.pop(name, None)
            else:
                self.there[name] = event[name]
        given = self.evidence(event)
        if event["rollback"] and before.active and event["blue"] is Readiness.READY:
            step = machine.roll_back(before, given.observed, "asked for", self.now)
        else:
            step = machine.step(before, given, before.policy, self.now)
        self.state = step[0]
        for action in step[1]:
            if event["applied"] and isinstance(action, Apply):
                self.endpoint = action.wanted
            if event["applied"] and isinstance(action, Retire):
                self.there.pop(action.deployment, None)
        return before, step, given


@MANY
@given(policy=st.sampled_from(POLICIES), events=st.lists(_events, max_size=14))
def test_traffic_is_always_valid_and_the_state_can_be_read_back(policy, events):
    run = _Run(policy)
    for event in events:
        _, (state, actions, decision), _ = run.happen(event)
        wanted = [each.wanted for each in actions if isinstance(each, Apply)]
        for each in [state.wanted, *wanted]:
            assert traffic.mistakes(each, EndpointKind.MANAGED, (BLUE, GREEN)) == []
        assert read(state.content) == state
        assert decision.reason
        assert decision.content
        # The champion is deleted only when it gets nothing and its time has passed.
        if any(isinstance(each, Retire) for each in actions):
            assert run.endpoint == Traffic.all_to(GREEN)
            assert state.phase is Phase.RETIRING


FAILS = {**GOOD, "green": Readiness.FAILED}


@MANY
@example(policy=POLICIES[0], events=[GOOD] * 7 + [FAILS])  # at the first look after promotion
@given(policy=st.sampled_from(POLICIES), events=st.lists(_events, max_size=14))
def test_the_same_evidence_twice_changes_nothing(policy, events):
    run = _Run(policy)
    for event in events:
        _, (state, _, _), given_evidence = run.happen(event)
        if event["rollback"]:
            continue
        again, _, _ = machine.step(state, given_evidence, state.policy, run.now)
        assert again == state


@MANY
@given(policy=st.sampled_from(POLICIES), events=st.lists(_events, max_size=14))
def test_no_path_promotes_without_a_decided_comparison(policy, events):
    run = _Run(policy)
    earned: set[int] = set()
    for event in events:
        before, (state, _, decision), _ = run.happen(event)
        if decision.verb in {Verb.ADVANCE, Verb.PROMOTE} and before.phase is Phase.STAGE:
            stage = before.policy.stages[before.stage]
            assert event["requests"] >= before.policy.guardrails.min_requests
            assert not event["blind"]
            if stage.decides:
                assert decision.numbers["brier.p_of_no_better"] <= before.policy.rates.promote
                assert decision.numbers["brier.days"] >= 7
                assert event["gain"] > 0
                earned.add(before.stage)
        if state.phase in {Phase.WARM, Phase.RETIRING} or state.ending is Ending.PROMOTED:
            deciding = {n for n, each in enumerate(policy.stages) if each.decides}
            assert deciding <= earned
        # Live traffic beyond a stage's own share never comes before it was earned.
        if state.phase is Phase.STAGE:
            share = getattr(policy.stages[state.stage], "share", 0)
            assert state.wanted.live.get(GREEN, 0) in {0, share}
        elif state.active:
            full = state.phase in {Phase.WARM, Phase.RETIRING}
            assert state.wanted == Traffic.all_to(GREEN if full else BLUE)


@MANY
@given(policy=st.sampled_from(POLICIES), events=st.lists(_events, max_size=10))
def test_from_any_state_the_champion_gets_everything_back_in_two_steps(policy, events):
    run = _Run(policy)
    for event in events:
        run.happen({**event, "rollback": False, "blue": Readiness.READY, "foreign": False})
    state = run.state
    if not state.active:
        return
    found = observed(run.endpoint)
    state, actions, _ = machine.roll_back(state, found, "asked for", run.now)
    endpoint = run.endpoint
    for action in actions:
        assert isinstance(action, Apply)
        endpoint = action.wanted
    for _ in range(2):
        given_evidence = evidence(state, run.now, observed=observed(endpoint))
        state, actions, _ = machine.step(state, given_evidence, state.policy, run.now)
        for action in actions:
            endpoint = action.wanted
    assert endpoint == Traffic.all_to(BLUE)
    assert state.phase is Phase.ENDED
    assert state.ending in {Ending.ROLLED_BACK, Ending.KEPT}
