"""The state in a blob, through Microsoft's client, on the blob service of the local Azure."""

import time

import pytest
from azure.core.exceptions import ServiceResponseError
from azure.storage.blob import BlobLeaseClient

from ml.release.azure import blob_store
from ml.release.azure.blob_store import BlobStateStore
from ml.release.controller import Controller
from ml.release.errors import ReleaseError
from ml.release.ports import BusyError, ChangedError, UnavailableError
from ml.release.state import Ending, Phase
from tests.emulator.blob.conftest import CONTRIBUTOR, Cloud
from tests.ml.release.building import REQUEST, begun, rules
from tests.ml.release.fakes import FakeEndpoint, FakeSource, World


@pytest.fixture
def container(tmp_path):
    cloud = Cloud(tmp_path)
    cloud.account()
    who = cloud.principal("release", CONTRIBUTOR)
    return cloud.client(cloud.token(who)).get_container_client(blob_store.CONTAINER)


@pytest.fixture
def store(container):
    return BlobStateStore(container, "flights")


class TestState:
    def test_before_the_first_release_there_is_none(self, store):
        assert store.load() is None
        assert store.archived("release-7") is None

    def test_what_was_saved_is_read_with_its_tag(self, store):
        with store.lease():
            tag = store.save(begun(), None)
        found = store.load()
        assert found.state == begun()
        assert found.tag == tag

    def test_a_state_that_another_wrote_is_not_overwritten(self, store):
        with store.lease():
            first = store.save(begun(), None)
            later = begun().model_copy(update={"turn": 1})
            store.save(later, first)
            with pytest.raises(ChangedError, match="the release of flights"):
                store.save(begun().model_copy(update={"turn": 2}), first)
            with pytest.raises(ChangedError):
                store.save(begun().model_copy(update={"turn": 2}), None)
        assert store.load().state.turn == 1

    def test_a_writing_whose_answer_was_lost_is_found_when_sent_again(self, store):
        with store.lease():
            tag = store.save(begun(), None)
            assert store.save(begun(), None) == tag

    def test_ended_releases_are_kept_by_name(self, store):
        with store.lease():
            store.archive(begun())
            store.archive(begun())
        assert store.archived("release-7") == begun()

    def test_a_challenger_is_known_after_others_were_released_too(self, store):
        assert store.of_challenger("v2-aa") is None
        early, late, other = (
            begun().model_copy(
                update={"request": REQUEST.model_copy(update={"release": r, "challenger": c})}
            )
            for r, c in (
                ("v2-aa-20130501", "v2-aa"),
                ("v2-aa-20130601", "v2-aa"),
                ("v3-bb-20130701", "v3-bb"),
            )
        )
        with store.lease():
            store.archive(early)
            store.archive(late)
            store.save(other, None)
        assert store.of_challenger("v2-aa") == late
        assert store.of_challenger("v3-bb") == other
        assert store.of_challenger("v2-a") is None


class TestLease:
    def test_two_at_once_are_refused(self, store, container):
        other = BlobStateStore(container, "flights")
        with store.lease(), pytest.raises(BusyError, match="another controller"), other.lease():
            pass

    def test_it_is_given_back_even_after_an_error(self, store):
        def fail() -> None:
            with store.lease():
                raise ValueError

        with pytest.raises(ValueError, match=r"^$"):
            fail()
        with store.lease() as lease:
            lease.renew()

    def test_endpoints_have_leases_of_their_own(self, store, container):
        with store.lease(), BlobStateStore(container, "employment").lease() as lease:
            lease.renew()

    def test_a_thread_renews_it(self, container):
        store = BlobStateStore(container, "flights", every=0.01)
        with store.lease() as lease:
            asked = lease.client.renew
            renewed = []
            lease.client.renew = lambda: (renewed.append(1), asked())
            _until(lambda: len(renewed) > 1)

    def test_one_that_was_lost_stops_the_controller(self, container):
        store = BlobStateStore(container, "flights", every=0.01)
        with store.lease() as lease:
            BlobLeaseClient(container.get_blob_client("flights/lease")).break_lease(0)
            with pytest.raises(BusyError, match="ran out"):
                lease.renew()
            with pytest.raises(BusyError, match="ran out"):
                lease.renew()

    def test_no_answer_to_a_renewal_is_not_a_lost_lease(self, store):
        with store.lease() as lease:
            asked = lease.client.renew

            def lost() -> None:
                raise ServiceResponseError("reset by peer")

            lease.client.renew = lost
            with pytest.raises(UnavailableError):
                lease.renew()
            lease.client.renew = asked
            lease.renew()


class TestControllerOnIt:
    def test_a_release_goes_on_from_the_blob(self, store, container):
        world = World()
        one = _controller(world, store)
        one.begin(REQUEST, rules())
        one.advance()
        assert store.load().state.phase is Phase.STAGE
        state = _controller(world, BlobStateStore(container, "flights")).roll_back("asked").state
        assert state.ending is Ending.ROLLED_BACK
        assert store.archived("release-7").ending is Ending.ROLLED_BACK

    def test_a_second_release_is_refused_while_one_is_under_way(self, store):
        controller = _controller(World(), store)
        controller.begin(REQUEST, rules())
        with pytest.raises(ReleaseError, match="is preparing"):
            controller.begin(REQUEST.model_copy(update={"release": "release-8"}), rules())

    def test_a_lease_lost_before_a_change_changes_nothing(self, store, container):
        world = World()
        controller = _controller(world, store)
        controller.begin(REQUEST, rules())
        endpoint = controller.endpoint
        asked = endpoint.read

        def read():
            BlobLeaseClient(container.get_blob_client("flights/lease")).break_lease(0)
            return asked()

        object.__setattr__(endpoint, "read", read)
        with pytest.raises(BusyError):
            controller.advance()
        assert world.written == []


def _controller(world, store):
    return Controller(FakeEndpoint(world), FakeSource(world), store, world.now, world.sleep)


def _until(done, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
