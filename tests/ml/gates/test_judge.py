"""The whole gate: every rule of the policy speaks, and only a unanimous pass opens."""

import json
import shutil

import numpy as np
import pytest

from ml import mlflow_model
from ml.errors import TaskError
from ml.gates import judge as judging
from ml.gates.judge import gather, judge
from ml.gates.outcome import Outcome, Result
from ml.gates.policy import RULES, Policy


@pytest.fixture
def policy():
    by_group = [{"feature": "group"}]
    return Policy.model_validate(
        {
            "valid_days": 30,
            "bootstrap": {"seed": 1, "resamples": 400},
            "absolute": {"auc": {"at_least": 0.55}, "brier_skill": {"at_least": 0}},
            "slices": {"by": by_group, "min_rows": 500, "auc_margin": 0.1, "brier_margin": 0.05},
            "fairness": {
                "groups": by_group,
                "threshold": 0.3,
                "min_rows": 500,
                "equal_opportunity": 0.2,
                "demographic_parity": 0.2,
            },
            "calibration": {"ece": 0.1, "slope": [0.5, 2]},
            "invariance": {"changes": [{"feature": "hour", "add": 1, "mean_change": 0.05}]},
            "missing": {"brier_rise": 0.2},
            "latency": {"rows": 10, "repeats": 100, "p95_ms": 10_000},
            "size": {"bytes": 10_000_000},
        }
    )


@pytest.fixture
def quick(monkeypatch):
    """The sandbox has tests of its own and takes seconds."""

    def passed(*_):
        return Result(rule="sandbox", outcome=Outcome.PASS, reason="not run here", findings=())

    monkeypatch.setattr(judging.sandbox, "judge", passed)


def test_the_first_model_is_judged_by_absolute_rules(saved, holdout, policy, quick):
    found = judge(gather(holdout, saved, None, policy), policy)
    assert found.outcome is Outcome.PASS, found.text
    assert [rule.rule for rule in found.skipped] == ["champion", "slices"]
    assert found.skipped[0].reason == "there is no champion to compare with"
    assert {result.rule for result in found.results} == {*RULES} - {"champion", "slices"}


def test_the_same_model_again_does_not_become_champion(saved, holdout, policy, quick):
    found = judge(gather(holdout, saved, saved, policy), policy)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.skipped == ()
    assert [result.rule for result in found.results] == list(RULES)
    said = found.text
    assert "gate: inconclusive" in said
    assert "the champion stays" in said
    assert "auc_gain 0.0000 (0.0000 to 0.0000), wanted interval above 0" in said


def test_a_waived_rule_is_skipped_with_its_reason(saved, holdout, policy, quick):
    changed = policy.model_copy(
        update={"latency": None, "waived": {"latency": "scored at night, nobody waits"}}
    )
    found = judge(gather(holdout, saved, None, changed), changed)
    assert [rule.reason for rule in found.skipped if rule.rule == "latency"] == [
        "scored at night, nobody waits"
    ]


def test_judging_twice_gives_the_same_numbers(saved, holdout, policy, quick):
    evidence = gather(holdout, saved, saved, policy)

    def numbers():
        found = judge(evidence, policy)
        return [result for result in found.results if result.rule != "latency"]

    assert numbers() == numbers()


@pytest.mark.parametrize("who", ["the model", "the champion"])
def test_nobody_is_judged_on_what_it_has_seen(saved, holdout, policy, tmp_path, who):
    later = tmp_path / "later"
    shutil.copytree(saved, later)
    path = later / mlflow_model.DATA / mlflow_model.LINEAGE
    document = json.loads(path.read_text()) | {"train_periods": ["2013-01", "2013-10"]}
    path.write_text(json.dumps(document))
    folders = (later, None) if who == "the model" else (saved, later)
    with pytest.raises(TaskError, match=f"{who} was trained up to 2013-10"):
        gather(holdout, *folders, policy)


def test_a_champion_that_wants_other_features_is_named(saved, holdout, policy, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(saved, other)
    path = other / mlflow_model.DATA / "encoder.json"
    document = json.loads(path.read_text())
    document["features"][0] = "wind"
    path.write_text(json.dumps(document))
    with pytest.raises(TaskError, match=r"the champion cannot score .* missing: wind"):
        gather(holdout, saved, other, policy)


def test_scores_that_are_no_numbers_are_refused(rows):
    with pytest.raises(TaskError, match=r"the model gave 6000 of 6000 rows no number"):
        judging._scores(lambda columns: np.full(6000, np.nan), rows, "the model")
