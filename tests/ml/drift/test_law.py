"""The sample-size law has its known points and is kept, with rows of one day alike or not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from ml.drift import distances, law

# rows on both sides, what the index over ten cells exceeds by chance in 5 % and in 1 %
POINTS = [
    (100, 100, 0.3384, 0.4333),
    (200, 200, 0.1692, 0.2167),
    (1_000, 1_000, 0.0338, 0.0433),
    (100_000, 1_000, 0.0171, 0.0219),
]


@pytest.mark.parametrize(("rows", "other", "five", "one"), POINTS)
def test_the_sample_size_law_has_its_known_points(rows, other, five, one):
    assert law.psi_quantile(10, rows, other, 0.05) == pytest.approx(five, abs=6e-5)
    assert law.psi_quantile(10, rows, other, 0.01) == pytest.approx(one, abs=6e-5)


def test_chance_alone_exceeds_the_folk_threshold_in_a_third_of_clean_windows():
    draw = np.random.default_rng(3)
    pairs = draw.multinomial(200, [0.1] * 10, size=(4_000, 2))
    found = np.array([distances.psi_floored(*pair) for pair in pairs])
    assert found.mean() == pytest.approx(0.0917, abs=0.004)  # (B-1)(1/n+1/m) is 0.09
    assert np.quantile(found, 0.95) == pytest.approx(0.1744, abs=0.008)
    assert np.mean(found > 0.1) == pytest.approx(0.357, abs=0.03)
    smoothed = np.array([distances.psi(*pair) for pair in pairs])
    assert np.mean(smoothed > law.psi_quantile(10, 200, 200, 0.05)) < 0.05  # the floor: above


def test_with_independent_rows_the_law_is_chi_square():
    reference, window = np.array([[200.0] * 10]), np.array([[180.0, 220.0] * 5])
    found, index = law.homogeneity(reference, window, independent=True)
    assert (found.scale, found.freedom) == pytest.approx((1, 9), rel=1e-5)
    expected = special.chdtrc(9, index * 1_000)
    both = (expected, distances.homogeneity(reference[0], window[0]).p)
    assert found.p == pytest.approx(max(both), rel=1e-4)
    threshold = found.quantile(0.05) * (1 / 2_000 + 1 / 2_000)
    assert threshold == pytest.approx(law.psi_quantile(10, 2_000, 2_000, 0.05), rel=1e-5)


def alike(draw, days, rows, months):
    return draw.multinomial(rows, [0.1] * 10, size=(months, days))


def days_apart(draw, days, rows, months):
    shares = draw.dirichlet([0.3] * 10, size=(months, days))
    return draw.multinomial(rows, shares)


def weather(draw, days, rows, months):
    means = draw.normal(size=(months, days, 1)) * np.sqrt(0.8)
    below = stats.norm.cdf((stats.norm.ppf(np.linspace(0, 1, 11)) - means) / np.sqrt(0.2))
    shares = np.diff(below, axis=-1)
    return draw.multinomial(rows, shares / shares.sum(axis=-1, keepdims=True))


@pytest.mark.parametrize("days", [7, 30])
@pytest.mark.parametrize("kind", [alike, days_apart, weather])
def test_no_drift_is_called_drift_no_more_often_than_stated(kind, days):
    draw, months = np.random.default_rng(5), 800
    sides = [kind(draw, days, 300, months).astype(float) for _ in range(2)]
    ps = np.array([law.homogeneity(*pair)[0].p for pair in zip(*sides, strict=True)])
    for level in (0.1, 0.05, 0.01):
        chance = 3 * np.sqrt(level * (1 - level) / months)
        assert np.mean(ps <= level) <= level + chance
    if days == 30:
        assert np.mean(ps <= 0.1) > 0.04  # careful, but not blind


def test_without_blocks_the_same_days_would_cry_wolf():
    draw = np.random.default_rng(5)
    sides = [weather(draw, 30, 300, 100).astype(float) for _ in range(2)]
    ps = [law.homogeneity(*pair, independent=True)[0].p for pair in zip(*sides, strict=True)]
    assert np.mean(np.array(ps) < 0.001) > 0.95


def test_rows_that_are_alike_within_a_day_count_as_few():
    draw = np.random.default_rng(6)
    independent = alike(draw, 200, 300, 1)[0].astype(float)
    assert law.effective(independent) == pytest.approx(60_000, rel=0.1)
    same = np.zeros((200, 10))
    same[np.arange(200), draw.integers(0, 10, 200)] = 300
    assert law.effective(same) == pytest.approx(200, rel=0.1)


def test_a_real_shift_is_found():
    draw = np.random.default_rng(7)
    reference = alike(draw, 30, 300, 1)[0].astype(float)
    shares = np.array([0.06, 0.07, 0.08, 0.09, 0.1, 0.1, 0.11, 0.12, 0.13, 0.14])
    window = draw.multinomial(300, shares, size=30).astype(float)
    found, index = law.homogeneity(reference, window)
    assert found.p < 1e-6
    assert index > found.quantile(1e-6) * (1 / reference.sum() + 1 / window.sum())


def test_equal_days_never_differ_and_one_cell_cannot():
    same = np.full((10, 4), 25.0)
    found, index = law.homogeneity(same, same)
    assert (found.p, index) == (1, 0)
    found, index = law.homogeneity(same[:, :1], same[:, :1])
    assert (found.p, index, found.quantile(0.05)) == (1, 0, float("inf"))


def test_a_difference_has_the_interval_and_p_of_its_days():
    draw = np.random.default_rng(8)
    rows = np.full(20, 50.0)
    first, second = (
        draw.binomial(50, 0.1, 20).astype(float),
        draw.binomial(50, 0.3, 20).astype(float),
    )
    found = law.rate(first, rows, second, rows)
    theirs = stats.ttest_ind(second / 50, first / 50, equal_var=False, alternative="greater")
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-6)
    low, high = found.interval()
    assert low < 0.2 < high
    both = stats.ttest_ind(second / 50, first / 50, equal_var=False).confidence_interval(0.95)
    assert (low, high) == pytest.approx(tuple(both), rel=1e-6)


def test_no_difference_at_all_is_no_alarm_and_a_certain_one_is():
    rows = np.full(5, 10.0)
    assert law.rate(rows * 0, rows, rows * 0, rows).p == 1
    assert law.rate(rows * 0, rows, rows, rows).p == 0


def test_a_few_rare_cases_are_no_news():
    assert law.rare(0, 10_000, 0, 1_000) == 1
    assert law.rare(0, 10_000, 1, 1_000) == pytest.approx(1 / 11)
    assert law.rare(0, 10_000, 20, 1_000) < 1e-20
    assert law.rare(100, 10_000, 10, 1_000) > 0.4


ps = st.lists(st.floats(0, 1), max_size=30)


@given(ps, st.floats(0.001, 0.5))
def test_the_step_up_rule_equals_that_of_scipy(found, rate):
    significant, level = law.benjamini_hochberg(found, rate)
    if not found:
        assert (significant, level) == ([], rate)
        return
    adjusted = stats.false_discovery_control(found)
    sure = np.abs(adjusted - rate) > 1e-9
    assert [hit for hit, keep in zip(significant, sure, strict=True) if keep] == [
        bool(p <= rate) for p in adjusted[sure]
    ]
    assert rate / len(found) * (1 - 1e-12) <= level <= rate


@given(ps, st.integers(0, 29), st.floats(0, 1))
def test_a_smaller_p_never_takes_an_alarm_away(found, place, factor):
    if not found:
        return
    before = law.benjamini_hochberg(found, 0.1)[0]
    smaller = list(found)
    smaller[place % len(found)] *= factor
    after = law.benjamini_hochberg(smaller, 0.1)[0]
    assert all(late or not early for early, late in zip(before, after, strict=True))
