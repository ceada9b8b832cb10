"""Leases: who holds one, until when, and what that forbids to others."""

import uuid

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobLeaseClient
from hypothesis import given
from hypothesis import strategies as st

from emulator.blob import leases
from emulator.blob.errors import StorageError
from emulator.blob.leases import Lease

ME, YOU = str(uuid.uuid4()), str(uuid.uuid4())


def code_of(call):
    with pytest.raises((StorageError, HttpResponseError)) as caught:
        call()
    error = caught.value
    return error.code if isinstance(error, StorageError) else error.error_code


def test_a_lease_ends_by_itself():
    lease = leases.acquire(None, ME, 15, 100.0)
    assert [lease.state(moment) for moment in (100.0, 114.9, 115.0)] == [
        "leased",
        "leased",
        "expired",
    ]
    assert leases.acquire(lease, YOU, 15, 116.0).id == YOU
    assert leases.renew(lease, ME, 116.0).state(130.0) == "leased"


def test_an_infinite_lease_does_not_end():
    lease = leases.acquire(None, ME, leases.INFINITE, 0.0)
    assert lease.state(1e12) == "leased"
    assert leases.shown(lease, 0.0) == {
        "status": "locked",
        "state": "leased",
        "duration": "infinite",
    }


@given(st.integers(-5, 100))
def test_a_duration_is_15_to_60_seconds_or_infinite(duration):
    if duration == leases.INFINITE or 15 <= duration <= 60:
        assert leases.acquire(None, "", duration, 0.0).duration == duration
    else:
        call = lambda: leases.acquire(None, "", duration, 0.0)  # noqa: E731 - told to code_of
        assert code_of(call) == "InvalidHeaderValue"


def test_a_broken_lease_keeps_others_out_until_it_ends():
    held = leases.acquire(None, ME, 60, 0.0)
    breaking, left = leases.broken(held, 10, 5.0)
    assert (left, breaking.state(14.0), breaking.state(15.0)) == (10, "breaking", "broken")
    assert code_of(lambda: leases.acquire(breaking, YOU, 15, 14.0)) == "LeaseAlreadyPresent"
    wanted = "LeaseIsBreakingAndCannotBeAcquired"
    assert code_of(lambda: leases.acquire(breaking, ME, 15, 14.0)) == wanted
    wanted = "LeaseIsBrokenAndCannotBeRenewed"
    assert code_of(lambda: leases.renew(breaking, ME, 14.0)) == wanted
    wanted = "LeaseIsBreakingAndCannotBeChanged"
    assert code_of(lambda: leases.change(breaking, ME, YOU, 14.0)) == wanted
    assert leases.acquire(breaking, YOU, 15, 15.0).id == YOU


@pytest.mark.parametrize(
    ("ends", "period", "left"), [(60.0, None, 55), (60.0, 10, 10), (6.0, 10, 1), (None, None, 0)]
)
def test_a_break_takes_as_long_as_the_shorter_of_period_and_rest(ends, period, left):
    assert leases.broken(Lease(ME, 60, ends), period, 5.0)[1] == left


def test_nobody_but_the_holder_renews_changes_or_releases():
    lease = leases.acquire(None, ME, 60, 0.0)
    for call in (
        lambda: leases.renew(lease, YOU, 1.0),
        lambda: leases.change(lease, YOU, str(uuid.uuid4()), 1.0),
        lambda: leases.release(lease, YOU),
    ):
        assert code_of(call) == "LeaseIdMismatchWithLeaseOperation"
    assert leases.change(lease, ME, YOU, 1.0).id == YOU
    for call in (
        lambda: leases.renew(None, ME, 1.0),
        lambda: leases.release(None, ME),
        lambda: leases.broken(None, None, 1.0),
        lambda: leases.change(None, ME, YOU, 1.0),
    ):
        assert code_of(call) == "LeaseNotPresentWithLeaseOperation"
    assert code_of(lambda: leases.release(lease, "no guid")) == "InvalidHeaderValue"


@pytest.fixture
def blob(raw):
    made = raw.get_blob_client("state.json")
    made.upload_blob(b"{}")
    return made


def test_only_the_holder_of_a_lease_writes(blob):
    lease = blob.acquire_lease(15)
    properties = blob.get_blob_properties()
    assert (properties.lease.status, properties.lease.state) == ("locked", "leased")
    assert properties.lease.duration == "fixed"
    writes = (
        lambda **o: blob.upload_blob(b"1", overwrite=True, **o),
        lambda **o: blob.set_blob_metadata({"a": "b"}, **o),
        blob.set_http_headers,
        lambda **o: blob.stage_block("YQ==", b"1", **o),
        lambda **o: blob.commit_block_list([], **o),
        lambda **o: blob.start_copy_from_url(
            blob.url, **({"destination_lease": o["lease"]} if o else {})
        ),
    )
    for write in writes:
        assert code_of(write) == "LeaseIdMissing"
        stranger = BlobLeaseClient(blob, str(uuid.uuid4()))
        assert code_of(lambda w=write, s=stranger: w(lease=s)) == "LeaseIdMismatchWithBlobOperation"
        write(lease=lease)
    assert code_of(blob.delete_blob) == "LeaseIdMissing"
    assert blob.download_blob().readall() == blob.download_blob(lease=lease).readall()
    blob.delete_blob(lease=lease)
    assert not blob.exists()


def test_a_released_lease_opens_the_blob_and_its_id_is_refused(blob):
    lease = blob.acquire_lease(-1)
    lease.renew()
    assert code_of(blob.acquire_lease) == "LeaseAlreadyPresent"
    lease.change(YOU)
    lease.release()
    assert code_of(lambda: blob.upload_blob(b"1", overwrite=True, lease=YOU)) == (
        "LeaseNotPresentWithBlobOperation"
    )
    blob.upload_blob(b"1", overwrite=True)


def test_a_lease_can_be_broken_at_once_and_taken_by_another(blob):
    blob.acquire_lease(60)
    assert BlobLeaseClient(blob).break_lease(0) == 0
    assert blob.get_blob_properties().lease.state == "broken"
    blob.upload_blob(b"1", overwrite=True)
    assert blob.get_blob_properties().lease.state == "available"
    blob.acquire_lease(15)


def test_a_lease_shows_in_lists(raw, blob):
    blob.acquire_lease(-1)
    found = next(iter(raw.list_blobs()))
    assert (found.lease.status, found.lease.state) == ("locked", "leased")


def test_a_leased_container_is_not_deleted_but_its_blobs_are_written(raw, blob):
    lease = raw.acquire_lease(-1)
    assert raw.get_container_properties().lease.state == "leased"
    assert code_of(raw.delete_container) == "LeaseIdMissing"
    blob.upload_blob(b"1", overwrite=True)
    raw.delete_container(lease=lease)


def test_leases_survive_a_restart(cloud, raw, blob):
    blob.acquire_lease(-1)
    import emulator.blob  # noqa: PLC0415 - attached a second time, as a new process does

    emulator.blob.attach(cloud.services)
    assert code_of(lambda: blob.upload_blob(b"1", overwrite=True)) == "LeaseIdMissing"
