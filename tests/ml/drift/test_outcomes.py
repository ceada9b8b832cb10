"""Performance with labels, its estimate without, and the concept, on days that are not alike."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score

from ml import metrics
from ml.drift import build, concept, estimate, formula, freeze, performance
from ml.drift.layout import Layout

COST = {"cost": formula.parse("where(score >= 0.5, 15, where(label == 1, 60, 0))")}
LAYOUT = Layout(columns=(), score="score", label="label", time="at", costs=COST)
DAY = np.datetime64("2013-03-01", "us")


def scored(draw, days=30, rows=300, shift=0.0, concept_shift=0.0, day_spread=0.0):
    """Scores that are true chances, unless the concept shifted."""
    mood = np.repeat(draw.normal(0, day_spread, days), rows) if day_spread else 0.0
    logit = draw.normal(-1 + shift, 1, days * rows)
    score = 1 / (1 + np.exp(-logit))
    chance = 1 / (1 + np.exp(-(logit + mood + concept_shift)))
    at = np.repeat(DAY + np.arange(days) * np.timedelta64(1, "D"), rows)
    return pa.table(
        {"score": score, "label": (draw.random(days * rows) < chance).astype(int), "at": at}
    )


DRAW = np.random.default_rng(11)
REFERENCE = scored(DRAW)
FROZEN = freeze.freeze(REFERENCE.to_batches(), ["score"])
CUT = FROZEN.number("score")


def outcomes(rows):
    return build.profile(rows.to_batches(), FROZEN, LAYOUT).outcomes


KNOWN = outcomes(REFERENCE)


def test_metrics_from_counts_are_those_of_the_rows():
    label, score = (REFERENCE[name].to_numpy() for name in ("label", "score"))
    exact = metrics.measure(label, score)
    assert performance.measured(KNOWN, "brier").mean[0] == pytest.approx(exact.brier, abs=1e-6)
    assert performance.measured(KNOWN, "log_loss").mean[0] == pytest.approx(
        exact.log_loss, abs=1e-6
    )
    assert performance.measured(KNOWN, "auc").mean[0] == pytest.approx(exact.auc, abs=3e-4)
    cost = COST["cost"].of_arrays(label.astype(float), score).mean()
    assert performance.measured(KNOWN, "cost").mean[0] == pytest.approx(cost)
    with pytest.raises(KeyError, match="no metric gini in the outcomes; known: auc, brier"):
        performance.measured(KNOWN, "gini")


def test_the_error_of_the_area_is_that_of_many_repetitions():
    found, errors = [], []
    for _ in range(150):
        side = performance.measured(outcomes(scored(DRAW, rows=100, day_spread=0.7)), "auc")
        found.append(side.mean[0])
        errors.append(np.sqrt(side.spread[0, 0]))
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.2)


def test_one_block_has_the_error_of_independent_rows():
    single = [outcomes(scored(DRAW, days=1, rows=400)) for _ in range(150)]
    sides = [performance.measured(each, "auc") for each in single]
    errors = [np.sqrt(side.spread[0, 0]) for side in sides]
    assert np.mean(errors) == pytest.approx(np.std([side.mean[0] for side in sides]), rel=0.2)
    brier = performance.measured(single[0], "brier")
    found = performance.worse(performance.measured(KNOWN, "brier"), brier, higher_is_better=False)
    assert found.p == 0.5  # the spread within a day is not kept


@pytest.mark.parametrize("metric", ["auc", "brier", "cost"])
def test_equal_performance_is_called_worse_no_more_often_than_stated(metric):
    ps = []
    for _ in range(300):
        pair = [
            performance.measured(outcomes(scored(DRAW, days=14, rows=60, day_spread=0.5)), metric)
            for _ in range(2)
        ]
        ps.append(performance.worse(*pair, higher_is_better=metric == "auc").p)
    chance = 3 * np.sqrt(0.05 * 0.95 / 300)
    assert 0.01 < np.mean(np.array(ps) <= 0.05) <= 0.05 + chance


def test_a_window_that_is_worse_has_an_interval_above_nothing():
    window = outcomes(scored(DRAW, concept_shift=1.0))
    brier = performance.worse(
        performance.measured(KNOWN, "brier"),
        performance.measured(window, "brier"),
        higher_is_better=False,
    )
    assert brier.p < 1e-6
    assert 0 < brier.interval()[0] < brier.value < brier.interval()[1]


def test_one_class_has_no_area():
    zero = scored(DRAW, days=2, rows=50).set_column(1, "label", pa.array([0] * 100))
    assert np.isnan(performance.measured(outcomes(zero), "auc").mean[0])


def test_without_drift_the_promise_is_kept():
    promise = estimate.Promise.of(outcomes(scored(DRAW, rows=1_500)), CUT)
    window = scored(DRAW, rows=1_500, shift=0.5)
    found = outcomes(window)
    counts = (found.positives + found.negatives).astype(float)
    for metric, tolerance in (("auc", 0.01), ("brier", 0.005), ("log_loss", 0.01), ("cost", 0.4)):
        real = performance.measured(found, metric).mean[0]
        assert promise.expected(counts, metric, COST).mean[0] == pytest.approx(real, abs=tolerance)
    label, score = (window[name].to_numpy() for name in ("label", "score"))
    decided = promise.confusion(counts, 0.5)
    hits = score >= 0.5
    assert decided["accuracy"] == pytest.approx(np.mean(hits == label), abs=0.01)
    assert decided["precision"] == pytest.approx(label[hits].mean(), abs=0.02)
    assert decided["recall"] == pytest.approx(hits[label == 1].mean(), abs=0.02)
    assert sum(list(decided.values())[:4]) == pytest.approx(1)
    with pytest.raises(KeyError, match="metric gini is no mean"):
        promise.loss("gini", COST)


def test_the_expected_accuracy_is_the_mean_of_the_larger_chance():
    promise = estimate.Promise(chance=np.array([0.2, 0.4, 0.9]), score=np.array([0.1, 0.4, 0.8]))
    counts = np.array([[10.0, 20.0, 30.0]])
    expected = (10 * 0.8 + 20 * 0.6 + 30 * 0.9) / 60
    assert promise.confusion(counts, 0.5)["accuracy"] == pytest.approx(expected)
    assert promise.confusion(counts, 0.5)["true_positive"] == pytest.approx(30 * 0.9 / 60)


def test_the_promise_corrects_scores_that_are_too_sure():
    draw = np.random.default_rng(12)
    rows = scored(draw, rows=2_000)
    sure = rows.set_column(0, "score", pa.array(np.round(rows["score"].to_numpy() ** 0.3, 3)))
    frozen = freeze.freeze(sure.to_batches(), ["score"])
    known = build.profile(sure.to_batches(), frozen, LAYOUT).outcomes
    promise = estimate.Promise.of(known, frozen.number("score"))
    counts = (known.positives + known.negatives).astype(float)
    real = performance.measured(known, "brier").mean[0]
    assert promise.expected(counts, "brier", {}).mean[0] == pytest.approx(real, abs=0.003)


cells = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=20)


@given(cells.filter(lambda rows: any(sum(row) for row in rows)))
def test_calibration_equals_isotonic_regression(rows):
    hits, missed = (np.array(side, dtype=float) for side in zip(*rows, strict=True))
    total = hits + missed
    found = estimate.isotonic(hits, total)
    assert (np.diff(found) >= -1e-12).all()
    filled = total > 0
    theirs = IsotonicRegression().fit_transform(
        np.arange(len(rows))[filled], hits[filled] / total[filled], sample_weight=total[filled]
    )
    assert found[filled] == pytest.approx(theirs)


def test_the_concept_stays_where_only_scores_move():
    window = outcomes(scored(DRAW, shift=1.0))
    found = concept.compare(KNOWN, window, CUT)
    assert found.law.p > 0.01
    assert found.difference < 0.03


def test_the_concept_moves_where_labels_mean_something_else():
    found = concept.compare(KNOWN, outcomes(scored(DRAW, concept_shift=0.8)), CUT)
    assert found.law.p < 1e-6
    assert found.difference > 0.08
    assert all(after > before for before, after in found.rates)


def test_the_same_concept_is_called_another_no_more_often_than_stated():
    ps = []
    for _ in range(300):
        pair = [outcomes(scored(DRAW, days=14, rows=100, day_spread=0.5)) for _ in range(2)]
        ps.append(concept.compare(*pair, CUT).law.p)
    chance = 3 * np.sqrt(0.05 * 0.95 / 300)
    assert np.mean(np.array(ps) <= 0.05) <= 0.05 + chance


def test_too_few_rows_say_nothing_of_the_concept():
    few = outcomes(scored(DRAW, days=2, rows=10))
    assert concept.compare(KNOWN, few, CUT) is None


@given(st.integers(0, 2**32 - 1))
def test_ties_within_cells_count_half(seed):
    draw = np.random.default_rng(seed)
    plus, minus = draw.integers(0, 9, (3, 6)), draw.integers(0, 9, (3, 6))
    if plus.sum() == 0 or minus.sum() == 0:
        return
    label = np.concatenate([np.ones(plus.sum()), np.zeros(minus.sum())])
    score = np.concatenate([np.repeat(np.arange(6), side.sum(axis=0)) for side in (plus, minus)])
    found = performance.auc(plus.astype(float), minus.astype(float)).mean[0]
    assert found == pytest.approx(roc_auc_score(label, score))
