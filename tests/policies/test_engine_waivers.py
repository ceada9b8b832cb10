"""Waivers let off what they name, until their date, and say so; the others are violations."""

import datetime as dt

import pytest
import yaml

from policies.engine import waivers
from policies.engine.resource import Facts
from policies.engine.waivers import WaiverFileError, load
from policies.rules import RULES
from tests.policies.asking import token, urn

TODAY = dt.date(2027, 1, 10)
KIND = token("storage:StorageAccount")
GOOD = {
    "rule": "storage-no-shared-keys",
    "resource": "legacy-*",
    "reason": "Its reader can use keys only, ticket 1.",
    "owner": "data@example.com",
    "expires": dt.date(2027, 1, 10),
}
BY_ID = {rule.id: rule for rule in RULES}
RULE = BY_ID[GOOD["rule"]]


def read(tmp_path, *entries):
    file = tmp_path / "waivers.yaml"
    file.write_text(yaml.safe_dump({"waivers": list(entries)}))
    return load(file, RULES, TODAY)


def facts(name="legacy-1", stack="prod"):
    return Facts(KIND, name, urn(KIND, name, stack))


def test_the_projects_own_file_holds_no_problem():
    own = load(waivers.FILE, RULES, dt.datetime.now(dt.UTC).date())
    assert own.problems == ()


@pytest.mark.parametrize(
    "glob", ["legacy-*", "LEGACY-1", "urn:pulumi:prod::*::legacy-?", "*StorageAccount::legacy-1"]
)
def test_a_waiver_covers_by_name_or_urn_on_its_last_day_too(tmp_path, glob):
    held = read(tmp_path, GOOD | {"resource": glob})
    found = held.for_finding(RULE, facts())
    assert str(found) == (
        "Waived until 2027-01-10 by data@example.com: Its reader can use keys only, ticket 1."
    )
    assert held.unused(["prod"]) == []


def test_it_covers_no_other_rule_no_other_resource_and_no_other_stack(tmp_path):
    held = read(tmp_path, GOOD | {"stacks": ["prod*"]})
    assert held.for_finding(BY_ID["storage-min-tls"], facts()) is None
    assert held.for_finding(RULE, facts("data")) is None
    assert held.for_finding(RULE, facts(stack="dev")) is None
    assert held.unused(["dev"]) == []
    (problem,) = held.unused(["prod-eu"])
    assert "matches no violation" in problem.message


def test_a_urn_glob_of_another_stack_need_not_match_here(tmp_path):
    held = read(tmp_path, GOOD | {"resource": "urn:pulumi:staging::*"})
    assert held.unused(["prod"]) == []
    assert len(held.unused(["staging"])) == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"expires": dt.date(2027, 1, 9)}, "expired on 2027-01-09"),
        ({"expires": "2027-1-1"}, "want a date"),
        ({"expires": 7}, "want a date"),
        ({"expires": dt.date(2029, 1, 1)}, "366 days"),
        ({"rule": "storage-no-shared-key"}, "did you mean storage-no-shared-keys"),
        ({"rule": "storage-min-tls"}, "wants an approver"),
        ({"approver": "Data@example.com"}, "somebody else"),
        ({"owner": ""}, "no owner"),
        ({"reason": None}, "no reason"),
        ({"resource": ["a"]}, "want a text"),
        ({"stacks": "prod"}, "want a list"),
        ({"until": "ever"}, "until is not known"),
    ],
)
def test_an_expired_or_malformed_waiver_is_a_violation_and_lets_nothing_off(tmp_path, change, word):
    held = read(tmp_path, GOOD | change)
    (problem,) = held.problems
    assert word in problem.message
    assert all(held.for_finding(rule, facts()) is None for rule in RULES)
    assert held.unused(["prod"]) == []


def test_a_critical_rule_is_waived_with_an_approver(tmp_path):
    held = read(tmp_path, GOOD | {"rule": "storage-min-tls", "approver": "ciso@example.com"})
    assert "approved by ciso@example.com" in str(
        held.for_finding(BY_ID["storage-min-tls"], facts())
    )


@pytest.mark.parametrize("text", ["waivers: {", "[]", "waiver: []", "waivers: {}", ""])
def test_a_file_that_is_not_one_of_waivers_is_an_error(tmp_path, text):
    file = tmp_path / "waivers.yaml"
    file.write_text(text)
    with pytest.raises(WaiverFileError, match=r"waivers\.yaml"):
        load(file, RULES, TODAY)
    with pytest.raises(WaiverFileError, match="cannot be read"):
        load(tmp_path / "none.yaml", RULES, TODAY)
    assert read(tmp_path, "text").problems[0].message.startswith("it is a str")
