"""When a task trains again: each event once, debounced, cooled down, within its budget."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.errors import TaskError
from ml.retraining import machine
from ml.retraining.machine import Finished, Release, Train
from ml.retraining.policy import MONTH, Approval, Budget, Debounce, Policy, Trigger, load
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
        st.sampled_from(["event", "end", "good", "released", "again"]),
        st.integers(0, 6),
        st.sampled_from(list(Trigger)),
        st.booleans(),
        st.floats(0, 12),
    ),
    max_size=40,
)


@given(MOVES)
def test_no_order_of_events_trains_twice_for_one_or_more_than_the_budget(moves):
    """What is written down survives: each step starts from the state's own JSON."""
    state, now, sent, begun = State(), START, [], []
    for kind, number, trigger, alarm, hours in moves:
        now += timedelta(hours=hours * 10)
        state = read(state.content)
        name = f"e{number}"
        if kind in {"event", "again"}:
            state, action, _ = machine.happened(
                state, event(name, trigger, alarm=alarm), POLICY, now
            )
        elif kind == "released":
            state, action, _ = machine.released(state, name, "kept", now)
        else:
            model = f"m:{number}" if kind == "good" else None
            state, action, _ = machine.finished(state, Finished(name, 0.1, model, "why"), now)
        if isinstance(action, Train):
            sent.append(action.event)
            begun.append(now)
        if isinstance(action, Release):
            assert state.case(action.event).model == action.model
    assert len(sent) == len(set(sent))
    for moment in begun:
        assert sum(moment - MONTH < other <= moment for other in begun) <= POLICY.budget.trainings
    going = [case for case in state.cases if case.phase in {Phase.TRAINING, Phase.RELEASING}]
    assert len(going) <= 1
