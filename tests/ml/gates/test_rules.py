"""Every rule passes a good model, fails a bad one, and says so when it cannot tell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.errors import TaskError
from ml.gates.outcome import Finding, Interval, Outcome, above, below, between, summed, worst
from ml.gates.policy import (
    Absolute,
    Calibration,
    Change,
    Fairness,
    Grouping,
    Invariance,
    Latency,
    Limit,
    Missing,
    Size,
    Slices,
)
from ml.gates.rules import absolute, behaviour, budget, calibration, champion, fairness, slices

PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
BY_GROUP = (Grouping(feature="group"),)


def numbers(result):
    return {finding.name: finding for finding in result.findings}


def constant(columns):
    return np.full(len(columns["risk"]), 0.28)


def risk(columns):
    return np.asarray(columns["risk"], dtype=np.float64)


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [(0.7, 0.8, PASS), (0.4, 0.5, FAIL), (0.5, 0.7, INCONCLUSIVE), (0.6, 0.7, PASS)],
)
def test_the_whole_interval_must_be_on_the_right_side(low, high, outcome):
    found = Interval(value=(low + high) / 2, low=low, high=high)
    assert above(found, 0.6) is outcome
    mirrored = Interval(value=-found.value, low=-high, high=-low)
    assert below(mirrored, -0.6) is outcome
    assert between(found, 0.6, 2) is outcome


def test_without_an_interval_nothing_is_decided():
    assert {above(None, 0), below(None, 1), between(None, 0, 1)} == {INCONCLUSIVE}


@given(st.lists(st.sampled_from(list(Outcome))))
def test_a_gate_opens_only_if_everything_passed(outcomes):
    found = worst(outcomes)
    assert (found is PASS) == all(each is PASS for each in outcomes)
    assert (found is FAIL) == any(each is FAIL for each in outcomes)


def test_the_reason_names_what_decided():
    good = Finding(name="a", outcome=PASS, wanted="at least 0", value=1.0)
    bad = Finding(name="b", outcome=FAIL, wanted="at most 1", value=2.0, note="far off")
    found = summed("rule", [good, bad, bad])
    assert found.outcome is FAIL
    assert found.reason == "b 2, wanted at most 1: far off; and 1 more"
    assert summed("rule", [good]).reason == "all 1 measures are as wanted"


def test_absolute_limits_hold_for_a_good_model_and_not_for_a_constant(evidence):
    policy = Absolute(
        auc=Limit(at_least=0.6),
        brier=Limit(at_most=0.25),
        brier_skill=Limit(at_least=0.05),
        log_loss=Limit(at_most=0.6),
    )
    assert absolute.judge(evidence(), policy).outcome is PASS
    found = numbers(absolute.judge(evidence(constant), policy))
    assert found["auc"].value == 0.5
    assert (found["auc"].outcome, found["brier_skill"].outcome) == (FAIL, FAIL)
    assert found["brier"].outcome is PASS


def test_brier_skill_is_nought_for_the_base_rate(evidence, rows):
    rate = rows.label.mean()
    made = evidence(lambda columns: np.full(len(columns["risk"]), rate))
    assert made.brier_skill(made.challenger).value == pytest.approx(0, abs=1e-12)


def test_too_few_days_are_inconclusive(evidence):
    policy = Absolute(auc=Limit(at_least=0.6), brier=Limit(at_most=0.25))
    assert absolute.judge(evidence(min_blocks=90), policy).outcome is INCONCLUSIVE


class TestChampion:
    def test_a_better_challenger_passes_and_a_worse_one_fails(self, evidence, rows):
        noise = np.random.default_rng(1).normal(size=len(rows.label)) * 0.15
        poor = np.clip(rows.columns["risk"] + noise, 0.01, 0.99)
        better = champion.judge(evidence(champion=poor), poor)
        assert better.outcome is PASS
        assert better.reason.startswith("better than the champion in both: AUC better by 0.")
        worse = evidence(lambda _: poor)
        judged = champion.judge(worse, risk(rows.columns))
        assert judged.outcome is FAIL
        assert judged.reason.startswith("worse than the champion in Brier")

    def test_the_same_model_again_is_inconclusive(self, evidence, rows):
        same = champion.judge(evidence(), risk(rows.columns))
        assert same.outcome is INCONCLUSIVE
        assert numbers(same)["auc_gain"].value == 0

    def test_better_in_auc_and_worse_in_brier_fails(self, evidence, rows):
        blurred = np.clip(
            risk(rows.columns) + np.random.default_rng(2).normal(size=len(rows.label)) * 0.1, 0, 1
        )
        made = evidence(lambda columns: risk(columns) ** 0.25)  # ranks well, says too much
        found = champion.compare(made.resampler, rows.label, made.challenger, blurred)
        assert found.auc_gain.favours == 1
        assert found.brier_gain.favours == -1
        assert found.outcome is FAIL

    @pytest.mark.parametrize(
        ("auc", "brier", "outcome"),
        [
            ((0.01, 0.02), (0.001, 0.002), PASS),
            ((0.01, 0.02), (-0.001, 0.002), INCONCLUSIVE),
            ((-0.01, 0.02), (0.001, 0.002), INCONCLUSIVE),
            ((-0.02, -0.01), (0.001, 0.002), INCONCLUSIVE),
            ((-0.02, -0.01), (-0.001, 0.002), INCONCLUSIVE),
            ((0.01, 0.02), (-0.002, -0.001), FAIL),
            ((-0.02, -0.01), (-0.002, -0.001), FAIL),
            ((0.0, 0.02), (0.001, 0.002), INCONCLUSIVE),
            (None, (-0.002, -0.001), FAIL),
            (None, (0.001, 0.002), INCONCLUSIVE),
            ((0.01, 0.02), None, INCONCLUSIVE),
        ],
    )
    def test_auc_and_brier_both_count(self, auc, brier, outcome):
        made = [
            bounds and Interval(value=sum(bounds) / 2, low=bounds[0], high=bounds[1])
            for bounds in (auc, brier)
        ]
        assert champion.Comparison(*made).outcome is outcome
        assert champion.Comparison(*made).reason


class TestSlices:
    policy = Slices(by=BY_GROUP, min_rows=500, auc_margin=0.05, brier_margin=0.02)

    def test_a_model_that_is_worse_in_one_slice_only_fails(self, evidence, rows):
        in_b = rows.columns["group"] == "b"
        spoiled = np.where(in_b, 1 - risk(rows.columns), risk(rows.columns))
        made = evidence(lambda _: spoiled)
        found = slices.judge(made, risk(rows.columns), self.policy)
        assert found.outcome is FAIL
        outcomes = {name: finding.outcome for name, finding in numbers(found).items()}
        assert outcomes["brier_gain of group b"] is FAIL
        assert outcomes["brier_gain of group a"] is PASS

    def test_the_champion_itself_regresses_nowhere(self, evidence, rows):
        assert slices.judge(evidence(), risk(rows.columns), self.policy).outcome is PASS

    def test_small_slices_are_listed_and_do_not_vote(self, evidence, rows):
        policy = self.policy.model_copy(update={"min_rows": 1000})
        found = slices.judge(evidence(), risk(rows.columns), policy)
        assert [name.split(":")[0] for name in found.unjudged] == ["group c"]
        assert not any("group c" in finding.name for finding in found.findings)

    def test_no_slice_large_enough_is_inconclusive(self, evidence, rows):
        policy = self.policy.model_copy(update={"min_rows": 100_000})
        found = slices.judge(evidence(), risk(rows.columns), policy)
        assert found.outcome is INCONCLUSIVE
        assert "no slice has 100000 rows" in found.reason

    def test_a_margin_narrower_than_the_interval_is_inconclusive(self, evidence, rows):
        policy = self.policy.model_copy(update={"auc_margin": 1e-6, "brier_margin": 1e-6})
        noise = np.random.default_rng(3).normal(size=(2, len(rows.label))) * 0.01
        one, two = np.clip(risk(rows.columns) + noise, 0, 1)
        assert slices.judge(evidence(lambda _: one), one, policy).outcome is PASS
        assert slices.judge(evidence(lambda _: one), two, policy).outcome is INCONCLUSIVE
        lenient = policy.model_copy(update={"undecided": "pass"})
        found = slices.judge(evidence(lambda _: one), two, lenient)
        assert found.outcome is PASS
        assert found.findings[0].wanted == "interval above -1e-06, or holding 0"
        worse = evidence(lambda _: 1 - one)
        assert slices.judge(worse, one, lenient).outcome is FAIL


class TestFairness:
    policy = Fairness(
        groups=BY_GROUP,
        threshold=0.3,
        min_rows=500,
        equal_opportunity=0.15,
        demographic_parity=0.1,
    )

    def test_groups_that_do_not_matter_are_treated_alike(self, evidence):
        found = fairness.judge(evidence(), self.policy)
        assert found.outcome is PASS
        assert "group a 0." in found.findings[0].note

    def test_a_model_that_says_yes_to_one_group_more_often_fails(self, evidence, rows):
        favoured = np.where(rows.columns["group"] == "a", 0.3, 0.0) + risk(rows.columns)
        found = fairness.judge(evidence(lambda _: np.clip(favoured, 0, 1)), self.policy)
        assert found.outcome is FAIL
        assert {finding.outcome for finding in found.findings} == {FAIL}
        assert "group a over group" in found.findings[1].note

    def test_wide_intervals_are_inconclusive(self, evidence):
        policy = self.policy.model_copy(update={"equal_opportunity": 0.01})
        assert fairness.judge(evidence(), policy).outcome is INCONCLUSIVE

    def test_what_is_left_open_passes_where_the_policy_says_so_and_what_is_shown_fails(
        self, evidence, rows
    ):
        lenient = self.policy.model_copy(update={"undecided": "pass"})
        narrow = lenient.model_copy(update={"equal_opportunity": 0.01})
        assert fairness.judge(evidence(), narrow).outcome is PASS
        favoured = np.where(rows.columns["group"] == "a", 0.3, 0.0) + risk(rows.columns)
        found = fairness.judge(evidence(lambda _: np.clip(favoured, 0, 1)), lenient)
        assert found.outcome is FAIL
        alone = lenient.model_copy(update={"min_rows": 2500})
        assert fairness.judge(evidence(), alone).outcome is INCONCLUSIVE

    def test_one_group_alone_cannot_be_compared(self, evidence):
        policy = self.policy.model_copy(update={"min_rows": 2500})
        found = fairness.judge(evidence(), policy)
        assert found.outcome is INCONCLUSIVE
        assert "fewer than two groups" in found.reason
        assert len(found.unjudged) == 2

    def test_groups_can_be_ranges_of_a_number(self, evidence):
        made = evidence()
        groups = made.groups(Grouping(feature="risk", edges=(0.2, 0.4)))
        assert list(groups) == ["risk below 0.2", "risk 0.2 to 0.4", "risk from 0.4"]
        assert sum(int(rows.sum()) for rows in groups.values()) == len(made.label)
        assert list(made.groups(Grouping(feature="hour")))[:2] == ["hour 0", "hour 1"]

    def test_groups_that_make_no_sense_are_refused(self, evidence):
        with pytest.raises(TaskError, match="too many for groups of their own"):
            evidence().groups(Grouping(feature="risk"))
        with pytest.raises(TaskError, match="group is text and has no ranges"):
            evidence().groups(Grouping(feature="group", edges=(1,)))


class TestCalibration:
    policy = Calibration(ece=0.05, slope=(0.7, 1.4))

    def test_stated_risks_are_calibrated(self, evidence):
        found = calibration.judge(evidence(), self.policy)
        assert found.outcome is PASS
        assert numbers(found)["slope"].value == pytest.approx(1, abs=0.15)

    def test_a_model_too_sure_of_itself_has_a_slope_below_one(self, evidence):
        sure = evidence(lambda columns: np.clip(3 * (risk(columns) - 0.28) + 0.28, 0, 1))
        found = numbers(calibration.judge(sure, self.policy))
        assert found["slope"].value < 0.6
        assert (found["slope"].outcome, found["ece"].outcome) == (FAIL, FAIL)

    def test_the_error_is_the_mean_distance_over_bins(self, evidence, rows):
        shifted = evidence(lambda columns: np.clip(risk(columns) + 0.1, 0, 1))
        found = calibration.expected_error(shifted, 10).value
        assert found == pytest.approx(0.1, abs=0.02)

    def test_a_constant_score_has_no_slope(self, evidence):
        for undecided in ("hold", "pass"):
            policy = self.policy.model_copy(update={"undecided": undecided})
            found = numbers(calibration.judge(evidence(constant), policy))
            assert found["slope"].outcome is INCONCLUSIVE

    def test_a_slope_that_is_left_open_passes_where_the_policy_says_so(self, evidence):
        open_ = self.policy.model_copy(update={"slope": (0.999, 1.4)})
        assert numbers(calibration.judge(evidence(), open_))["slope"].outcome is INCONCLUSIVE
        lenient = open_.model_copy(update={"undecided": "pass"})
        assert numbers(calibration.judge(evidence(), lenient))["slope"].outcome is PASS


class TestBehaviour:
    def test_changes_that_matter_too_much_fail(self, evidence):
        policy = Invariance(
            rows=2000,
            changes=(
                Change(feature="risk", add=0.1, mean_change=0.05),
                Change(feature="hour", add=1, mean_change=0),
                Change(feature="group", swap={"a": "b", "b": "a"}, mean_change=0),
                Change(feature="hour", swap={"1": "2"}, mean_change=0),
            ),
        )
        outcomes = [
            finding.outcome for finding in behaviour.invariance(evidence(), policy).findings
        ]
        assert outcomes == [PASS, FAIL, PASS, PASS, PASS]

    def test_a_swapped_group_that_changes_the_answer_fails(self, evidence):
        made = evidence(lambda columns: np.where(columns["group"] == "a", 0.6, 0.2))
        change = Change(feature="group", swap={"a": "b"}, mean_change=0.01)
        found = behaviour.invariance(made, Invariance(changes=(change,)))
        assert found.findings[1].outcome is FAIL

    def test_a_row_that_is_scored_by_its_neighbours_fails(self, evidence):
        made = evidence(lambda columns: np.clip(risk(columns) - risk(columns).mean() + 0.3, 0, 1))
        assert behaviour.invariance(made, Invariance()).outcome is FAIL

    def test_text_cannot_be_added_to(self, evidence):
        change = Change(feature="group", add=1, mean_change=0)
        with pytest.raises(TaskError, match="group is text"):
            behaviour.invariance(evidence(), Invariance(changes=(change,)))

    def test_a_missing_feature_may_cost_little(self, evidence):
        assert behaviour.missing(evidence(), Missing(brier_rise=0.1)).outcome is PASS
        found = numbers(behaviour.missing(evidence(), Missing(brier_rise=0.001)))
        assert found["without risk"].outcome is FAIL
        assert found["without hour"].outcome is PASS

    def test_what_is_always_there_is_not_taken_away_and_that_is_told(self, evidence):
        strict = Missing(brier_rise=0.001)
        guilty = numbers(behaviour.missing(evidence(), strict))
        name = next(n for n, each in guilty.items() if each.outcome is FAIL).removeprefix(
            "without "
        )
        spared = behaviour.missing(evidence(), strict.model_copy(update={"always_there": (name,)}))
        assert f"without {name}" not in numbers(spared)
        assert spared.unjudged == (f"without {name}: it is always there",)

    def test_features_that_are_always_there_must_be_features(self, evidence):
        with pytest.raises(TaskError, match="always_there names weather"):
            behaviour.missing(evidence(), Missing(brier_rise=1, always_there=("weather",)))

    def test_answers_that_are_no_probabilities_fail(self, evidence):
        found = behaviour.missing(evidence(risk), Missing(brier_rise=1))
        assert found.outcome is FAIL
        names = numbers(found)
        assert "answers are no probability" in names["without risk"].note
        assert names["without any feature"].outcome is FAIL
        assert names["categories never seen"].outcome is PASS


class TestBudget:
    def test_latency_is_measured_batch_by_batch(self, evidence):
        found = budget.latency(evidence(), Latency(rows=10, repeats=100, p95_ms=1000))
        assert found.outcome is PASS
        assert 0 < found.findings[0].low <= found.findings[0].value <= found.findings[0].high

    def test_a_slow_model_fails(self, evidence):
        policy = Latency(rows=10, repeats=100, p95_ms=1e-6)
        found = budget.latency(evidence(), policy)
        assert found.outcome is FAIL
        assert found.findings[0].note == "100 batches, fastest of 3 round(s)"

    def test_a_machine_that_is_busy_for_a_while_is_no_slow_model(self, evidence, monkeypatch):
        rounds = iter([np.full(100, 900.0), np.full(100, 3.0)])
        monkeypatch.setattr(budget, "_milliseconds", lambda *_: next(rounds))
        found = budget.latency(evidence(), Latency(rows=10, repeats=100, p95_ms=50))
        assert found.outcome is PASS
        assert found.findings[0].value == 3

    @given(st.integers(100, 400), st.integers(0, 2**32 - 1))
    def test_the_interval_of_the_percentile_is_made_of_measured_values(self, count, seed):
        values = np.random.default_rng(seed).exponential(size=count)
        found = budget.percentile(values, 0.95)
        assert found.low in values
        assert found.high in values
        assert found.low <= found.value <= found.high

    def test_the_interval_of_the_percentile_holds_the_truth(self):
        random = np.random.default_rng(0)
        found = [budget.percentile(random.random(200), 0.95) for _ in range(500)]
        assert sum(each.low <= 0.95 <= each.high for each in found) / 500 > 0.92

    def test_a_model_too_large_fails(self, tmp_path):
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "bytes").write_bytes(b"x" * 100)
        assert budget.size(tmp_path, Size(bytes=100)).outcome is PASS
        found = budget.size(tmp_path, Size(bytes=99))
        assert (found.outcome, found.findings[0].value) == (FAIL, 100)
