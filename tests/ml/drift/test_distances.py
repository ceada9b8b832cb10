"""Distances equal the published values of other tools, each in its convention, and known limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import spatial, stats

from ml.drift import conventions, distances
from ml.drift.distances import JensenShannon

# azureml-assets draws after `np.random.seed(0)` each; NW is normed Wasserstein.
# baseline (mean, spread, rows), production, cells, PSI, PSI of deciles, JS bits, NW, KS
NUMBERS = [
    ((50, 15, 100_000), (50, 15, 10_000), 15, 0.00174, 0.00133, 0.01901, 0.02335, 0.01474),
    ((50, 15, 100_000), (50, 10, 100_000), 18, 0.31382, 0.26304, 0.22247, 0.26561, 0.09873),
    ((50, 15, 100_000), (53, 15, 100_000), 18, 0.03971, 0.03882, 0.08448, 0.20053, 0.08081),
    ((50, 15, 100_000), (53, 5, 100_000), 18, 2.35831, 2.36354, 0.49937, 0.55488, 0.31429),
    ((50, 15, 100_000), (100, 15, 100_000), 18, 10.05953, 6.73643, 0.90190, 3.34221, 0.90548),
    ((50, 15, 100_000), (250, 15, 100_000), 18, 20.50920, 8.28309, 1.0, 13.36883, 1.0),
    ((50, 15, 9_000), (50, 10, 9_000), 15, 0.31550, 0.26334, 0.22622, 0.26509, 0.10222),
    ((50, 15, 9_000), (51, 15, 9_000), 15, 0.00444, 0.00514, 0.02844, 0.06768, 0.03200),
    ((50, 15, 20), (52, 15, 20), 6, 0.03585, 1.49003, 0.10600, 0.15286, 0.25000),
]
EIGHT = dict.fromkeys("abcdefgh", 100)
MIXED = {"a": 180, "b": 80, "c": 70, "d": 170, "e": 200, "f": 10, "g": 130, "h": 100}
PAIR = {"a": 100, "b": 100}
# baseline, production, JS bits, PSI add-one, p of goodness of fit, p of homogeneity
CATEGORIES = [
    (EIGHT, {**EIGHT, "b": 110, "c": 90, "g": 110}, 0.02520, 0.00345, 0.8994, 0.9851),
    (EIGHT, {**EIGHT, "h": 1}, 0.24600, 0.47918, 2.97e-18, 8.06e-17),
    (EIGHT, MIXED, 0.25732, 0.40875, 7.1e-50, 6.3e-29),
    (EIGHT, {"i": 1, "j": 1, "k": 2}, 1.0, 2.53815, 0, 2.8e-166),
    (PAIR, {"a": 92, "b": 23}, 0.27038, 0.39942, 1.24e-10, 2.83e-07),
    (PAIR, {"c": 100, "d": 100}, 1.0, 9.04926, 0, 2.2e-86),
]


def drawn(mean, spread, rows):
    np.random.seed(0)
    return np.random.normal(mean, spread, rows)


def aligned(reference, window):
    names = sorted({*reference, *window})
    first, second = ([side.get(name, 0) for name in names] for side in (reference, window))
    return np.array(first), np.array(second)


@pytest.mark.parametrize(("baseline", "production", "cells", "psi", "deciles", "js", "nw", "ks"),
                         NUMBERS)  # fmt: skip
def test_distances_of_numbers_equal_the_published_values(
    baseline, production, cells, psi, deciles, js, nw, ks
):
    reference, window = drawn(*baseline), drawn(*production)
    assert len(conventions.azureml_cells(reference, window)[0]) == cells
    floored = distances.psi_floored(*conventions.decile_cells(reference, window))
    found = (
        conventions.azureml_psi(reference, window),
        floored,
        conventions.azureml_jensen_shannon(reference, window),
        conventions.normed_wasserstein(reference, window),
        conventions.kolmogorov_smirnov(reference, window).statistic,
    )
    assert found == pytest.approx((psi, deciles, js, nw, ks), abs=5e-6)


def test_the_p_of_kolmogorov_and_smirnov_is_the_published_one():
    found = conventions.kolmogorov_smirnov(drawn(50, 15, 9_000), drawn(51, 15, 9_000))
    assert found.p == pytest.approx(1.99e-4, rel=0.005)


@pytest.mark.parametrize(("baseline", "production", "js", "psi", "fit", "same"), CATEGORIES)
def test_distances_of_categories_equal_the_published_values(
    baseline, production, js, psi, fit, same
):
    reference, window = aligned(baseline, production)
    assert distances.jensen_shannon(reference, window) == pytest.approx(js, abs=5e-6)
    assert distances.psi(reference, window, smoothing=1) == pytest.approx(psi, abs=5e-6)
    assert distances.goodness_of_fit(reference, window).p == pytest.approx(fit, rel=0.01)
    assert distances.homogeneity(reference, window).p == pytest.approx(same, rel=0.02)


def test_the_values_of_evidently_are_met():
    reference = np.array([16, 18, 16, 14, 12, 12])
    window = np.array([16, 16, 16, 16, 16, 8])
    assert distances.goodness_of_fit(reference, window).p == pytest.approx(0.67309, abs=1e-5)
    assert distances.goodness_of_fit(2 * reference, window).p == pytest.approx(0.67309, abs=1e-5)
    assert distances.hellinger(reference, window) == pytest.approx(0.06812, abs=1e-5)


def test_evidently_gives_empty_cells_a_small_share():
    reference, window = np.repeat([1.0, 2.0], 50), np.repeat([1.0], 100)
    by_hand = 0.5 * np.log(2) + (1e-4 - 0.5) * np.log(1e-4 / 0.5)
    assert conventions.evidently_psi(reference, window) == pytest.approx(by_hand)
    rare = np.repeat([1.0, 2.0, 3.0], [99_999, 1, 0])
    shares = np.array([99_999e-5, 1e-5])
    shares = np.append(shares, 1e-11), np.array([1e-4, 1e-4, 1.0])  # a millionth of the smallest
    by_hand = np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0]))
    assert conventions.evidently_psi(rare, np.array([3.0])) == pytest.approx(by_hand)


def test_evidently_cuts_both_samples_together_and_measures_in_nats():
    reference, window = drawn(50, 15, 1_000), drawn(60, 15, 500)
    edges = np.histogram_bin_edges(np.concatenate([reference, window]), bins="sturges")
    first, second = conventions.evidently_cells(reference, window)
    assert first.tolist() == np.histogram(reference, edges)[0].tolist()
    assert (first.sum(), second.sum()) == (1_000, 500)
    nats = conventions.evidently_jensen_shannon(reference, window)
    assert nats == pytest.approx(spatial.distance.jensenshannon(first, second))


def seeded(*draws):
    np.random.seed(1)
    return [getattr(np.random, kind)(*arguments) for kind, *arguments in draws]


def test_the_values_of_nannyml_are_met():
    normal = seeded(("normal", 0, 1, 10_000), ("normal", 1, 1, 1_000))
    assert round(conventions.wasserstein(*normal), 2) == 1.01
    wide = seeded(("normal", 0, 1, 15_000), ("normal", 0, 10, 1_000_000))
    assert round(conventions.wasserstein(*wide), 3) == 7.180
    near = seeded(("normal", 0, 1, 10_000), ("normal", 0, 1, 1_000))
    assert round(conventions.nannyml_jensen_shannon(*near), 2) == 0.05
    steps = [("choice", np.linspace(0, 2, 6), 10_000), ("choice", np.linspace(0, 2, 3), 1_000)]
    assert round(conventions.nannyml_jensen_shannon(*seeded(*steps)), 2) == 0.73
    letters = seeded(("choice", list("abcd"), 10_000), ("choice", list("abce"), 1_000))
    first, second = (dict(zip(*np.unique(side, return_counts=True))) for side in letters)  # noqa: B905
    assert round(distances.jensen_shannon(*aligned(first, second)), 2) == 0.5
    reference = {"a": 2, "b": 2, "c": 2}
    assert round(distances.l_infinity(*aligned(reference, {**reference, "d": 1})), 2) == 0.14
    assert distances.l_infinity(*aligned(reference, reference)) == 0
    assert round(distances.l_infinity(*aligned(reference, {"b": 5})), 2) == 0.67


def test_a_number_named_jensen_shannon_means_three_things():
    reference, window = np.array([60, 40]), np.array([40, 60])
    bits = distances.jensen_shannon(reference, window)
    nats = distances.jensen_shannon(reference, window, JensenShannon.DISTANCE_NATS)
    assert nats / bits == pytest.approx(0.8326, abs=1e-4)
    divergence = distances.jensen_shannon(reference, window, JensenShannon.DIVERGENCE_BITS)
    assert divergence == pytest.approx(bits**2)


@pytest.mark.parametrize("shift", [0.1, 0.5, 1.0])
def test_a_shifted_normal_comes_near_its_known_limits(shift):
    edges = np.linspace(-12, 12, 20_001)
    reference, window = (np.diff(stats.norm.cdf(edges, mean)) * 1e9 for mean in (0, shift))
    fine = slice(None, None, 100)
    coarse = [np.add.reduceat(side, np.arange(len(side))[fine]) for side in (reference, window)]
    assert distances.psi(*coarse) == pytest.approx(shift**2, rel=0.01)
    assert distances.wasserstein(reference, window, edges) == pytest.approx(shift, rel=1e-6)
    limit = 2 * stats.norm.cdf(shift / 2) - 1
    assert distances.kolmogorov_smirnov(reference, window) == pytest.approx(limit, rel=1e-5)


def test_one_outlier_hides_drift_from_equal_widths_but_not_from_deciles():
    draw = np.random.default_rng(0)
    reference, window = draw.normal(0, 1, 10_000), draw.normal(0.5, 1, 10_000)
    spoiled = np.append(window, 1e4)
    assert conventions.azureml_psi(reference, window) > 0.2
    assert conventions.azureml_psi(reference, spoiled) < 0.001
    kept, had = (
        distances.psi(*conventions.decile_cells(reference, side)) for side in (spoiled, window)
    )
    assert kept == pytest.approx(had, rel=0.01)


counted = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=12)
filled = counted.filter(lambda rows: min(sum(side) for side in zip(*rows, strict=True)) > 0)
SYMMETRIC = [
    distances.psi, distances.jensen_shannon, distances.hellinger, distances.l_infinity,
    distances.total_variation, distances.kolmogorov_smirnov,
]  # fmt: skip


@given(filled)
def test_distances_are_zero_for_the_same_symmetric_and_bounded(rows):
    reference, window = (np.array(side) for side in zip(*rows, strict=True))
    for distance in SYMMETRIC:
        assert distance(reference, reference) == pytest.approx(0, abs=1e-7)
        assert distance(reference, window) == pytest.approx(distance(window, reference), abs=1e-9)
        assert distance(reference, window) >= 0
        if distance is not distances.psi:
            assert distance(reference, window) <= 1 + 1e-9


@given(filled, st.floats(0, 1), st.floats(0, 1))
def test_distances_grow_on_the_way_from_one_sample_to_the_other(rows, one, other):
    reference, window = (np.array(side, dtype=float) for side in zip(*rows, strict=True))
    near, far = sorted((one, other))
    start, goal = distances.shares(reference), distances.shares(window)
    near_cells, far_cells = ((start + way * (goal - start)) * 1000 for way in (near, far))
    for distance in SYMMETRIC:  # near 0 they are roots of differences: 1e-16 becomes 1e-8
        assert distance(start * 1000, near_cells) <= distance(start * 1000, far_cells) + 1e-7
    edges = np.arange(len(rows) + 1.0)
    ways = [distances.wasserstein(start, cells, edges) for cells in (near_cells, far_cells)]
    assert ways[0] <= ways[1] + 1e-9


@given(filled)
def test_homogeneity_equals_that_of_scipy(rows):
    table = np.array(rows).T
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        assert distances.homogeneity(*table).p == 1
        return
    theirs = stats.chi2_contingency(table)
    found = distances.homogeneity(*table)
    assert (found.statistic, found.p) == pytest.approx((theirs.statistic, theirs.pvalue))


@given(st.lists(st.floats(-1e3, 1e3), min_size=2), st.lists(st.floats(-1e3, 1e3), min_size=2))
def test_raw_distances_equal_those_of_scipy(one, other):
    reference, window = np.array(one), np.array(other)
    theirs = stats.wasserstein_distance(reference, window)
    assert conventions.wasserstein(reference, window) == pytest.approx(theirs, abs=1e-6)
    found = conventions.kolmogorov_smirnov(reference, window)
    assert found.statistic == pytest.approx(
        stats.ks_2samp(reference, window, method="asymp").statistic
    )


def test_goodness_of_fit_is_no_test_of_two_samples():
    draw = np.random.default_rng(7)
    samples = draw.multinomial(1_000, [0.1] * 10, size=(1_000, 2))
    fit = np.mean([distances.goodness_of_fit(*pair).p < 0.05 for pair in samples])
    same = np.mean([distances.homogeneity(*pair).p < 0.05 for pair in samples])
    assert fit > 0.2  # 26.7 % is known
    assert same < 0.07


def test_no_rows_have_no_shares():
    with pytest.raises(ValueError, match="no rows in any cell"):
        distances.psi_floored(np.zeros(3), np.ones(3))
    with pytest.raises(ValueError, match="3 cells have 4 edges, got 3"):
        distances.wasserstein(np.ones(3), np.ones(3), np.arange(3.0))
