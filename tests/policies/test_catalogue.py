"""docs/policies.md says what the rules say, and every requirement is accounted for."""

import sys

from policies.engine.requirements import requirements
from policies.rules import RULES
from tools.docs import policies as catalogue


def test_the_catalogue_is_fresh(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sys, "argv", ["policies", "--check"])
    assert catalogue.main() == 0, capsys.readouterr().err
    stale = tmp_path / "policies.md"
    stale.write_text("# Policies\n")
    assert catalogue.main(stale) == 1
    assert "python -m tools.docs.policies" in capsys.readouterr().err


def test_it_names_every_rule_requirement_and_reason():
    text = catalogue.document()
    for rule in RULES:
        assert f"### {rule.id}\n" in text
        assert rule.fix in text
    for one in requirements():
        assert f" {one}" in text


def test_what_cannot_be_decided_is_a_requirement_without_a_rule_and_has_a_reason():
    covered = {one for rule in RULES for one in rule.requirements}
    reasons = catalogue.undecidable()
    assert set(reasons) <= set(requirements())
    assert not set(reasons) & covered
    assert all(len(reason) > 30 and reason.endswith(".") for reason in reasons.values())
