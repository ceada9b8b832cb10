"""No order of events, ends and kills trains or releases twice for one event, or beyond a limit."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ml.gates.outcome import Outcome
from ml.retraining.controller import Controller
from ml.retraining.machine import Answered, Finished, job_of, shadow_of
from ml.retraining.policy import MONTH, Trigger
from ml.retraining.state import Event
from tests.ml.retraining.test_retraining_controller import (
    ASKS,
    POLICY,
    START,
    Document,
    KilledError,
    Platform,
)

PASSED, REFUSED, BROKEN = "passed", "refused", "broken"
TURNS = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.sampled_from(
            ["event", "event", "turn", PASSED, REFUSED, BROKEN, "released", "helps", "harms"]
        ),
        st.sampled_from(["", "", "before saving", "after saving", "while asking"]),
        st.sampled_from([Trigger.PERFORMANCE, Trigger.MANUAL]),
        st.floats(0, 8),
    ),
    max_size=30,
)


class Watched(Platform):
    """A platform that keeps every asking that made something."""

    def __init__(self):
        super().__init__()
        self.sent: list[tuple[str, timedelta]] = []
        self.day = timedelta()

    def train(self, wanted):
        if wanted.job not in self.jobs:
            self.sent.append((wanted.event, self.day))
        return super().train(wanted)


def ended(name: str, kind: str) -> Finished:
    model = f"m:{name}" if kind == PASSED else None
    return Finished(name, 0.1, model, kind, failed=kind == BROKEN)


@settings(max_examples=200, deadline=None)
@given(TURNS, st.sampled_from([POLICY, ASKS]))
def test_whatever_is_killed_one_event_trains_once_within_its_limits(turns, policy):
    document, platform, kinds, triggers = Document(), Watched(), {}, {}
    for number, what, dies, trigger, days in turns:
        platform.day += timedelta(days=days)
        name = f"e{number}"
        triggers.setdefault(name, trigger)
        if what in {PASSED, REFUSED, BROKEN} and job_of(name) in platform.jobs:
            kinds.setdefault(name, what)
            platform.ends[name] = ended(name, kinds[name])
        if what == "released":
            platform.endings[f"m:{name}"] = "kept"
        if what in {"helps", "harms"} and shadow_of(name) in platform.shadows:
            outcome = Outcome.PASS if what == "helps" else Outcome.INCONCLUSIVE
            platform.answers.setdefault(name, Answered(name, 0.1, outcome, what))
        document.dies_at, platform.dies = dies, dies == "while asking"
        controller = Controller(document, platform, policy, lambda: START + platform.day)
        event = Event(id=name, trigger=triggers[name], window="2013-04")
        try:
            _ = controller.happened(event) if what == "event" else controller.advance()
        except KilledError:
            continue
    names = [name for name, _ in platform.sent]
    assert len(names) == len(set(names))
    assert len(platform.shadows) == len(set(platform.shadows))
    asked = {name for name in names if shadow_of(name) in platform.shadows}
    assert all(platform.answers[name].outcome is Outcome.PASS for name in asked)
    assert len(platform.releases) == len(set(platform.releases))
    assert {model.removeprefix("m:") for model in platform.releases} <= {
        name for name, kind in kinds.items() if kind == PASSED
    }
    began = {
        case.event.id: case.began for case in controller_state(document, platform) if case.began
    }
    assert set(names) <= set(began)
    for name, moment in began.items():
        earlier = [other for other in began.values() if moment - MONTH < other < moment]
        assert len(earlier) < POLICY.budget.trainings
        if triggers[name] is not Trigger.MANUAL:
            rest = timedelta(days=POLICY.cool_down_days)
            assert all(moment >= other + rest for other in earlier)


def controller_state(document, platform):
    return Controller(document, platform, POLICY, lambda: START).read().cases
