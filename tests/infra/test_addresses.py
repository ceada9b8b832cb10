"""The address plan: nothing overlaps, everything is inside what it belongs to."""

from ipaddress import IPv4Network
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from infra.addresses import (
    LONGEST_PREFIX,
    SLOTS,
    STAMP_PREFIX,
    Purpose,
    capacity,
    needed,
    overlaps,
    plan,
    stamp_space,
)
from infra.settings import Egress, Isolation, NetworkSettings, Settings, StampNetwork


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


options = st.sets(st.sampled_from(list(Purpose)))


@given(environments(), options)
def test_subnets_never_share_an_address_and_stay_in_their_stamp(environment, wanted):
    stamp = plan(stamp_space(environment, 0), wanted)
    subnets = list(stamp.subnets.values())
    assert set(stamp.subnets) == wanted
    assert all(subnet.subnet_of(stamp.space) for subnet in subnets)
    assert not any(a.overlaps(b) for a, b in combinations(subnets, 2))


@given(environments(), options, options)
def test_an_option_turned_on_or_off_moves_no_other_subnet(environment, before, after):
    space = stamp_space(environment, 0)
    old, new = plan(space, before).subnets, plan(space, after).subnets
    assert all(new[purpose] == old[purpose] for purpose in before & after)


@given(st.integers(0, 15), options)
def test_subnets_lie_the_same_in_every_stamp(index, wanted):
    space = stamp_space(IPv4Network("10.0.0.0/16"), index)
    first = plan(IPv4Network("10.0.0.0/20"), wanted).subnets
    shift = int(space.network_address) - int(IPv4Network("10.0.0.0/20").network_address)
    for purpose, subnet in plan(space, wanted).subnets.items():
        assert int(subnet.network_address) - shift == int(first[purpose].network_address)
        assert subnet.prefixlen == first[purpose].prefixlen


def test_subnets_that_stacks_have_had_from_the_start_have_not_moved():
    first = plan(IPv4Network("10.0.0.0/20"), Purpose).subnets
    assert str(first[Purpose.PRIVATE_ENDPOINTS]) == "10.0.0.0/24"
    assert str(first[Purpose.ACCESS]) == "10.0.1.0/26"


def test_each_subnet_is_as_wide_as_azure_asks():
    assert all(SLOTS[purpose].prefix <= longest for purpose, longest in LONGEST_PREFIX.items())


def test_every_subnet_can_be_placed_by_the_settings():
    assert {purpose.key for purpose in Purpose} < set(StampNetwork.model_fields)


def test_a_stamp_has_subnets_for_what_is_turned_on_only():
    plain = Settings(environment="dev")
    always = (Purpose.PRIVATE_ENDPOINTS, Purpose.ACCESS)
    assert needed(plain) == always
    own = plain.model_copy(update={"isolation": Isolation.OWN_VNET})
    assert needed(own) == (*always, Purpose.TRAINING)
    walled = NetworkSettings(egress=Egress.FIREWALL)
    assert needed(own.model_copy(update={"network": walled})) == (
        *always,
        Purpose.FIREWALL,
        Purpose.TRAINING,
    )
    # Nothing goes out, so there is nothing to bound.
    assert needed(plain.model_copy(update={"network": walled})) == always


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
    stamp = plan(
        IPv4Network("10.0.0.0/20"),
        [Purpose.PRIVATE_ENDPOINTS, Purpose.ACCESS],
        {Purpose.ACCESS: given_subnet, Purpose.RUNNERS: IPv4Network("10.0.5.0/26")},
    )
    assert Purpose.RUNNERS not in stamp.subnets
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
