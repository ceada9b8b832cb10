"""Rules for keys and secrets in vaults."""

import time

import pytest

from policies.engine.verdict import FAIL, PASS, UNDECIDED
from policies.rules import key_vault_contents as rules
from tests.policies.asking import UNKNOWN, ask, evaluate
from tests.policies.tables import Row, hold

EXPIRES = "properties.attributes.expires"
DAY = 86400
ROWS = [
    Row(
        rules.key_rotates,
        "properties.rotationPolicy.lifetimeActions",
        [
            [{"action": {"type": "rotate"}}],
            [{"action": {"type": "notify"}}, {"action": {"type": "Rotate"}}],
        ],
        [[], [{"action": {"type": "notify"}}], [{}]],
        FAIL,
    ),
    Row(rules.key_expires, EXPIRES, [1893456000], [""], FAIL),
    Row(
        rules.key_expires,
        "properties.rotationPolicy.attributes.expiryTime",
        ["P2Y"],
        [""],
        FAIL,
    ),
    Row(rules.secret_expires, EXPIRES, [1893456000], [""], FAIL),
    Row(rules.key_strength, "properties.keySize", [2048, 3072, 4096.0], [1024, "big"], PASS),
    Row(rules.key_strength, "properties.kty", ["RSA", "RSA-HSM", "EC"], ["oct", ""], PASS),
    Row(
        rules.key_strength,
        "properties.curveName",
        ["P-256", "P-521"],
        ["P-192", ""],
        PASS,
        {"properties.kty": "EC"},
    ),
    *(
        Row(
            rules.validity,
            EXPIRES,
            [1_700_000_000 + 730 * DAY, 1_700_000_000],
            [1_700_000_000 + 731 * DAY, "soon"],
            PASS,
            {"properties.attributes.notBefore": 1_700_000_000},
            kind=kind,
        )
        for kind in (rules.KEY, rules.SECRET)
    ),
    Row(
        rules.validity,
        "properties.rotationPolicy.attributes.expiryTime",
        ["P2Y", "P730D", "P1Y6M"],
        ["P3Y", "P", "long"],
        PASS,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row} {row.kind}")
def test_a_property_has_a_verdict_in_every_state(row):
    hold(row)


def test_what_has_no_first_day_lasts_from_today_at_the_latest():
    now = time.time()
    for days, verdict in ((700, PASS), (760, FAIL), (-5, PASS)):
        props = {"properties": {"attributes": {"expires": now + days * DAY}}}
        assert evaluate(rules.validity, props) == verdict


def test_a_first_day_that_is_not_known_may_save_a_long_validity():
    far = {"notBefore": UNKNOWN, "expires": time.time() + 760 * DAY}
    assert evaluate(rules.validity, {"properties": {"attributes": far}}) == UNDECIDED
    near = {"notBefore": UNKNOWN, "expires": time.time() + DAY}
    assert evaluate(rules.validity, {"properties": {"attributes": near}}) == PASS


def test_sizes_curves_and_days_are_parameters():
    rsa = {"properties": {"kty": "RSA", "keySize": 2048}}
    assert ask(rules.key_strength, rsa, smallest_rsa=3072).outcome == FAIL
    curve = {"properties": {"kty": "EC", "curveName": "P-256"}}
    assert ask(rules.key_strength, curve, curves=["P-384"]).outcome == FAIL
    assert ask(rules.key_strength, curve, kinds=["RSA"]).outcome == FAIL
    short = {"properties": {"attributes": {"notBefore": 0, "expires": 100 * DAY}}}
    assert ask(rules.validity, short, days=90).outcome == FAIL


def test_the_size_of_a_curve_and_the_curve_of_an_rsa_key_do_not_matter():
    props = {"properties": {"kty": "EC", "keySize": 1, "curveName": "P-384"}}
    assert evaluate(rules.key_strength, props) == PASS
    props = {"properties": {"kty": "RSA", "keySize": 4096, "curveName": "none"}}
    assert evaluate(rules.key_strength, props) == PASS
    props = {"properties": {"kty": UNKNOWN, "keySize": 1024}}
    assert evaluate(rules.key_strength, props) == UNDECIDED
