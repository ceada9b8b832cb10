"""The sequential tests against published numbers of other implementations."""

from math import exp, log

import numpy as np
import pytest

from ml.release.sequential import bernstein, holm, paired, quantiles, rates, ratio
from ml.release.sequential.normal import GammaExponential, OneSided, TwoSided, best_rho
from ml.release.sequential.rates import BetaBinomial
from ml.release.sequential.stitching import PolyStitching

NEAR = {"abs": 1e-5}


def test_the_best_rho_is_the_published_one():
    assert best_rho(100, 0.05) == pytest.approx(12.60056, **NEAR)


@pytest.mark.parametrize(
    ("mixture", "log_evidence", "bound"),
    [
        (TwoSided.sharpest_at(100), -0.6510052, 30.35209),
        (OneSided.sharpest_at(100), -0.06502391, 27.66071),
        (GammaExponential.sharpest_at(100, 2), -0.2490165, 33.02017),
        (BetaBinomial.sharpest_at(100, 0.2, 0.8, one_sided=False), -0.6941012, 31.4308),
        (BetaBinomial.sharpest_at(100, 0.2, 0.8, one_sided=True), -0.07134019, 28.41238),
    ],
    ids=["two-sided", "one-sided", "gamma-exponential", "beta-binomial", "one-sided rate"],
)
def test_mixtures_give_the_published_evidence_and_bound(mixture, log_evidence, bound):
    assert mixture.log_evidence(10, 100) == pytest.approx(log_evidence, **NEAR)
    assert mixture.bound(100, 0.05) == pytest.approx(bound, **NEAR)
    assert mixture.log_evidence(bound, 100) == pytest.approx(log(20), abs=1e-4)


@pytest.mark.parametrize(("c", "bound"), [(3, 64.48755), (-1, 28.99389)])
def test_the_stitched_bound_is_the_published_one(c, bound):
    assert PolyStitching(v_min=10, c=c).bound(100, 0.05) == pytest.approx(bound, **NEAR)


@pytest.mark.parametrize(
    ("successes", "trials", "t_opt", "expected"),
    [
        (700, 1000, 100, (0.651629, 0.745949)),
        (15, 50, 50, (0.129556, 0.511896)),
        (1, 50, 50, (0.0, 0.13489)),
        (100, 200, 1, (0.328923, 0.671076)),
    ],
)
def test_intervals_of_rates_are_the_published_ones(successes, trials, t_opt, expected):
    assert rates.interval(successes, trials, t_opt) == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize(
    ("quantile", "shift", "expected"),
    [(0.5, 70, 0.814704), (0.5, 85, 0.0838055), (0.5, 100, 0.0054947), (0.9, 55, 0.0340463)],
)
def test_quantiles_of_two_groups_have_the_published_p_values(quantile, shift, expected):
    first = np.arange(1, 1001)
    assert quantiles.p_value(first, first + shift, quantile) == pytest.approx(expected, **NEAR)
    assert quantiles.p_value(first + shift, first, quantile) == pytest.approx(expected, **NEAR)


@pytest.mark.parametrize(
    ("counts", "odds", "within"),
    [((8900, 1100), 19.87, 0.005), ((8800, 1200), 1.01e8, 0.005e8), ((9000, 1000), 0.0987, 5e-5)],
)
def test_the_odds_of_a_wrong_ratio_are_the_published_ones(counts, odds, within):
    assert exp(ratio.log_odds(counts, (0.9, 0.1))) == pytest.approx(odds, abs=within)


def test_mcnemars_exact_p_value_is_the_published_one():
    assert paired.mcnemar(10, 25) == pytest.approx(0.01667, abs=5e-6)
    assert paired.mcnemar(25, 10) == paired.mcnemar(10, 25)
    assert paired.mcnemar(7, 7) == paired.mcnemar(0, 0) == 1.0


def test_holm_steps_down_and_keeps_the_order_of_names():
    p_values = {"errors": 0.01, "latency": 0.04, "memory": 0.03, "disk": 0.005}
    assert holm.adjusted(p_values) == pytest.approx(
        {"errors": 0.03, "latency": 0.06, "memory": 0.06, "disk": 0.02}
    )
    assert holm.rejected(p_values, 0.05) == ("errors", "disk")
    assert holm.rejected({}, 0.05) == ()


def test_the_bounds_of_a_mean_follow_the_formula_written_out_by_hand():
    """The sums of the paper's formula over a whole array, where ours goes step by step."""
    x = np.random.default_rng(3).beta(2, 5, size=300)
    t = np.arange(1, len(x) + 1)
    mean = (0.5 + np.cumsum(x)) / (t + 1)
    before = np.append(0.5, mean[:-1])
    variance = np.append(0.25, (0.25 + np.cumsum((x - mean) ** 2)) / (t + 1))[:-1]
    bet = np.minimum(0.5, np.sqrt(2 * np.log(2 / 0.05) / (variance * t * np.log(1 + t))))
    centre = np.cumsum(bet * x) / np.cumsum(bet)
    spent = np.cumsum((x - before) ** 2 * (-np.log(1 - bet) - bet))
    half = (np.log(2 / 0.05) + spent) / np.cumsum(bet)
    bounds = np.array(bernstein.sequence(x.tolist()))
    assert bounds[:, 0] == pytest.approx(np.maximum(centre - half, 0))
    assert bounds[:, 1] == pytest.approx(np.minimum(centre + half, 1))
    assert bounds[-1, 0] < 2 / 7 < bounds[-1, 1]
    assert bounds[-1, 1] - bounds[-1, 0] < 0.2
