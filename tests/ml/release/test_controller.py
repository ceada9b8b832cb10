"""The controller: a whole release, killed at every call, with replies lost at every call."""

from datetime import timedelta

import pytest

from ml.release.controller import Controller
from ml.release.errors import ReleaseError
from ml.release.evidence import Readiness
from ml.release.ports import BusyError, UnavailableError
from ml.release.state import Ending, Phase, State, Verb, read
from ml.release.traffic import EndpointKind, Traffic
from tests.ml.release.building import BLUE, GREEN, REQUEST, rules
from tests.ml.release.fakes import FakeEndpoint, FakeSource, FakeStore, KilledError, World

TO_BLUE, TO_GREEN = Traffic.all_to(BLUE), Traffic.all_to(GREEN)
SHADOW = Traffic(live={BLUE: 100}, mirror={GREEN: 50})
TEN = Traffic(live={BLUE: 90, GREEN: 10})
HALF = Traffic(live={BLUE: 50, GREEN: 50})
# The times, in hours, at which the controller is started in a release that goes well.
TIMES = [0, 24 * 30, 24 * 30 + 0.5, 24 * 30 + 13, 24 * 30 + 13.5, 24 * 30 + 27, 24 * 31 + 28]
TIMES += [24 * 38 + 5, 24 * 38 + 6]


def _controller(world: World) -> Controller:
    return Controller(
        FakeEndpoint(world), FakeSource(world), FakeStore(world), world.now, world.sleep
    )


def _state(world: World) -> State:
    assert world.kept is not None
    return read(world.kept)


def _at(world: World, hours: float) -> None:
    from tests.ml.release.building import START  # noqa: PLC0415  beside the clock that it starts

    world.clock = max(world.clock, START + timedelta(hours=hours))


def _run(world: World) -> State:
    """Start the controller at each time, and again whenever it is killed or gives up."""
    for place, hours in enumerate(TIMES):
        _at(world, hours)
        for _ in range(4):
            try:
                controller = _controller(world)
                if place == 0:
                    controller.begin(REQUEST, rules())
                controller.advance()
                break
            except KilledError:
                world.leased = False  # it runs out
            except UnavailableError:
                continue
    return _state(world)


@pytest.fixture(scope="module")
def untroubled() -> World:
    world = World()
    state = _run(world)
    assert (state.phase, state.ending) == (Phase.ENDED, Ending.PROMOTED)
    return world


def _verbs(state: State) -> list[Verb]:
    return [each.verb for each in state.history]


class TestWholeRelease:
    def test_traffic_moves_step_by_step_and_the_old_deployment_goes_last(self, untroubled):
        assert untroubled.written == [SHADOW, TEN, HALF, TO_GREEN]
        assert set(untroubled.there) == {GREEN}
        assert _verbs(_state(untroubled)) == [
            Verb.BEGIN, Verb.ADVANCE, Verb.CONFIRM, Verb.ADVANCE, Verb.CONFIRM, Verb.ADVANCE,
            Verb.CONFIRM, Verb.PROMOTE, Verb.CONFIRM, Verb.RETIRE, Verb.END,
        ]  # fmt: skip

    def test_an_ended_release_is_archived_and_does_not_happen_twice(self, untroubled):
        progress = _controller(untroubled).begin(REQUEST, rules())
        assert progress.state.ending is Ending.PROMOTED
        assert untroubled.traffic == TO_GREEN
        assert list(untroubled.old) == ["release-7"]

    def test_what_is_wanted_is_written_down_before_every_change(self, untroubled):
        calls = untroubled.calls
        for place, name in enumerate(calls):
            if name == "apply":
                assert "save" in calls[place - 3 : place]

    def test_a_worse_challenger_never_gets_live_traffic(self):
        world = World(gain=-0.03)
        assert _run(world).ending is Ending.ROLLED_BACK
        assert world.written == [SHADOW, TO_BLUE]

    def test_an_undecided_one_neither(self):
        world = World(gain=0.0)
        _run(world)
        _at(world, 24 * 36)
        state = _controller(world).advance().state
        assert (state.phase, state.ending) == (Phase.ENDED, Ending.KEPT)
        assert world.written == [SHADOW, TO_BLUE]


def _calls_of_a_release() -> int:
    world = World()
    _run(world)
    return len(world.calls)


CALLS = _calls_of_a_release()


class TestFaults:
    @pytest.mark.parametrize("moment", ["before", "after"])
    @pytest.mark.parametrize("call", range(CALLS))
    def test_killed_at_any_call_it_resumes_to_the_same_end(self, untroubled, call, moment):
        world = World(plan={call: f"killed {moment}"})
        state = _run(world)
        assert (state.phase, state.ending) == (Phase.ENDED, Ending.PROMOTED)
        assert world.written == untroubled.written
        assert world.traffic == TO_GREEN
        assert _verbs(state) == _verbs(_state(untroubled))

    @pytest.mark.parametrize("moment", ["before", "after"])
    @pytest.mark.parametrize("call", range(CALLS))
    def test_a_reply_lost_at_any_call_changes_nothing_in_the_end(self, untroubled, call, moment):
        world = World(plan={call: f"lost {moment}"})
        state = _run(world)
        assert state.ending is Ending.PROMOTED
        assert world.written == untroubled.written

    def test_a_throttled_rollback_is_tried_again_until_it_is_done(self):
        world = World()
        _run_until_canary(world)
        world.refusals = {"apply": 3, "read": 2}
        progress = _controller(world).roll_back("errors")
        assert world.traffic == TO_BLUE
        assert progress.state.phase is Phase.ENDED
        assert progress.decisions[-1].numbers["seconds"] == 2 + 2 + 4  # of the 14 it took

    def test_a_storm_of_refusals_gives_up_with_the_wish_kept(self):
        world = World()
        _run_until_canary(world)
        world.refusals = {"apply": 100}
        with pytest.raises(UnavailableError):
            _controller(world).roll_back("errors")
        assert _state(world).phase is Phase.GOING_BACK
        world.refusals = {}
        assert _controller(world).advance().state.ending is Ending.ROLLED_BACK
        assert world.traffic == TO_BLUE

    def test_a_source_that_stays_away_sends_a_canary_back(self):
        world = World()
        _run_until_canary(world)
        _at(world, 24 * 30 + 3)
        controller = Controller(
            FakeEndpoint(world), _NoSource(), FakeStore(world), world.now, world.sleep
        )
        progress = controller.advance()
        assert progress.state.ending is Ending.ROLLED_BACK
        assert "nobody watches" in progress.state.history[-2].reason
        assert world.traffic == TO_BLUE

    def test_a_scorer_that_dies_under_load_goes_back_in_one_go(self):
        world = World()
        _run_until_canary(world)
        _at(world, 24 * 30 + 1)
        world.errors = 400
        progress = _controller(world).advance()
        assert (progress.state.phase, world.traffic) == (Phase.ENDED, TO_BLUE)

    def test_a_deployment_that_never_becomes_ready_gets_nothing(self):
        world = World()
        world.there[GREEN] = Readiness.CREATING
        _controller(world).begin(REQUEST, rules())
        _controller(world).advance()
        _at(world, 1.5)
        assert _controller(world).advance().state.ending is Ending.KEPT
        assert world.written == []

    def test_traffic_that_changes_between_look_and_write_is_looked_at_again(self):
        world = World()
        _run_until_canary(world)
        controller = Controller(
            _Meddled(world), FakeSource(world), FakeStore(world), world.now, world.sleep
        )
        controller.roll_back("asked for")
        assert world.traffic == TO_BLUE
        assert _state(world).phase is Phase.ENDED


class TestAlone:
    def test_two_controllers_do_not_act_at_once(self):
        world = World(leased=True)
        with pytest.raises(BusyError, match="another controller"):
            _controller(world).begin(REQUEST, rules())

    def test_a_controller_whose_lease_ran_out_stops_before_it_acts(self):
        world = World()
        _run_until_canary(world)

        class Late(FakeSource):
            def measure(self, state, observed):
                self.world.leased, self.world.errors = False, 400
                return super().measure(state, observed)

        _at(world, 24 * 30 + 1)
        controller = Controller(
            FakeEndpoint(world), Late(world), FakeStore(world), world.now, world.sleep
        )
        with pytest.raises(BusyError, match="ran out"):
            controller.advance()
        assert world.traffic == TEN

    def test_two_releases_at_once_are_refused_and_one_after_the_other_is_fine(self):
        world = World()
        _run_until_canary(world)
        other = REQUEST.model_copy(update={"release": "release-8"})
        with pytest.raises(ReleaseError, match="release-7 of flights is canary 10 %"):
            _controller(world).begin(other, rules())
        _controller(world).roll_back("make room")
        assert _controller(world).begin(other, rules()).state.request.release == "release-8"
        assert _controller(world).begin(REQUEST, rules()).state.ending is Ending.ROLLED_BACK

    def test_without_a_release_there_is_nothing_to_do(self):
        with pytest.raises(ReleaseError, match="no release was begun"):
            _controller(World()).advance()
        with pytest.raises(ReleaseError, match="no release was begun"):
            _controller(World()).roll_back("why not")

    def test_kubernetes_is_refused_before_anything_is_written(self):
        world = World(kind=EndpointKind.KUBERNETES)
        with pytest.raises(ReleaseError, match="cannot mirror"):
            _controller(world).begin(REQUEST, rules())
        assert (world.kept, world.written) == (None, [])


def _run_until_canary(world: World) -> None:
    _controller(world).begin(REQUEST, rules())
    _controller(world).advance()
    _at(world, 24 * 30)
    state = _controller(world).advance().state
    assert (state.stage, world.traffic) == (1, TEN)


class _NoSource:
    def measure(self, state, observed):
        raise UnavailableError("the metrics are gone")


class _Meddled(FakeEndpoint):
    """An endpoint that somebody changes just before the first write."""

    meddled = False

    def apply(self, wanted, seen):
        if not self.meddled:
            self.meddled, self.world.traffic = True, HALF
        super().apply(wanted, seen)
