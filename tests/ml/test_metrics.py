"""Measures equal scikit-learn's and values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as theirs

from ml import metrics

LABEL = np.array([0, 0, 1, 1])
SCORE = np.array([0.1, 0.4, 0.35, 0.8])


def test_measures_equal_values_worked_out_by_hand():
    found = metrics.measure(LABEL, SCORE)
    assert found.auc == 0.75  # three of the four pairs are in order
    assert found.brier == pytest.approx((0.01 + 0.16 + 0.4225 + 0.04) / 4)
    assert found.log_loss == pytest.approx(-np.log([0.9, 0.6, 0.35, 0.8]).mean())
    assert (found.rows, found.positive_rate) == (4, 0.5)


def test_equal_scores_count_half():
    assert metrics.auc(np.array([0, 1, 1]), np.array([0.5, 0.5, 0.9])) == 0.75


def test_one_class_has_no_auc_but_the_other_measures():
    found = metrics.measure(np.array([1, 1]), np.array([0.2, 0.4]))
    assert found.auc is None
    assert "auc" not in found.numbers
    assert found.brier == pytest.approx((0.64 + 0.36) / 2)


def test_a_certain_mistake_costs_much_but_not_everything():
    assert np.isfinite(metrics.measure(np.array([1]), np.array([0.0])).log_loss)


def test_no_rows_cannot_be_measured():
    with pytest.raises(ValueError, match="no rows"):
        metrics.measure(np.array([], dtype=int), np.array([]))


scored = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.05, 0.1, 0.25, 0.5, 0.75, 0.95])), min_size=2
).filter(lambda rows: len({label for label, _ in rows}) == 2)


@given(scored)
def test_measures_equal_those_of_scikit_learn(rows):
    label = np.array([label for label, _ in rows])
    score = np.array([score for _, score in rows])
    found = metrics.measure(label, score)
    assert found.auc == pytest.approx(theirs.roc_auc_score(label, score))
    assert found.brier == pytest.approx(theirs.brier_score_loss(label, score))
    assert found.log_loss == pytest.approx(theirs.log_loss(label, score))


def test_groups_are_measured_apart():
    found = metrics.by_group(LABEL, SCORE, np.array(["b", "a", "b", "a"]))
    assert list(found) == ["a", "b"]
    assert found["a"].brier == pytest.approx((0.16 + 0.04) / 2)
    assert sum(group.rows for group in found.values()) == 4
