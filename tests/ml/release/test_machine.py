"""The rollout state machine: every way a release can go, and what it says on the way."""

from datetime import timedelta

import pytest

from ml.release import machine
from ml.release.errors import ReleaseError
from ml.release.evidence import Readiness, Served
from ml.release.moves import Apply, Retire
from ml.release.state import Ending, Phase, Request, State, Verb, read
from ml.release.traffic import EndpointKind, Traffic
from tests.ml.release.building import (
    BLUE,
    GREEN,
    REQUEST,
    START,
    begun,
    evidence,
    gains,
    live_gains,
    observed,
    rules,
    split,
)

TO_BLUE, TO_GREEN = Traffic.all_to(BLUE), Traffic.all_to(GREEN)
SHADOW = Traffic(live={BLUE: 100}, mirror={GREEN: 50})
TEN = Traffic(live={BLUE: 90, GREEN: 10})
HALF = Traffic(live={BLUE: 50, GREEN: 50})
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _step(state: State, at, **changes) -> machine.Step:
    return machine.step(state, evidence(state, at, **changes), state.policy, at)


def _entered(state: State, at) -> State:
    """Confirm the traffic that a state wants."""
    state, _, decision = _step(state, at)
    assert decision.verb is Verb.CONFIRM
    return state


@pytest.fixture
def shadow() -> State:
    state, _, _ = _step(begun(), START)
    return _entered(state, START)


@pytest.fixture
def canary(shadow: State) -> State:
    """The first canary, confirmed thirty days after the start."""
    state, _, decision = _step(shadow, START + 30 * DAY, pairs=gains(28, 0.02))
    assert decision.verb is Verb.ADVANCE, decision
    return _entered(state, START + 30 * DAY)


@pytest.fixture
def warm(canary: State) -> State:
    at = START + 31 * DAY
    state, _, _ = _step(canary, at, assigned=split(9000, 1000))
    state = _entered(state, at)
    state, _, decision = _step(state, at + DAY, assigned=split(1000, 1000))
    assert decision.verb is Verb.PROMOTE
    return _entered(state, at + DAY)


class TestBegin:
    def test_a_release_begins_with_everything_at_the_champion(self):
        state = begun()
        assert (state.phase, state.wanted) == (Phase.PREPARING, TO_BLUE)
        assert [each.verb for each in state.history] == [Verb.BEGIN]

    def test_the_same_release_again_is_the_same_release(self, canary):
        again, decision = machine.begin(REQUEST, canary.policy, observed(), START, canary)
        assert again is canary
        assert decision.verb is Verb.WAIT
        ended = canary.model_copy(update={"phase": Phase.ENDED, "ending": Ending.KEPT})
        assert machine.begin(REQUEST, canary.policy, observed(), START, ended)[0] is ended

    def test_the_same_name_for_another_challenger_is_refused(self):
        other = REQUEST.model_copy(update={"challenger": "red"})
        with pytest.raises(ReleaseError, match="give the new one a name of its own"):
            machine.begin(other, rules(), observed(), START, begun())

    def test_two_releases_at_once_are_refused(self, canary):
        other = REQUEST.model_copy(update={"release": "release-8"})
        with pytest.raises(ReleaseError, match="release-7 of flights is canary 10 %"):
            machine.begin(other, rules(), observed(), START, canary)

    def test_after_the_end_of_one_another_may_begin(self, canary):
        ended = canary.model_copy(update={"phase": Phase.ENDED, "ending": Ending.KEPT})
        other = REQUEST.model_copy(update={"release": "release-8"})
        state, _ = machine.begin(other, rules(), observed(), START, ended)
        assert state.request.release == "release-8"

    @pytest.mark.parametrize(
        ("found", "words"),
        [
            (observed(HALF), "a release begins at blue 100 %"),
            (observed(SHADOW), "a release begins at blue 100 %"),
            (observed(blue=Readiness.FAILED), "blue is not ready"),
            (observed(busy=True), "wait for its end"),
            (observed(kind=EndpointKind.KUBERNETES), "Kubernetes endpoints cannot mirror"),
        ],
    )
    def test_an_endpoint_that_does_not_allow_it_is_left_alone(self, found, words):
        with pytest.raises(ReleaseError, match=words):
            machine.begin(REQUEST, rules(), found, START, None)

    def test_champion_and_challenger_are_two(self):
        with pytest.raises(ValueError, match="are both blue"):
            Request(release="r", endpoint="e", champion=BLUE, challenger=BLUE)


class TestPreparing:
    def test_a_ready_challenger_enters_the_first_stage(self):
        state, actions, decision = _step(begun(), START)
        assert actions == (Apply(SHADOW, TO_BLUE),)
        assert (state.phase, state.stage, state.confirmed) == (Phase.STAGE, 0, None)
        assert decision.verb is Verb.ADVANCE

    @pytest.mark.parametrize("found", [None, Readiness.CREATING])
    def test_one_that_is_not_ready_is_waited_for_and_not_for_ever(self, found):
        state, actions, _ = _step(begun(), START + HOUR, observed=observed(green=found))
        assert (state.phase, actions) == (Phase.PREPARING, ())
        state, actions, decision = _step(state, START + 2 * HOUR, observed=observed(green=found))
        assert (state.phase, state.ending, actions) == (Phase.GOING_BACK, Ending.KEPT, ())
        assert decision.verb is Verb.KEEP_CHAMPION
        state, actions, _ = _step(state, START + 2 * HOUR, observed=observed(green=found))
        assert (state.phase, actions) == (Phase.ENDED, ())

    def test_one_that_failed_ends_it_at_once(self):
        state, _, _ = _step(begun(), START, observed=observed(green=Readiness.FAILED))
        assert (state.phase, state.ending) == (Phase.GOING_BACK, Ending.KEPT)


class TestTraffic:
    def test_traffic_that_is_not_there_yet_is_asked_for_again(self):
        state, _, _ = _step(begun(), START)
        same, actions, _ = _step(state, START, observed=observed(TO_BLUE))
        assert same == state
        assert actions == (Apply(SHADOW, TO_BLUE),)

    def test_traffic_that_never_comes_keeps_the_champion(self, canary):
        at = START + 32 * DAY
        state, _, _ = _step(canary, START + 31 * DAY, assigned=split(9000, 1000))
        state, actions, decision = _step(state, at, observed=observed(TEN))
        assert decision.verb is Verb.KEEP_CHAMPION
        assert actions == (Apply(TO_BLUE, TEN),)

    def test_nothing_is_done_while_a_change_is_under_way(self, canary):
        same, actions, _ = _step(canary, START + 31 * DAY, observed=observed(HALF, busy=True))
        assert (same, actions) == (canary, ())

    def test_a_person_who_takes_the_challengers_share_away_is_not_overruled(self, canary):
        state, actions, decision = _step(canary, START + 31 * DAY, observed=observed(TO_BLUE))
        assert (state.phase, state.ending, actions) == (Phase.ENDED, Ending.TAKEN_OVER, ())
        assert "somebody else set the traffic" in decision.reason

    def test_another_share_for_the_challenger_than_earned_sends_it_back(self, canary):
        given = Traffic(live={BLUE: 60, GREEN: 40})
        state, actions, _ = _step(canary, START + 31 * DAY, observed=observed(given))
        assert (state.phase, state.ending) == (Phase.GOING_BACK, Ending.ROLLED_BACK)
        assert actions == (Apply(TO_BLUE, given),)

    def test_a_third_deployment_is_somebody_elses(self, canary):
        given = Traffic(live={BLUE: 60, GREEN: 10, "red": 30})
        state, actions, _ = _step(canary, START + 31 * DAY, observed=observed(given))
        assert (state.ending, actions) == (Ending.TAKEN_OVER, ())

    def test_going_back_goes_on_until_the_champion_has_everything(self, canary):
        state, _, _ = machine.roll_back(canary, observed(TEN), "asked for", START + 31 * DAY)
        at = START + 31 * DAY + timedelta(seconds=8)
        same, actions, _ = _step(state, at, observed=observed(TEN))
        assert (same, actions) == (state, (Apply(TO_BLUE, TEN),))
        odd = Traffic(live={BLUE: 30, GREEN: 30, "red": 40})
        same, actions, _ = _step(state, at, observed=observed(odd))
        assert (same, actions) == (state, (Apply(TO_BLUE, odd),))
        state, actions, decision = _step(state, at)
        assert (state.phase, actions) == (Phase.ENDED, ())
        assert decision.numbers["seconds"] == 8

    def test_going_back_is_over_when_the_challenger_gets_nothing(self, canary):
        state, _, _ = machine.roll_back(canary, observed(TEN), "asked for", START + 31 * DAY)
        given = Traffic(live={BLUE: 50, "red": 50})
        state, actions, _ = _step(state, START + 31 * DAY, observed=observed(given))
        assert (state.phase, state.ending, actions) == (Phase.ENDED, Ending.ROLLED_BACK, ())


class TestShadow:
    def test_a_better_challenger_goes_on_with_the_numbers_written_down(self, shadow):
        state, actions, decision = _step(shadow, START + 30 * DAY, pairs=gains(28, 0.02))
        assert (state.stage, actions) == (1, (Apply(TEN, SHADOW),))
        assert decision.numbers["brier.days"] == 28
        assert decision.numbers["brier.low"] > 0
        assert "gain +0.0" in decision.reason
        assert state.history[-1] == decision

    def test_a_worse_one_goes_back(self, shadow):
        state, actions, decision = _step(shadow, START + 30 * DAY, pairs=gains(28, -0.03))
        assert (state.phase, state.ending) == (Phase.GOING_BACK, Ending.ROLLED_BACK)
        assert actions == (Apply(TO_BLUE, SHADOW),)
        assert "worse than the margin" in decision.reason

    def test_undecided_waits_and_keeps_the_champion_at_the_deadline(self, shadow):
        undecided = gains(34, 0.0)
        same, actions, _ = _step(shadow, START + 34 * DAY, pairs=undecided)
        assert (same.phase, same.stage, actions) == (Phase.STAGE, 0, ())
        late = START + 35 * DAY + HOUR
        state, actions, decision = _step(same, late, pairs=undecided)
        assert (state.phase, state.ending) == (Phase.GOING_BACK, Ending.KEPT)
        assert decision.verb is Verb.KEEP_CHAMPION
        assert "undecided after 35 days, so the champion stays" in decision.reason

    def test_days_that_were_not_whole_do_not_count(self, shadow):
        clear = gains(9, 0.5, first=START.date())
        _, _, decision = _step(shadow, START + 7 * DAY, pairs=clear)
        assert decision.numbers["brier.days"] == 6
        state, _, decision = _step(shadow, START + 8 * DAY, pairs=clear)
        assert (decision.numbers["brier.days"], state.stage) == (7, 1)

    def test_too_few_requests_are_inconclusive_however_good_they_were(self, shadow):
        few = Served(requests=99)
        same, _, decision = _step(shadow, START + 30 * DAY, pairs=gains(28, 0.02), challenger=few)
        assert same.stage == 0
        assert "99 requests to the challenger of 100 needed" in decision.reason

    def test_nothing_measured_does_not_send_a_shadow_back(self, shadow):
        same, actions, _ = _step(shadow, START + 2 * DAY, until=None)
        assert (same, actions) == (shadow, ())


class TestCanary:
    def test_time_alone_is_not_enough_and_neither_are_requests_alone(self, canary):
        at = canary.confirmed + 11 * HOUR
        same, actions, decision = _step(canary, at, assigned=split(9000, 1000))
        assert (same.stage, actions) == (1, ())
        assert "12 hours have not passed" in decision.reason
        few = Served(requests=10)
        same, actions, _ = _step(canary, at + 2 * HOUR, challenger=few)
        assert (same.stage, actions) == (1, ())

    def test_both_together_raise_the_share(self, canary):
        state, actions, _ = _step(canary, START + 31 * DAY, assigned=split(9000, 1000))
        assert (state.stage, actions) == (2, (Apply(HALF, TEN),))

    @pytest.mark.parametrize(
        ("challenger", "words"),
        [
            (Served(requests=1000, errors=60), "6.00% of requests fail, at most 1.00% may"),
            (Served(requests=1000, slow=150), "15.00% of requests take more than 200 ms"),
        ],
    )
    def test_a_broken_guardrail_goes_back_at_once(self, canary, challenger, words):
        at = canary.confirmed + 10 * timedelta(minutes=1)
        state, actions, decision = _step(canary, at, challenger=challenger)
        assert (state.phase, state.ending) == (Phase.GOING_BACK, Ending.ROLLED_BACK)
        assert actions == (Apply(TO_BLUE, TEN),)
        assert words in decision.reason
        assert min(v for k, v in decision.numbers.items() if k.startswith("p_")) < 0.0025

    def test_more_errors_than_the_champion_go_back_though_below_the_limit(self, canary):
        rising = rules(
            guardrails={
                "errors": {"at_most": 0.2, "rise": 0.005},
                "latency": {"at_most_ms": 200},
            }
        )
        state = canary.model_copy(update={"policy": rising})
        _, _, decision = _step(state, START + 31 * DAY, challenger=Served(requests=1000, errors=60))
        assert "more than 0.50% above the champion's" in decision.reason

    def test_a_slower_challenger_goes_back_though_below_the_limit(self, canary):
        slower = rules(
            guardrails={
                "errors": {"at_most": 0.01},
                "latency": {"at_most_ms": 200, "rise": 0.2},
                "expected_requests": 1000,
            }
        )
        state, at = canary.model_copy(update={"policy": slower}), START + 31 * DAY
        fast, slow = (tuple(base + n % 50 for n in range(2000)) for base in (10.0, 80.0))
        champion = Served(requests=9000, latency_ms=fast)
        _, _, decision = _step(
            state, at, champion=champion, challenger=Served(requests=2000, latency_ms=slow)
        )
        assert "the 95% quantile of the latency is more than 20% above" in decision.reason
        quick = Served(requests=2000, latency_ms=fast)
        counted = {"champion": champion, "assigned": split(9000, 1000)}
        _, _, decision = _step(state, at, challenger=quick, **counted)
        assert decision.verb is Verb.ADVANCE
        same, _, decision = _step(state, at, **counted)
        assert same.stage == 1
        assert "no latencies to compare with" in decision.reason

    def test_without_counts_of_the_split_the_share_stays(self, canary):
        same, actions, decision = _step(canary, START + 31 * DAY)
        assert (same.stage, actions) == (1, ())
        assert "nothing says how requests were split" in decision.reason

    def test_a_share_that_was_not_asked_for_goes_back(self, canary):
        state, _, decision = _step(canary, START + 31 * DAY, assigned=split(9700, 300))
        assert state.ending is Ending.ROLLED_BACK
        assert "300 went to the challenger and 9700 to the champion where 10 %" in decision.reason

    @pytest.mark.parametrize("health", [None, Readiness.FAILED])
    def test_a_dead_challenger_goes_back(self, canary, health):
        found = observed(TEN, green=health)
        state, actions, _ = _step(canary, START + 31 * DAY, observed=found)
        assert (state.ending, actions) == (Ending.ROLLED_BACK, (Apply(TO_BLUE, TEN),))

    def test_a_challenger_that_nobody_watches_goes_back(self, canary):
        measured, _, _ = _step(canary, canary.confirmed + HOUR, assigned=split(900, 100))
        same, _, _ = _step(measured, canary.confirmed + 2 * HOUR, until=None)
        assert same.phase is Phase.STAGE
        state, _, decision = _step(measured, canary.confirmed + 3 * HOUR, until=None)
        assert state.ending is Ending.ROLLED_BACK
        assert "nobody watches" in decision.reason

    def test_figures_from_before_the_change_took_do_not_count(self, canary):
        dead = Served(requests=1000, errors=900)
        at = canary.confirmed + timedelta(minutes=4)
        same, actions, _ = _step(canary, at, challenger=dead)
        assert (same.phase, actions) == (Phase.STAGE, ())

    def test_figures_of_another_turn_do_not_count(self, canary):
        dead = Served(requests=1000, errors=900)
        same, actions, _ = _step(canary, canary.confirmed + HOUR, turn=1, challenger=dead)
        assert (same, actions) == (canary, ())

    def test_where_nothing_mirrors_the_canary_itself_decides(self):
        only = rules(stages=[{"kind": "canary", "share": 10, "max_days": 35, "decides": True}])
        state, _ = machine.begin(REQUEST, only, observed(kind=EndpointKind.KUBERNETES), START, None)
        state = _entered(_step(state, START)[0], START)
        at, counted = START + 30 * DAY, {"assigned": split(90_000, 10_000)}
        steady = state.model_copy(update={"measured": at - HOUR})
        same, _, _ = _step(steady, at, live=live_gains(28, 0.0), **counted)
        assert same.stage == 0
        state, actions, decision = _step(steady, at, live=live_gains(28, 0.02), **counted)
        assert (decision.verb, actions) == (Verb.PROMOTE, (Apply(TO_GREEN, TEN),))


class TestComparison:
    def test_entities_are_split_by_name_and_the_shares_stay(self):
        only = rules(strategy="ab", stages=[{"kind": "ab", "share": 50, "max_days": 60}])
        state, actions, _ = _step(begun(only), START)
        wanted = actions[0].wanted
        assert (wanted.live, wanted.split.share) == ({BLUE: 100}, 50)
        assert wanted.split.salt == "release-7"
        state = _entered(state, START)
        at = START + 30 * DAY
        steady = state.model_copy(update={"measured": at - HOUR})
        _, _, decision = _step(steady, at, live=live_gains(28, 0.02), assigned=split(4980, 5020))
        assert decision.verb is Verb.PROMOTE
        assert decision.numbers["ratio.champion"] == 4980


class TestWarm:
    def test_the_old_deployment_is_kept_and_then_retired(self, warm):
        assert warm.wanted == TO_GREEN
        same, actions, _ = _step(warm, warm.confirmed + 6 * DAY)
        assert (same.phase, actions) == (Phase.WARM, ())
        state, actions, decision = _step(warm, warm.confirmed + 7 * DAY + HOUR)
        assert (state.phase, actions) == (Phase.RETIRING, (Retire(BLUE),))
        assert decision.verb is Verb.RETIRE
        same, actions, _ = _step(state, warm.confirmed + 8 * DAY)
        assert (same, actions) == (state, (Retire(BLUE),))
        gone = observed(TO_GREEN, blue=None)
        state, actions, _ = _step(state, warm.confirmed + 8 * DAY, observed=gone)
        assert (state.phase, state.ending, actions) == (Phase.ENDED, Ending.PROMOTED, ())

    def test_limits_are_watched_without_a_champion_to_compare_with(self, warm):
        broken = Served(requests=1000, errors=60)
        state, actions, decision = _step(warm, warm.confirmed + HOUR, challenger=broken)
        assert (state.ending, actions) == (Ending.ROLLED_BACK, (Apply(TO_BLUE, TO_GREEN),))
        assert decision.numbers["champion_requests"] is None
        rising = Served(requests=1000, errors=13)
        assert _step(warm, warm.confirmed + HOUR, challenger=rising)[0].phase is Phase.WARM

    def test_a_dead_deployment_goes_back(self, warm):
        dead = observed(TO_GREEN, green=Readiness.FAILED)
        state, _, _ = _step(warm, warm.confirmed + HOUR, observed=dead)
        assert state.ending is Ending.ROLLED_BACK

    def test_there_must_be_something_to_go_back_to(self, warm):
        dead = observed(TO_GREEN, green=Readiness.FAILED, blue=None)
        same, actions, decision = _step(warm, warm.confirmed + HOUR, observed=dead)
        assert (same.phase, actions) == (Phase.WARM, ())
        assert "blue is gone, so it stays" in decision.reason

    def test_a_person_who_rolls_back_by_hand_is_not_overruled(self, warm):
        state, actions, _ = _step(warm, warm.confirmed + HOUR, observed=observed(TO_BLUE))
        assert (state.ending, actions) == (Ending.TAKEN_OVER, ())


class TestRollingBack:
    @pytest.mark.parametrize("which", ["shadow", "canary", "warm"])
    def test_every_stage_can_be_rolled_back(self, which, request):
        state = request.getfixturevalue(which)
        back, actions, decision = machine.roll_back(
            state, observed(state.wanted), "customers complain", START + 40 * DAY
        )
        assert (back.phase, back.ending) == (Phase.GOING_BACK, Ending.ROLLED_BACK)
        assert actions == (Apply(TO_BLUE, state.wanted),)
        assert decision.reason == "customers complain"

    def test_a_release_that_has_just_begun_can_be(self):
        back, actions, _ = machine.roll_back(begun(), observed(), "changed our minds", START)
        assert (back.ending, actions) == (Ending.ROLLED_BACK, ())

    def test_twice_is_once(self, canary):
        back, _, _ = machine.roll_back(canary, observed(TEN), "first", START)
        again, actions, decision = machine.roll_back(back, observed(TEN), "second", START)
        assert (again, actions, decision.verb) == (back, (), Verb.WAIT)

    def test_a_retiring_champion_that_is_still_there_takes_it_back(self, warm):
        state, _, _ = _step(warm, warm.confirmed + 8 * DAY)
        back, actions, _ = machine.roll_back(state, observed(TO_GREEN), "late", START + 50 * DAY)
        assert (back.phase, actions) == (Phase.GOING_BACK, (Apply(TO_BLUE, TO_GREEN),))

    def test_one_that_is_gone_cannot(self, warm):
        state, _, _ = _step(warm, warm.confirmed + 8 * DAY)
        gone = observed(TO_GREEN, blue=None)
        with pytest.raises(ReleaseError, match="blue cannot take the traffic of flights back"):
            machine.roll_back(state, gone, "too late", START + 50 * DAY)


class TestDocuments:
    def test_a_state_reads_back_as_it_was_and_has_a_digest(self, canary):
        assert read(canary.content) == canary
        assert read(canary.content).digest == canary.digest
        assert len(canary.digest) == 64

    def test_what_is_no_state_is_refused_with_what_to_do(self):
        with pytest.raises(ReleaseError, match="give the champion all traffic by hand"):
            read(b"{}")

    def test_evidence_of_another_release_is_refused(self, canary):
        with pytest.raises(ReleaseError, match="evidence of release other given to release-7"):
            _step(canary, START, release="other")

    def test_another_policy_than_at_the_beginning_is_refused(self, canary):
        given = evidence(canary, START)
        with pytest.raises(ReleaseError, match="began with another policy"):
            machine.step(canary, given, rules(warm_days=1), START)

    def test_an_ended_release_does_nothing(self, canary):
        ended = canary.model_copy(update={"phase": Phase.ENDED, "ending": Ending.KEPT})
        same, actions, decision = _step(ended, START + 90 * DAY, observed=observed(HALF))
        assert (same, actions, decision.verb) == (ended, (), Verb.WAIT)

    @pytest.mark.parametrize(
        "changes",
        [
            {"wanted": Traffic.all_to("red")},
            {"stage": 3},
            {"ending": Ending.KEPT},
            {"phase": Phase.ENDED},
        ],
    )
    def test_states_that_mean_nothing_are_refused(self, canary, changes):
        with pytest.raises(ValueError, match=r"wanted has red|stage 3 of 3|with ending"):
            State.model_validate({**canary.model_dump(), **changes})
