"""What unknown values do is a setting by severity and environment."""

import re
from pathlib import Path

import pytest
import yaml

from policies.engine.configuration import ConfigurationError, configured
from policies.engine.levels import UNKNOWN_BY_SEVERITY, Environment, Level, Severity
from policies.rules import RULES

ROOT = Path(__file__).parents[2]
PROJECT = yaml.safe_load((ROOT / "Pulumi.yaml").read_text("utf-8"))["name"]


def test_the_projects_own_file_says_what_the_rules_say_by_themselves():
    for rule, plain in zip(configured(RULES), RULES, strict=True):
        assert rule.unknown == plain.unknown


def test_one_severity_is_set_for_one_environment(tmp_path):
    file = tmp_path / "settings.yaml"
    file.write_text("unknown: {high: {staging: stop}}")
    for rule, plain in zip(configured(RULES, file), RULES, strict=True):
        changed = rule.severity is Severity.HIGH and plain.unknown is UNKNOWN_BY_SEVERITY["high"]
        expected = Level.MANDATORY if changed else plain.unknown[Environment.STAGING]
        assert rule.unknown[Environment.STAGING] is expected
        assert rule.unknown[Environment.DEV] is plain.unknown[Environment.DEV]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("unknown: {urgent: {}}", "urgent"),
        ("unknown: {high: {qa: stop}}", "qa"),
        ("unknown: {high: {prod: halt}}", "halt"),
        ("unknown: {high: stop}", "stop"),
        ("other: 1", "other"),
        ("projects: []", r"projects is \[\]|cannot"),
        ("projects: {p: {no-rule: {}}}", "no-rule"),
        ("projects: {p: {network-no-outbound-to-anywhere: {no_parameter: 1}}}", "no_parameter"),
        ("projects: {p: {network-no-outbound-to-anywhere: {open_ports: 443}}}", "open_ports"),
        ("projects: {p: {network-no-outbound-to-anywhere: {open_ports: [443]}}}", "open_ports"),
        ("projects: {p: {network-no-outbound-to-anywhere: 1}}", "network-no-outbound"),
        ("[", "cannot be read"),
    ],
)
def test_what_is_not_understood_is_named(tmp_path, text, word):
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=word):
        configured(RULES, file)


def test_a_projects_parameters_are_its_defaults_and_nobody_elses(tmp_path):
    file = tmp_path / "settings.yaml"
    file.write_text("projects: {ours: {network-no-outbound-to-anywhere: {open_ports: ['443']}}}")
    (rule,) = [r for r in configured(RULES, file) if r.id == "network-no-outbound-to-anywhere"]
    assert rule.settings().texts("open_ports") == []
    assert rule.in_project("theirs").settings().texts("open_ports") == []
    assert rule.in_project("ours").settings().texts("open_ports") == ["443"]
    assert rule.in_project("ours").settings({"open_ports": []}).texts("open_ports") == []
    assert rule.in_project("ours").settings().texts("open_targets") == ["Internet"]


def test_each_parameter_of_our_project_has_its_reason_in_the_security_document():
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    told = set(
        re.findall(r"^\| `([a-z-]+)` \| `([a-z_]+)` \|[^|]+\|[^|]{40,}\|$", text, re.MULTILINE)
    )
    said = {
        (rule.id, name) for rule in configured(RULES) for name in rule.projects.get(PROJECT, {})
    }
    assert told == said


def test_the_project_that_has_parameters_is_ours():
    named = {project for rule in configured(RULES) for project in rule.projects}
    assert named == {PROJECT}


def test_each_advice_that_is_not_followed_is_a_rules_advice_in_those_stacks():
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| ([a-z, ]+) \| .{40,} \|$", text, re.MULTILINE)
    assert rows
    rules = {rule.id: rule for rule in RULES}
    for name, stacks in rows:
        assert {rules[name].levels[Environment(one)] for one in stacks.split(", ")} == {
            Level.ADVISORY
        }
