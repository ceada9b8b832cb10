"""When a task trains again: each event once, debounced, cooled down, within its budget."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.errors import TaskError
from ml.gates.outcome import Outcome
from ml.retraining import machine
from ml.retraining.machine import Answered, Finished, Release, Shadow, Train
from ml.retraining.policy import (
    MONTH,
    Approval,
    Budget,
    Debounce,
    Help,
    Policy,
    Trigger,
    Undecided,
    load,
)
from ml.retraining.state import Event, Phase, State, Verb, read

START = datetime(2013, 5, 2, tzinfo=UTC)
POLICY = Policy(
    triggers=tuple(Trigger), cool_down_days=20, budget=Budget(trainings=2, hours=3), periods=2
)


def event(name="e1", trigger=Trigger.PERFORMANCE, *, alarm=True) -> Event:
    return Event(id=name, trigger=trigger, window="2013-04", alarm=alarm)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def take(state, *events, policy=POLICY, at=0.0, **given):
    step = None
    for each in events:
        step = machine.happened(state, each, policy, day(at), **given)
        state = step[0]
    return step


def trained(state, name, at, *, model=None, hours=0.5, failed=False):
    end = Finished(name, hours, model, "because", failed=failed)
    return machine.finished(state, end, day(at))


def test_an_alarm_trains_under_a_name_that_follows_from_its_event():
    state, action, decision = take(State(), event())
    assert action == Train("e1", machine.job_of("e1"), "2013-04")
    assert decision.verb is Verb.TRAIN
    assert machine.job_of("e1") != machine.job_of("e2")
    assert state.case("e1").phase is Phase.TRAINING


def test_the_same_event_again_changes_nothing_whatever_became_of_it():
    state, *_ = take(State(), event())
    again, action, decision = take(state, event(), at=99)
    assert (again, action, decision.verb) == (state, None, Verb.WAIT)
    ended, *_ = trained(state, "e1", 1)
    again, action, _ = take(ended, event(), at=99)
    assert (again, action) == (ended, None)


def test_what_was_wanted_is_wanted_again_after_a_kill():
    state, action, _ = take(State(), event())
    assert machine.wanted(read(state.content)) == action
    state, action, _ = trained(state, "e1", 1, model="flights:2")
    assert action == Release("e1", "flights:2")
    assert machine.wanted(read(state.content)) == action
    state, action, _ = machine.released(state, "e1", "promoted", day(9))
    assert action is None
    assert machine.wanted(state) is None


def test_without_a_passing_verdict_nothing_is_released():
    state, *_ = take(State(), event())
    ended, action, decision = trained(state, "e1", 1)
    assert (action, decision.verb) == (None, Verb.KEEP_CHAMPION)
    assert ended.case("e1").phase is Phase.ENDED
    _, _, broken = trained(state, "e1", 1, failed=True)
    assert broken.verb is Verb.FAIL


def test_a_quiet_look_trains_nothing():
    _, action, decision = take(State(), event(alarm=False))
    assert (action, decision.verb) == (None, Verb.DECLINE)


def test_one_alarm_in_a_row_of_quiet_looks_is_not_enough_where_two_are_wanted():
    policy = POLICY.model_copy(update={"debounce": Debounce(alarms=2, looks=3)})
    first = take(State(), event("a"), event("b", alarm=False), policy=policy)
    _, action, decision = take(first[0], event("c"), policy=policy)
    assert isinstance(action, Train)
    assert decision.verb is Verb.TRAIN
    lonely = take(State(), *(event(n, alarm=False) for n in "xy"), event("z"), policy=policy)
    assert lonely[1] is None
    assert "1 alarm(s) in the last 3 look(s); 2 of 3 are wanted" in lonely[2].reason


def test_after_a_training_alarms_wait_and_people_do_not():
    state, *_ = take(State(), event())
    state, *_ = trained(state, "e1", 1)
    _, action, decision = take(state, event("e2"), at=19)
    assert action is None
    assert "cooling down until 2013-05-22" in decision.reason
    assert isinstance(take(state, event("e3", Trigger.MANUAL), at=2)[1], Train)
    assert isinstance(take(state, event("e4"), at=20)[1], Train)


def test_one_thing_at_a_time():
    state, *_ = take(State(), event())
    _, action, decision = take(state, event("e2", Trigger.MANUAL), at=1)
    assert action is None
    assert "one thing at a time" in decision.reason


def test_the_budget_is_of_any_thirty_days():
    policy = POLICY.model_copy(update={"cool_down_days": 0.0})
    state = State()
    for number, name in enumerate(("a", "b")):
        state, *_ = take(state, event(name), policy=policy, at=number)
        state, *_ = trained(state, name, number + 0.5)
    _, action, decision = take(state, event("c"), policy=policy, at=5)
    assert action is None
    assert "the budget is 2" in decision.reason
    assert isinstance(take(state, event("d"), policy=policy, at=30.1)[1], Train)


def test_hours_count_too():
    policy = POLICY.model_copy(update={"cool_down_days": 0.0})
    state, *_ = take(State(), event("a"), policy=policy)
    state, *_ = trained(state, "a", 1, hours=3.5)
    assert "the budget is 3" in take(state, event("b"), policy=policy, at=2)[2].reason


def test_a_trigger_that_the_policy_does_not_name_is_declined():
    policy = POLICY.model_copy(update={"triggers": (Trigger.MANUAL,)})
    assert "not among the triggers" in take(State(), event(), policy=policy)[2].reason


@pytest.mark.parametrize("where", ["policy", "stack"])
def test_where_somebody_must_agree_nothing_is_trained_before(where):
    policy = (
        POLICY.model_copy(update={"approval": Approval.REQUIRED}) if where == "policy" else POLICY
    )
    approval = Approval.REQUIRED if where == "stack" else None
    state, action, decision = take(State(), event(), policy=policy, approval=approval)
    assert (action, decision.verb) == (None, Verb.ASK)
    state, action, decision = machine.approved(state, "e1", "ada", policy, day(1))
    assert isinstance(action, Train)
    assert state.case("e1").approved_by == "ada"
    with pytest.raises(TaskError, match="does not wait"):
        machine.approved(state, "e1", "ada", policy, day(2))


ASKS = POLICY.model_copy(update={"help": Help()})
DARES = POLICY.model_copy(update={"help": Help(undecided=Undecided.TRAIN)})


def said(state, name, outcome, *, policy=ASKS, hours=0.25, at=1):
    found = Answered(name, hours, outcome, "because", {"brier.gain": 0.01})
    return machine.answered(state, found, policy, day(at))


def test_an_alarm_asks_first_whether_training_would_help():
    state, action, decision = take(State(), event(), policy=ASKS)
    assert action == Shadow("e1", machine.shadow_of("e1"), "2013-04")
    assert decision.verb is Verb.SHADOW
    assert state.case("e1").phase is Phase.SHADOW
    assert machine.wanted(read(state.content)) == action
    assert machine.shadow_of("e1") != machine.job_of("e1")


@pytest.mark.parametrize("trigger", [Trigger.MANUAL, Trigger.SCHEDULE, Trigger.NEW_DATA])
def test_what_is_no_alarm_of_a_monitor_trains_without_asking(trigger):
    assert isinstance(take(State(), event(trigger=trigger), policy=ASKS)[1], Train)


@pytest.mark.parametrize(
    ("policy", "outcome", "verb"),
    [
        (ASKS, Outcome.PASS, Verb.TRAIN),
        (ASKS, Outcome.FAIL, Verb.KEEP_CHAMPION),
        (ASKS, Outcome.INCONCLUSIVE, Verb.KEEP_CHAMPION),
        (ASKS, None, Verb.FAIL),
        (DARES, Outcome.INCONCLUSIVE, Verb.TRAIN),
        (DARES, Outcome.FAIL, Verb.KEEP_CHAMPION),
    ],
)
def test_only_what_would_help_trains_unless_the_policy_dares(policy, outcome, verb):
    state, *_ = take(State(), event(), policy=policy)
    state, action, decision = said(state, "e1", outcome, policy=policy)
    assert decision.verb is verb
    assert decision.numbers["brier.gain"] == 0.01
    if verb is Verb.TRAIN:
        assert action == Train("e1", machine.job_of("e1"), "2013-04")
    else:
        assert action is None
        assert state.case("e1").phase is Phase.ENDED


def test_an_answer_that_nobody_waits_for_changes_nothing():
    state, *_ = take(State(), event(), policy=ASKS)
    state, *_ = said(state, "e1", Outcome.FAIL)
    again, action, decision = said(state, "e1", Outcome.PASS)
    assert (again, action, decision.verb) == (state, None, Verb.WAIT)
    assert said(State(), "e9", Outcome.PASS)[2].verb is Verb.WAIT


def test_shadow_and_training_are_one_of_the_budget_and_their_hours_add_up():
    state, *_ = take(State(), event(), policy=ASKS)
    assert "one thing at a time" in take(state, event("e2", Trigger.MANUAL), policy=ASKS)[2].reason
    state, *_ = said(state, "e1", Outcome.PASS, hours=0.25)
    state, *_ = trained(state, "e1", 2, hours=0.5)
    case = state.case("e1")
    assert (case.hours, case.began) == (0.75, day(0))
    other, action, _ = take(state, event("e2", Trigger.MANUAL), policy=ASKS, at=3)
    assert isinstance(action, Train)
    assert (
        "the budget is 2"
        in take(trained(other, "e2", 3)[0], event("e3", Trigger.MANUAL), policy=ASKS, at=4)[
            2
        ].reason
    )


def test_where_somebody_must_agree_nothing_is_asked_before():
    state, action, _ = take(State(), event(), policy=ASKS, approval=Approval.REQUIRED)
    assert action is None
    assert isinstance(machine.approved(state, "e1", "ada", ASKS, day(1))[1], Shadow)


def test_a_state_that_was_written_before_there_was_a_question_is_read():
    state, *_ = take(State(), event())
    document = state.model_dump(mode="json")
    del document["cases"][0]["shadow"]
    assert read(json.dumps(document)) == state


def test_the_tasks_have_policies():
    assert Trigger.PERFORMANCE in load("flights").triggers
    assert load("employment").approval is Approval.REQUIRED


def test_mistakes_of_a_policy_are_all_named(tmp_path):
    (tmp_path / "retrain.yaml").write_text(
        "triggers: [wind]\ndebounce: {alarms: 3, looks: 2}\nbudget: {trainings: 0, hours: 1}\n"
    )
    with pytest.raises(TaskError) as caught:
        load(tmp_path)
    for word in ("triggers.0", "3 alarms in 2 looks", "budget.trainings"):
        assert word in str(caught.value)
    with pytest.raises(TaskError, match=r"has no retrain\.yaml"):
        load(tmp_path / "..")


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["event", "end", "good", "released", "again", "helps", "harms"]),
        st.integers(0, 6),
        st.sampled_from(list(Trigger)),
        st.booleans(),
        st.floats(0, 12),
    ),
    max_size=40,
)


@given(MOVES, st.sampled_from([POLICY, ASKS, DARES]))
def test_no_order_of_events_trains_twice_for_one_or_more_than_the_budget(moves, policy):
    """What is written down survives: each step starts from the state's own JSON."""
    state, now, sent, begun, helped = State(), START, [], [], set()
    for kind, number, trigger, alarm, hours in moves:
        now += timedelta(hours=hours * 10)
        state = read(state.content)
        name = f"e{number}"
        if kind in {"event", "again"}:
            state, action, _ = machine.happened(
                state, event(name, trigger, alarm=alarm), policy, now
            )
        elif kind in {"helps", "harms"}:
            outcome = Outcome.PASS if kind == "helps" else Outcome.FAIL
            state, action, _ = machine.answered(
                state, Answered(name, 0.1, outcome, "why"), policy, now
            )
            helped |= {name} if kind == "helps" else set()
        elif kind == "released":
            state, action, _ = machine.released(state, name, "kept", now)
        else:
            model = f"m:{number}" if kind == "good" else None
            state, action, _ = machine.finished(state, Finished(name, 0.1, model, "why"), now)
        if isinstance(action, Train):
            case = state.case(action.event)
            sent.append(action.event)
            begun.append(case.began)
            assert case.shadow is None or action.event in helped
        if isinstance(action, Release):
            assert state.case(action.event).model == action.model
    assert len(sent) == len(set(sent))
    for moment in begun:
        assert sum(moment - MONTH < other <= moment for other in begun) <= POLICY.budget.trainings
    going = {Phase.SHADOW, Phase.TRAINING, Phase.RELEASING}
    assert sum(case.phase in going for case in state.cases) <= 1
