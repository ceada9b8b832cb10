"""Rolling back by what the endpoint says, whatever else is out of order."""

from datetime import timedelta

import pytest

from ml.release import beginning
from ml.release.assignment import Split
from ml.release.errors import ReleaseError
from ml.release.evidence import Readiness
from ml.release.ports import ChangedError, UnavailableError
from ml.release.rollback import champion_of, roll_back
from ml.release.traffic import Traffic
from ml.workspace import RegisteredModel
from tests.ml.release.building import BLUE, GREEN, START, observed

CANARY = Traffic(live={BLUE: 90, GREEN: 10})
SHADOW = Traffic(live={BLUE: 100}, mirror={GREEN: 50})
SPLIT = Traffic(live={BLUE: 100}, split=Split(salt="s", share=50))
PROMOTED = Traffic.all_to(GREEN)


class Endpoint:
    """An endpoint in memory whose next calls may fail."""

    name = "flights"

    def __init__(self, traffic, *, failing=(), blue=Readiness.READY):
        self.traffic, self.failing, self.blue = traffic, list(failing), blue
        self.tags = {GREEN: BLUE}
        self.written = []

    def read(self):
        return observed(self.traffic, blue=self.blue)

    def replaced(self):
        return self.tags

    def apply(self, wanted, seen):
        if self.failing:
            error = self.failing.pop(0)
            if error is None:  # done, and the reply lost
                self.traffic = wanted
                raise UnavailableError("reset")
            raise error
        assert seen == self.traffic
        self.traffic = wanted
        self.written.append(wanted)


def _clock():
    moments = iter(START + timedelta(seconds=n) for n in range(100))
    return lambda: next(moments)


@pytest.mark.parametrize("traffic", [CANARY, SHADOW, SPLIT, PROMOTED], ids=str)
def test_the_champion_gets_everything_back_in_every_stage(traffic):
    endpoint = Endpoint(traffic)
    done = roll_back(endpoint, now=_clock(), sleep=lambda _: None)
    assert endpoint.traffic == Traffic.all_to(BLUE)
    assert (done.champion, done.before, done.seconds) == (BLUE, traffic, 1.0)


def test_a_lost_reply_is_found_done():
    endpoint, slept = Endpoint(CANARY, failing=[None]), []
    done = roll_back(endpoint, to=BLUE, now=_clock(), sleep=slept.append)
    assert done.before == CANARY
    assert endpoint.traffic == Traffic.all_to(BLUE)
    assert (endpoint.written, slept) == ([], [1.0])


def test_throttling_and_changes_by_others_are_waited_out():
    endpoint = Endpoint(CANARY, failing=[UnavailableError("429"), ChangedError("busy")])
    roll_back(endpoint, now=_clock(), sleep=lambda _: None)
    assert endpoint.traffic == Traffic.all_to(BLUE)


def test_an_endpoint_that_never_answers_says_so():
    endpoint = Endpoint(CANARY, failing=[UnavailableError("429")] * 9)
    with pytest.raises(UnavailableError):
        roll_back(endpoint, now=_clock(), sleep=lambda _: None)
    assert endpoint.traffic == CANARY


def test_a_champion_that_is_not_ready_is_given_nothing():
    endpoint = Endpoint(CANARY, blue=Readiness.FAILED)
    with pytest.raises(ReleaseError, match="cannot take the traffic"):
        roll_back(endpoint, now=_clock(), sleep=lambda _: None)
    assert endpoint.traffic == CANARY


def test_a_champion_that_is_gone_is_named():
    with pytest.raises(ReleaseError, match="is gone or was never there"):
        champion_of("flights", observed(PROMOTED, blue=None), {GREEN: BLUE})


def test_of_a_chain_the_last_link_goes_back():
    seen = observed(CANARY)
    assert champion_of("flights", seen, {GREEN: BLUE, BLUE: "red"}) == BLUE
    with_red = seen.model_copy(update={"deployments": {**seen.deployments, "red": "ready"}})
    assert champion_of("flights", with_red, {GREEN: BLUE, BLUE: "red"}) == BLUE


def test_traffic_that_nobody_can_tell_wants_a_name():
    with pytest.raises(ReleaseError, match="no one champion"):
        champion_of("flights", observed(CANARY), {})


class TestBeginning:
    MODEL = RegisteredModel("flights-delay", "3", {})

    def test_the_same_bytes_are_one_deployment(self):
        name = beginning.deployment_of(self.MODEL, "1a2b3c4d5e")
        assert name == "v3-1a2b3c4d"
        long = RegisteredModel("m", "2026.11.24-" * 9, {})
        assert len(beginning.deployment_of(long, "1a2b3c4d5e")) <= 32

    def test_the_champion_is_who_has_everything(self):
        plan = beginning.plan("flights", GREEN, observed(), START)
        assert (plan.champion, plan.release) == (BLUE, "green-20130701")

    def test_a_release_under_way_is_found_again(self):
        assert beginning.plan("flights", GREEN, observed(CANARY), START).champion == BLUE

    def test_an_empty_endpoint_has_no_champion(self):
        plan = beginning.plan("flights", GREEN, observed(Traffic(live={})), START)
        assert plan.champion is None
        with pytest.raises(ReleaseError, match="nothing to compare with"):
            _ = plan.request

    def test_who_serves_already_is_not_released(self):
        with pytest.raises(ReleaseError, match="has all traffic"):
            beginning.plan("flights", BLUE, observed(), START)

    def test_traffic_of_strangers_is_not_guessed_about(self):
        three = Traffic(live={"red": 50, BLUE: 50})
        with pytest.raises(ReleaseError, match="no one champion"):
            beginning.plan("flights", GREEN, observed(three), START)

    def test_the_first_model_is_given_everything_once_it_is_ready(self):
        endpoint = Endpoint(Traffic(live={}))
        plan = beginning.plan("flights", GREEN, endpoint.read(), START)
        assert beginning.first(endpoint, plan) == PROMOTED
        endpoint.blue = Readiness.FAILED
        absent = beginning.Plan("flights", None, BLUE, "r")
        with pytest.raises(ReleaseError, match="nothing serves"):
            beginning.first(endpoint, absent)
