"""Three-valued access, over the proxies that the engine's host makes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi import FileAsset
from pulumi_policy import proxy

from policies.engine.props import Props
from policies.engine.values import ABSENT, OPAQUE
from policies.engine.values import UNKNOWN as NOT_KNOWN
from policies.engine.verdict import FAIL, PASS, UNDECIDED
from tests.policies.asking import UNKNOWN
from tests.policies.proxies import snapshot


def props(tree):
    return Props(snapshot(proxy.unknown_checking_proxy(tree)))


SENTINELS = [value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")]


@pytest.mark.parametrize("sentinel", SENTINELS)
def test_every_kind_of_unknown_is_unknown_wherever_it_stands(sentinel):
    tree = props({"a": sentinel, "b": {"c": sentinel}, "d": ["x", sentinel]})
    assert tree["a"].value is NOT_KNOWN
    assert tree["b.c"].value is NOT_KNOWN
    assert tree["a.deeper.still"].value is NOT_KNOWN
    assert [item.value for item in tree["d"].elements()] == ["x", NOT_KNOWN]


def test_there_are_seven_kinds_of_unknown():
    assert len(SENTINELS) == 7


def test_paths_lead_through_objects_in_any_casing_and_end_in_nothing():
    tree = props({"networkAcls": {"defaultAction": "Deny"}, "text": "x", "none": None})
    assert tree["networkacls.DefaultAction"].value == "Deny"
    assert tree["networkAcls"]["defaultAction"].path == "networkAcls.defaultAction"
    for nowhere in ("missing", "text.deeper", "none.deeper", "networkAcls.missing.deeper"):
        assert tree[nowhere].value is ABSENT


def test_the_exact_key_wins_over_one_in_another_casing():
    tree = props({"NAME": "loud", "name": "quiet"})
    assert tree["name"].value == "quiet"
    assert tree["NAME"].value == "loud"


def test_assets_are_there_but_cannot_be_looked_into():
    tree = props({"code": FileAsset("x.py")})
    assert tree["code"].value is OPAQUE
    assert tree["code"].must_be_set().outcome is PASS
    assert tree["code"].must_equal("x.py").outcome is FAIL


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "null, which means true"),
        (False, "false"),
        (1.0, "1"),
        ("hunter2", "another text"),
        ("Enabled", '"Enabled"'),
        ("", "empty"),
        ([], "empty"),
        (["hunter2"], "a list"),
        ({"hunter2": "hunter2"}, "an object"),
        (UNKNOWN, "not known before the deployment"),
    ],
)
def test_a_value_is_described_without_giving_a_secret_away(value, told):
    assert props({"a": value})["a"].or_default(True).found(["enabled"]) == told


def test_numbers_and_switches_are_not_mixed_up():
    tree = props({"on": True, "one": 1.0, "text": "1"})
    assert tree["one"].must_equal(1).outcome is PASS
    assert tree["on"].must_equal(1).outcome is FAIL
    assert tree["one"].must_equal(True).outcome is FAIL
    assert tree["text"].must_equal(1).outcome is FAIL
    assert tree["on"].must_be_at_most(3).outcome is FAIL


@pytest.mark.parametrize(
    ("value", "every", "some"),
    [
        ([], PASS, FAIL),
        (None, PASS, FAIL),
        (["good"], PASS, PASS),
        (["good", "bad"], FAIL, PASS),
        (["bad", UNKNOWN], FAIL, UNDECIDED),
        (["good", UNKNOWN], UNDECIDED, PASS),
        (UNKNOWN, UNDECIDED, UNDECIDED),
        ("good", PASS, PASS),
    ],
)
def test_lists_are_judged_with_what_they_may_turn_out_to_hold(value, every, some):
    items = props({"a": value})["a"].elements()
    assert items.all(lambda item: item.must_equal("good")).outcome is every
    assert items.any(lambda item: item.must_equal("good"), "a good one").outcome is some


def test_an_unknown_list_decides_what_no_item_can_change():
    items = props({"a": UNKNOWN})["a"].elements()
    passing, failing = props({"x": 1})["x"].must_equal(1), props({})["x"].must_be_set()
    assert items.all(lambda _: passing).outcome is PASS
    assert items.any(lambda _: failing, "one").outcome is FAIL
    # There may be none.
    assert items.all(lambda _: failing).outcome is UNDECIDED
    assert items.any(lambda _: passing, "one").outcome is UNDECIDED


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_a_snapshot_holds_what_the_proxy_shows(tree):
    copy = snapshot(proxy.unknown_checking_proxy({"tree": tree}))
    assert repr(copy) == repr({"tree": tree})
