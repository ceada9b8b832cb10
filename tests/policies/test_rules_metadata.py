"""What every rule has to say of itself."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from policies.engine import requirements as requirements_module
from policies.engine.levels import Environment, Level, Severity
from policies.engine.requirements import requirements, twins
from policies.engine.rule import GraphRule, ResourceRule
from policies.rules import RULES

IDS = [rule.id for rule in RULES]


def test_there_are_rules_and_their_ids_are_unique():
    assert len(RULES) > 12
    assert [name for name, times in Counter(IDS).items() if times > 1] == []


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_is_complete(rule):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.id)
    assert isinstance(rule, ResourceRule | GraphRule)
    assert len(rule.title) > 20
    assert not rule.title.endswith(".")
    assert rule.why.endswith(".")
    assert rule.fix.endswith(".")
    assert "\n" not in rule.fix
    assert rule.url.startswith("https://learn.microsoft.com/azure/")
    assert rule.types
    assert all(re.fullmatch(r"[a-z]+:[A-Z]\w+", kind) for kind in rule.types)
    assert set(rule.levels) == set(rule.unknown) == set(Environment)
    assert set(rule.levels.values()) <= set(Level)


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_implements_known_requirements_at_their_severity(rule):
    known = requirements()
    assert rule.requirements
    assert set(rule.requirements) <= set(known)
    assert rule.severity in {known[one].severity for one in rule.requirements}


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_the_parameters_have_schemas_with_defaults_that_fit(rule):
    kinds = {"array": list, "string": str, "number": (int, float), "boolean": bool}
    for parameter in rule.parameters.values():
        schema = parameter.as_json_schema()
        assert schema["description"]
        assert isinstance(schema["default"], kinds[str(schema["type"])])


def test_critical_rules_stop_everywhere_and_stop_prod_when_unknown():
    for rule in RULES:
        if rule.severity is Severity.CRITICAL:
            assert set(rule.levels.values()) == {Level.MANDATORY}
            assert rule.unknown[Environment.PROD] is Level.MANDATORY
            assert rule.unknown[Environment.DEV] is Level.ADVISORY


def test_twins_come_from_the_requirements():
    (tls,) = [rule for rule in RULES if rule.id == "storage-min-tls"]
    found = twins(tls)
    assert found["PSRule"] == ("Azure.Storage.MinTLS",)
    assert found["Checkov"] == ("CKV_AZURE_44",)
    assert found["Azure Policy"][0].startswith("fe83a0eb-")
    assert found["CIS"] == ("CIS 9.3.6",)


def test_the_requirements_are_all_there():
    known = requirements()
    assert len(known) == 218 + sum(name.startswith("U-") for name in known)
    weighty = [one for one in known.values() if one.severity != "low" and one.id[0] != "U"]
    assert len(weighty) == 131


def test_every_requirement_of_weight_has_a_rule_or_a_reason_why_no_stack_decides_it():
    covered = {one for rule in RULES for one in rule.requirements}
    reasons = json.loads(
        (Path(requirements_module.__file__).parents[1] / "undecidable.json").read_text()
    )
    weighty = {one.id for one in requirements().values() if one.severity != "low"}
    assert weighty - covered - set(reasons) == set()
    ours = {one for one in requirements() if one.startswith("U-")}
    assert ours - covered == set()


def test_every_other_requirement_has_a_rule_or_one_reason_and_is_low():
    known = requirements()
    covered = {one for rule in RULES for one in rule.requirements}
    folder = Path(requirements_module.__file__).parents[1]
    undecided = json.loads((folder / "undecidable.json").read_text())
    by_reason = json.loads((folder / "left_out.json").read_text())
    out = [one for ids in by_reason.values() for one in ids]
    assert len(out) == len(set(out))
    assert set(out) == set(known) - covered - set(undecided)
    assert {known[one].severity for one in out} == {"low"}
    assert not covered & set(undecided)
