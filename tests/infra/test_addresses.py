"""The address plan: nothing overlaps, everything is inside what it belongs to."""

from ipaddress import IPv4Network
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from infra.addresses import (
    SLOTS,
    STAMP_PREFIX,
    Purpose,
    capacity,
    overlaps,
    plan,
    stamp_space,
)


@st.composite
def environments(draw):
    prefix = draw(st.integers(9, STAMP_PREFIX))
    block = draw(st.integers(0, 2 ** (prefix - 8) - 1))
    return IPv4Network((10 * 2**24 + block * 2 ** (32 - prefix), prefix))


@given(environments(), st.integers(1, 8))
def test_stamps_never_share_an_address_and_stay_in_their_environment(environment, wanted):
    count = min(wanted, capacity(environment))
    spaces = [stamp_space(environment, index) for index in range(count)]
    assert all(space.subnet_of(environment) for space in spaces)
    assert not any(a.overlaps(b) for a, b in combinations(spaces, 2))


@given(environments())
def test_subnets_never_share_an_address_and_stay_in_their_stamp(environment):
    stamp = plan(stamp_space(environment, 0))
    subnets = list(stamp.subnets.values())
    assert set(stamp.subnets) == set(Purpose)
    assert all(subnet.subnet_of(stamp.space) for subnet in subnets)
    assert not any(a.overlaps(b) for a, b in combinations(subnets, 2))


@given(environments(), st.integers(1, 4))
def test_a_region_at_the_end_of_the_list_moves_no_other(environment, count):
    count = min(count, capacity(environment))
    before = [stamp_space(environment, index) for index in range(count)]
    after = [stamp_space(environment, index) for index in range(count + 1)]
    assert after[:count] == before


def test_every_purpose_has_a_slot():
    assert set(SLOTS) == set(Purpose)


def test_a_given_subnet_stays_where_the_settings_put_it():
    given_subnet = IPv4Network("10.0.4.0/25")
    stamp = plan(IPv4Network("10.0.0.0/20"), {Purpose.ACCESS: given_subnet})
    assert stamp.subnets[Purpose.ACCESS] == given_subnet
    assert stamp.subnets[Purpose.PRIVATE_ENDPOINTS] == IPv4Network("10.0.0.0/24")


def test_overlaps_names_both_ranges():
    a, b = IPv4Network("10.0.0.0/16"), IPv4Network("10.0.1.0/24")
    assert overlaps([("a", a), ("b", b), ("c", IPv4Network("10.1.0.0/16"))]) == [
        (("a", a), ("b", b))
    ]


def test_an_environment_smaller_than_a_stamp_holds_none():
    assert capacity(IPv4Network("10.0.0.0/24")) == 0
    assert capacity(IPv4Network("10.0.0.0/20")) == 1
    assert capacity(IPv4Network("10.0.0.0/16")) == 16
