"""What must hold of the sequential tests whatever the data: error rates, order, limits."""

from itertools import pairwise
from math import exp, inf, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.release.sequential import bernstein, quantiles, rates, ratio
from ml.release.sequential.bernstein import Bernstein
from ml.release.sequential.normal import GammaExponential, OneSided, TwoSided, rho_of_effects
from ml.release.sequential.roots import crossing
from ml.release.sequential.student import StudentMixture

RUNS, LOOKS = 2000, 100
SUMS = st.floats(-200, 200)
TIMES = st.floats(1, 1000)
FEW = settings(max_examples=50, deadline=None)


class TestFalseAlarms:
    """2,000 runs in which nothing differs, each looked at 100 times."""

    @pytest.fixture(scope="class")
    def rows(self):
        """Sums after each look at 100 rows each, and their intrinsic time."""
        random = np.random.default_rng(20130101)
        sums = random.normal(0, 10, size=(RUNS, LOOKS)).cumsum(axis=1)
        return sums, 100 * np.arange(1, LOOKS + 1)

    def test_a_z_test_looked_at_again_and_again_is_wrong_in_a_third_of_runs(self, rows):
        sums, times = rows
        z = np.abs(sums / np.sqrt(times))
        assert (z[:, -1] > 1.96).mean() == pytest.approx(0.05, abs=0.015)
        assert (z > 1.96).any(axis=1).mean() > 0.3

    def test_the_normal_mixture_keeps_its_rate(self, rows):
        sums, times = rows
        two_sided, one_sided = (kind.sharpest_at(5000) for kind in (TwoSided, OneSided))
        bounds = np.array([two_sided.bound(float(v)) for v in times])
        above = np.array([one_sided.bound(float(v)) for v in times])
        assert 0 < (np.abs(sums) > bounds).any(axis=1).mean() <= 0.05
        assert 0 < (sums > above).any(axis=1).mean() <= 0.05

    def test_rates_keep_their_rate(self):
        random = np.random.default_rng(1)
        counts = random.binomial(100, 0.02, size=(400, LOOKS)).cumsum(axis=1)
        wrong = 0
        for run in counts:
            wrong += any(
                rates.p_value_above(int(found), 100 * look, 0.02, 2000) <= 0.05
                for look, found in enumerate(run, 1)
            )
        assert wrong / len(counts) <= 0.05

    def test_a_rise_is_not_seen_where_there_is_none(self):
        random = np.random.default_rng(2)
        wrong = 0
        for _ in range(40):
            champion, challenger = random.binomial([[900], [100]], 0.02, size=(2, 20)).cumsum(1)
            wrong += any(
                rates.p_value_of_rise(
                    (int(champion[look]), 900 * (look + 1)),
                    (int(challenger[look]), 100 * (look + 1)),
                    0.0,
                    2000,
                )
                <= 0.05
                for look in range(20)
            )
        assert wrong / 40 <= 0.05

    def test_the_ratio_keeps_its_rate(self):
        random = np.random.default_rng(3)
        counts = random.binomial(100, 0.1, size=(RUNS, LOOKS)).cumsum(axis=1)
        wrong = sum(
            any(
                ratio.log_odds((100 * look - int(found), int(found)), (0.9, 0.1)) >= log(20)
                for look, found in enumerate(run, 1)
            )
            for run in counts[:500]
        )
        assert wrong / 500 <= 0.05

    def test_the_bounds_of_bounded_losses_hold_the_mean(self):
        random = np.random.default_rng(4)
        missed = 0
        for losses in random.beta(0.5, 2, size=(200, 200)):
            bounds = bernstein.sequence(losses.tolist())
            missed += any(not low <= 0.2 <= high for low, high in bounds)
        assert missed / 200 <= 0.05


class TestNormalMixtures:
    @FEW
    @given(s=SUMS, v=TIMES)
    def test_evidence_is_the_same_on_both_sides(self, s, v):
        mixture = TwoSided.sharpest_at(100)
        assert mixture.log_evidence(s, v) == mixture.log_evidence(-s, v)

    @FEW
    @given(low=SUMS, more=st.floats(0, 50), v=TIMES, c=st.floats(0.1, 5))
    def test_one_sided_evidence_grows_with_the_sum(self, low, more, v, c):
        for mixture in (OneSided.sharpest_at(100), GammaExponential.sharpest_at(100, c)):
            before, after = (mixture.log_evidence(s, v) for s in (low, low + more))
            assert before <= after + 1e-6 * abs(after)

    @FEW
    @given(v=TIMES, alpha=st.floats(1e-6, 0.4))
    def test_a_bound_is_where_the_evidence_is_one_over_alpha(self, v, alpha):
        for mixture in (TwoSided(10), OneSided(10), GammaExponential(10, 1)):
            bound = mixture.bound(v, alpha)
            assert mixture.log_evidence(bound, v) == pytest.approx(-log(alpha), rel=1e-6)

    def test_heavier_tails_need_a_higher_bound(self):
        light, heavy = (GammaExponential.sharpest_at(100, c) for c in (0.01, 2))
        assert OneSided.sharpest_at(100).bound(100) == pytest.approx(light.bound(100), rel=0.01)
        assert heavy.bound(100) > light.bound(100)

    def test_evidence_far_below_zero_is_a_number(self):
        assert -inf < GammaExponential.sharpest_at(100, 2).log_evidence(-1e6, 100) < 0

    def test_p_values_are_at_most_one(self):
        assert TwoSided(10).p_value(0, 100) == OneSided(10).p_value(-50, 100) == 1.0
        assert TwoSided(10).p_value(40, 100) < 0.05

    def test_rho_follows_from_how_large_effects_are(self):
        assert rho_of_effects(2.0, 0.5) == 8.0

    @pytest.mark.parametrize(("v_opt", "alpha"), [(0, 0.05), (10, 0), (10, 1)])
    def test_a_senseless_optimum_is_refused(self, v_opt, alpha):
        with pytest.raises(ValueError, match="give v_opt > 0"):
            TwoSided.sharpest_at(v_opt, alpha)


class TestStudentMixture:
    def test_it_becomes_the_normal_mixture_with_many_observations(self):
        n, sigma = 1_000_000, 3.0
        s = 2.5 * sigma * sqrt(n)
        student = StudentMixture(phi=1000).log_evidence(n, s, n * sigma**2 + s * s / n)
        assert student == pytest.approx(
            TwoSided(1000 * sigma**2).log_evidence(s, n * sigma**2), 1e-4
        )

    @FEW
    @given(
        x=st.lists(st.floats(-100, 100).map(lambda y: round(y, 3)), min_size=2, max_size=40),
        unit=st.floats(0.01, 100),
    )
    def test_it_does_not_depend_on_the_unit_and_both_sides_share_the_evidence(self, x, unit):
        mixture = StudentMixture.sharpest_at(28, one_sided=True)
        n, s, q = len(x), sum(x), sum(y * y for y in x)
        whole = mixture.log_evidence(n, s, q)
        assert mixture.log_evidence(n, s * unit, q * unit**2) == pytest.approx(whole, abs=1e-6)
        up, down = (mixture.log_evidence_above(n, side * s, q) for side in (1, -1))
        if up or down:
            assert (exp(up) + exp(down)) / 2 == pytest.approx(exp(whole), rel=1e-6)

    @pytest.mark.parametrize(("n", "s", "q"), [(0, 0, 0), (1, 5, 25), (10, 50, 250), (10, 0, 0)])
    def test_without_a_spread_there_is_no_evidence(self, n, s, q):
        mixture = StudentMixture(3)
        assert mixture.log_evidence(n, s, q) == mixture.log_evidence_above(n, s, q) == 0

    def test_a_sum_far_below_is_no_evidence_of_above(self):
        assert StudentMixture(3).log_evidence_above(200, -2e4, 2e6 + 1) < log(0.05)


class TestRates:
    @FEW
    @given(data=st.data(), trials=st.integers(1, 3000), t_opt=st.floats(1, 1e5))
    def test_the_interval_holds_the_observed_rate(self, data, trials, t_opt):
        successes = data.draw(st.integers(0, trials))
        low, high = rates.interval(successes, trials, t_opt)
        assert 0 <= low <= successes / trials <= high <= 1
        assert low < high

    def test_evidence_too_small_for_a_float_is_still_a_number(self):
        found = rates.log_evidence_above(0, 100_000, 0.5, 1000)
        assert -20 < found < 0

    def test_no_trials_say_nothing(self):
        assert rates.interval(0, 0, 100) == (0.0, 1.0)
        assert rates.p_value_above(0, 0, 0.1, 100) == 1.0
        assert rates.p_value_of_rise((0, 0), (5, 10), 0.0, 100) == 1.0

    def test_many_errors_are_above_and_few_are_not(self):
        assert rates.p_value_above(60, 1000, 0.02, 1000) < 1e-6
        assert rates.p_value_above(20, 1000, 0.02, 1000) == 1.0
        assert rates.p_value_above(10, 10, 1.0, 1000) == 1.0

    def test_a_rise_needs_evidence_of_both_groups(self):
        worse = rates.p_value_of_rise((90, 9000), (60, 1000), 0.005, 1000)
        assert worse < 1e-4
        assert worse < rates.p_value_of_rise((1, 100), (60, 1000), 0.005, 1000)
        assert worse < rates.p_value_of_rise((90, 9000), (60, 1000), 0.03, 1000)
        assert rates.p_value_of_rise((90, 9000), (15, 1000), 0.005, 1000) == 1.0

    @pytest.mark.parametrize("counts", [(-1, 5), (6, 5)])
    def test_impossible_counts_are_refused(self, counts):
        with pytest.raises(ValueError, match="of 5: there are no fewer than 0"):
            rates.interval(*counts, 100)
        with pytest.raises(ValueError, match="of 5"):
            rates.p_value_of_rise((1, 5), counts, 0, 100)

    def test_a_negative_rise_is_refused(self):
        with pytest.raises(ValueError, match="give 0 or more"):
            rates.p_value_of_rise((1, 5), (1, 5), -0.1, 100)


class TestQuantiles:
    def test_ties_speak_for_the_same_quantile(self):
        assert quantiles.p_value([5.0] * 500, [5.0] * 300, 0.95) == 1.0

    def test_no_values_say_nothing(self):
        assert quantiles.p_value([], [1.0], 0.5) == 1.0

    def test_the_side_is_told(self):
        assert quantiles.is_above([1, 2, 3], [2, 3, 4], 0.5)
        assert not quantiles.is_above([2, 3, 4], [1, 2, 3], 0.5)

    @pytest.mark.parametrize(("values", "quantile"), [([1.0], 1.0), ([float("nan")], 0.5)])
    def test_what_has_no_quantile_is_refused(self, values, quantile):
        with pytest.raises(ValueError, match="finite values"):
            quantiles.p_value(values, [1.0], quantile)


class TestRatio:
    @pytest.mark.parametrize(
        ("counts", "shares"),
        [((1,), (1.0,)), ((1, 2), (0.5, 0.6)), ((-1, 2), (0.5, 0.5)), ((1, 2), (1.0, 0.0))],
    )
    def test_senseless_shares_are_refused(self, counts, shares):
        with pytest.raises(ValueError, match="counts"):
            ratio.log_odds(counts, shares)


class TestBernstein:
    def test_bounds_grow_narrow_and_know_the_range(self):
        found = Bernstein(low=-1, high=3)
        assert found.interval == (-1, 3)
        widths = []
        for value in [0.9, 1.1] * 100:
            found = found.add(value)
            low, high = found.interval
            assert low <= 1 <= high
            widths.append(high - low)
        assert widths[-1] < 0.5
        assert all(later <= earlier for earlier, later in pairwise(widths[20:]))

    def test_what_is_out_of_range_is_refused(self):
        with pytest.raises(ValueError, match="outside of"):
            Bernstein().add(1.2)
        with pytest.raises(ValueError, match="low is below high"):
            Bernstein(low=1, high=0)


def test_a_curve_that_never_crosses_has_no_crossing():
    assert crossing(lambda _: -1.0, 0.0, 1.0) is None
    assert crossing(lambda x: x, -1e-3, 1.0) == pytest.approx(0, abs=1e-9)
    assert crossing(lambda _: -1.0, 0.0, 1e300) is None
