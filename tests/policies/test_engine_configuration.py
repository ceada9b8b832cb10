"""What unknown values do is a setting by severity and environment."""

import pytest

from policies.engine.configuration import ConfigurationError, configured
from policies.engine.levels import UNKNOWN_BY_SEVERITY, Environment, Level, Severity
from policies.rules import RULES


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
        ("[", "cannot be read"),
    ],
)
def test_what_is_not_understood_is_named(tmp_path, text, word):
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=word):
        configured(RULES, file)
