"""Azure's limits on traffic, and the sticky split of entities."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.release.assignment import Arm, Split
from ml.release.errors import ReleaseError
from ml.release.traffic import EndpointKind, Traffic, check, mistakes

THERE = ("blue", "green", "third")
MANAGED, KUBERNETES = EndpointKind.MANAGED, EndpointKind.KUBERNETES
SIX = ["champion", "challenger", "champion", "champion", "challenger", "champion"]


@pytest.mark.parametrize(
    "traffic",
    [
        Traffic.all_to("blue"),
        Traffic(live={"blue": 90, "green": 10}),
        Traffic(live={"blue": 100}, mirror={"green": 50}),
        Traffic(live={"blue": 100, "green": 0}, mirror={"green": 1}),
        Traffic(live={"blue": 100}, split=Split(salt="r1", share=50)),
    ],
    ids=str,
)
def test_what_azure_allows_is_allowed(traffic):
    assert check(traffic, MANAGED, THERE) is traffic


@pytest.mark.parametrize(
    ("traffic", "kind", "words"),
    [
        (Traffic(live={"blue": 90, "green": 20}), MANAGED, "adds up to 110; make it 100"),
        (Traffic(live={}), MANAGED, "adds up to 0"),
        (Traffic(live={"blue": 110, "green": -10}), MANAGED, "the share of green is -10"),
        (Traffic(live={"blue": 100}, mirror={"green": 51}), MANAGED, "51 % are mirrored"),
        (
            Traffic(live={"blue": 100}, mirror={"green": 10, "third": 10}),
            MANAGED,
            "2 deployments mirror",
        ),
        (Traffic(live={"blue": 100}, mirror={"green": 10}), KUBERNETES, "cannot mirror"),
        (
            Traffic(live={"blue": 90, "green": 10}, mirror={"green": 10}),
            MANAGED,
            "green gets live and mirrored traffic",
        ),
        (Traffic(live={"red": 100}), MANAGED, "red gets traffic and does not exist"),
        (Traffic(live={"b": 100}), MANAGED, "b is no name of a deployment"),
        (Traffic(live={"blue-": 100}), MANAGED, "blue- is no name of a deployment"),
    ],
)
def test_what_azure_refuses_or_misunderstands_is_refused_before(traffic, kind, words):
    with pytest.raises(ReleaseError, match=words):
        check(traffic, kind, THERE)


def test_all_mistakes_are_named_at_once():
    wrong = Traffic(live={"blue": 60, "green": 60}, mirror={"green": 80})
    assert len(mistakes(wrong, KUBERNETES, ("blue",))) == 5


def test_a_share_of_zero_is_no_share():
    assert Traffic(live={"green": 0, "blue": 100}) == Traffic.all_to("blue")
    assert str(Traffic(live={"blue": 100}, mirror={"green": 5})) == "blue 100 %, green mirrors 5 %"


def test_a_split_reaches_the_challenger_though_the_shares_do_not():
    assert Traffic(live={"blue": 100}, split=Split(salt="r", share=5)).reaches("green")
    assert not Traffic.all_to("blue").reaches("green")


class TestSplit:
    @given(entity=st.text(), low=st.integers(1, 98), more=st.integers(1, 98))
    def test_an_entity_stays_where_it_is_and_never_goes_back(self, entity, low, more):
        split, larger = (Split(salt="r", share=share) for share in (low, min(low + more, 99)))
        assert split.arm(entity) is split.arm(entity)
        if split.arm(entity) is Arm.CHALLENGER:
            assert larger.arm(entity) is Arm.CHALLENGER

    @pytest.mark.parametrize("share", [1, 10, 50, 99])
    def test_the_share_is_met(self, share):
        split = Split(salt="release-7", share=share)
        met = sum(split.arm(f"customer-{n}") is Arm.CHALLENGER for n in range(20_000))
        assert met / 20_000 == pytest.approx(share / 100, abs=0.012)

    def test_another_release_draws_anew(self):
        first, second = (Split(salt=salt, share=50) for salt in ("a", "b"))
        same = sum(first.arm(str(n)) is second.arm(str(n)) for n in range(4000))
        assert same / 4000 == pytest.approx(0.5, abs=0.04)

    def test_salt_and_entity_do_not_run_into_each_other(self):
        split, other = Split(salt="a", share=50), Split(salt="ab", share=50)
        drawn = [(split.arm(f"b{n}"), other.arm(str(n))) for n in range(200)]
        assert any(first is not second for first, second in drawn)

    def test_the_draw_is_the_same_on_every_machine(self):
        split = Split(salt="release-7", share=50)
        assert [str(split.arm(f"e{n}")) for n in range(6)] == SIX
