"""Canonical JSON follows RFC 8785, whose examples are these."""

import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.verdict import canonical
from ml.verdict.errors import VerdictError

documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("bits", "text"),
    [  # appendix B of the standard
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("ffefffffffffffff", "-1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555554", "333333333.33333325"),
        ("41b3de4355555555", "333333333.3333333"),
        ("41b3de4355555556", "333333333.3333334"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_numbers_are_written_as_the_standard_says(bits, text):
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical.encode(number).decode() == text


def test_the_standards_example():
    text = (
        '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],'
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}'
    )
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonical.encode(canonical.decode(text)).decode() == expected


def test_names_are_sorted_by_utf_16_units():
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\xf6"]
    found = canonical.encode(dict.fromkeys(names, 0))
    ordered = [name for name, _ in json.loads(found, object_pairs_hook=list)]
    assert ordered == ["\r", "1", "\x80", "\xf6", "\u20ac", "\U0001f600", "\ufb33"]


@given(documents)
def test_reading_back_and_writing_again_changes_nothing(document):
    once = canonical.encode(document)
    assert canonical.encode(canonical.decode(once)) == once
    assert json.loads(once, parse_int=float) == document


@given(documents)
def test_layout_and_order_do_not_matter(document):
    spread = json.dumps(document, indent=3, sort_keys=False)
    assert canonical.encode(canonical.decode(spread)) == canonical.encode(document)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "a": 2}', "a is there twice"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": -Infinity}', "-Infinity is no number"),
        ("{", "it is no JSON"),
        (b"\xff", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        (" " * (canonical.LARGEST + 1), "at most"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(text, said):
    with pytest.raises(VerdictError, match=said):
        canonical.decode(text)


@pytest.mark.parametrize("document", [math.nan, math.inf, 2**53 + 1, {1: 2}, b"bytes", {1, 2}])
def test_what_json_cannot_hold_is_refused(document):
    with pytest.raises((TypeError, ValueError)):
        canonical.encode(document)
