"""Comparing two models on sums of days: error rates, power, the week, labels that are late."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.gates.outcome import Outcome
from ml.release import blocks
from ml.release.blocks import Block
from ml.release.evidence import Labelled, LiveDay, PairedDay
from ml.release.levels import Levels
from ml.release.losses import LossName, losses
from ml.release.quality import compare

RUNS, LOOKS = 2000, 100
FIRST = date(2013, 7, 1)
LEVELS = Levels(promote=0.05, refuse=0.01, expected_days=28, min_days=7)
BRIER = LossName.BRIER


def _days(gains, rows=1000.0) -> list[Block]:
    sizes = np.broadcast_to(rows, np.shape(gains))
    return [
        Block(FIRST + timedelta(days=n), float(size), float(gain))
        for n, (gain, size) in enumerate(zip(gains, sizes, strict=True))
    ]


def _first_verdict(gains, levels=LEVELS, margin=0.0) -> Outcome:
    """Look after each day and keep to the first answer, as a release does."""
    days = _days(gains)
    for count in range(levels.min_days, len(days) + 1):
        found = compare("brier", days[:count], margin, levels).outcome
        if found is not Outcome.INCONCLUSIVE:
            return found
    return Outcome.INCONCLUSIVE


class TestFalseVerdicts:
    """Two models that are equally good, on 106 days: 100 looks from the seventh day on."""

    def _verdicts(self, gains: np.ndarray) -> tuple[float, float]:
        """Return the shares of runs promoted and refused at any look."""
        levels = LEVELS
        wrong = {Outcome.PASS: 0, Outcome.FAIL: 0, Outcome.INCONCLUSIVE: 0}
        for run in gains:
            wrong[_fast(run, levels)] += 1
        return wrong[Outcome.PASS] / len(gains), wrong[Outcome.FAIL] / len(gains)

    @pytest.mark.parametrize("shape", ["normal", "heavy"])
    def test_wrong_verdicts_are_rarer_than_stated(self, shape):
        """Models that are truly alike have gains that are symmetric, whatever their tails."""
        random = np.random.default_rng(20130701)
        size = (RUNS, LOOKS + 6)
        gains = {"normal": random.normal(0, 20, size), "heavy": random.standard_t(4, size)}[shape]
        promoted, refused = self._verdicts(gains)
        assert 0 < promoted <= LEVELS.promote
        assert refused <= LEVELS.refuse
        assert promoted + refused <= 0.05

    def test_days_that_are_skewed_stay_within_the_whole_rate(self):
        """Skewed sums err more to one side; a skewness of one half costs what the rates leave."""
        random = np.random.default_rng(20130701)
        promoted, refused = self._verdicts(random.gamma(16, size=(RUNS, LOOKS + 6)) - 16)
        assert promoted + refused <= 0.05

    def test_the_textbook_test_with_an_estimated_variance_is_wrong_more_often(self):
        """Why the day sums are not simply put into the normal mixture."""
        from ml.release.sequential.normal import best_rho  # noqa: PLC0415  for this contrast only

        random = np.random.default_rng(20130701)
        sums = random.normal(size=(RUNS, LOOKS + 6))
        n = np.arange(1, LOOKS + 7)
        total = sums.cumsum(axis=1)
        spread = ((sums**2).cumsum(axis=1) - total**2 / n)[:, 6:]
        rho = best_rho(28) * spread / n[6:]
        evidence = 0.5 * np.log(rho / (spread + rho)) + total[:, 6:] ** 2 / (2 * (spread + rho))
        assert (evidence > np.log(20)).any(axis=1).mean() > 0.06

    def test_the_fast_way_of_these_tests_is_the_real_one(self):
        random = np.random.default_rng(5)
        for shift in (-0.8, -0.3, 0.0, 0.4, 0.9):
            run = random.normal(shift, 1, 40)
            assert _fast(run, LEVELS) is _first_verdict(run)


def _fast(gains: np.ndarray, levels: Levels) -> Outcome:
    """Give the same answer without bounds and words, which take most of the time."""
    from ml.release.sequential.student import StudentMixture  # noqa: PLC0415  see above

    up, down = (
        StudentMixture.sharpest_at(levels.expected_days, rate, one_sided=True)
        for rate in (levels.promote, levels.refuse)
    )
    totals, squares = gains.cumsum(), (gains**2).cumsum()
    for n in range(levels.min_days, len(gains) + 1):
        s, q = float(totals[n - 1]), float(squares[n - 1])
        if s > 0 and up.log_evidence_above(n, s, q) >= -np.log(levels.promote):
            return Outcome.PASS
        if s < 0 and down.log_evidence_above(n, -s, q) >= -np.log(levels.refuse):
            return Outcome.FAIL
    return Outcome.INCONCLUSIVE


class TestVerdicts:
    def test_a_better_challenger_passes_and_a_worse_one_fails(self):
        noise = np.random.default_rng(1).normal(0, 10, 60)
        assert _first_verdict(noise + 8) is Outcome.PASS
        assert _first_verdict(noise - 8) is Outcome.FAIL
        assert _first_verdict(noise) is Outcome.INCONCLUSIVE

    def test_within_the_margin_is_good_enough(self):
        noise = np.random.default_rng(2).normal(0, 10, 60)
        assert _first_verdict(noise - 1, margin=0.02) is Outcome.PASS
        assert _first_verdict(noise - 40, margin=0.02) is Outcome.FAIL

    def test_identical_models_stay_undecided(self):
        assert compare("brier", _days(np.zeros(30)), 0.0, LEVELS).outcome is Outcome.INCONCLUSIVE

    def test_less_than_a_week_says_nothing_however_clear_it_looks(self):
        found = compare("brier", _days([100 + n for n in range(6)]), 0.0, LEVELS)
        assert found.outcome is Outcome.INCONCLUSIVE
        assert "7 whole days" in found.reason
        assert found.gain is None

    def test_every_day_of_the_week_must_be_there(self):
        workdays = [
            block for block in _days([100 + n % 3 for n in range(28)]) if block.day.weekday() < 5
        ]
        found = compare("brier", workdays, 0.0, LEVELS)
        assert (found.days, found.outcome) == (20, Outcome.INCONCLUSIVE)

    def test_no_days_say_nothing(self):
        assert compare("brier", [], 0.0, LEVELS).outcome is Outcome.INCONCLUSIVE

    def test_numbers_and_reason_are_recorded(self):
        found = compare("brier", _days(np.random.default_rng(3).normal(9, 10, 28)), 0.0, LEVELS)
        numbers = found.numbers
        assert set(numbers) == {
            f"brier.{name}"
            for name in (
                "days rows margin gain z low high p_of_no_better p_of_no_worse".split()  # noqa: SIM905  a list of names
            )
        }
        assert numbers["brier.days"] == 28
        assert numbers["brier.low"] < numbers["brier.gain"] < numbers["brier.high"]
        assert "gain +0.0" in found.reason

    @settings(max_examples=60, deadline=None)
    @given(
        gains=st.lists(st.integers(-1000, 1000), min_size=7, max_size=40),
        margin=st.sampled_from([0.0, 0.05, 0.2]),
    )
    def test_bounds_and_verdict_agree(self, gains, margin):
        found = compare("brier", _days(gains), margin, LEVELS)
        if found.low is not None:
            assert (found.outcome is Outcome.PASS) == (found.low >= -margin) or (
                abs(found.low + margin) < 1e-9
            )
        if found.high is not None and found.outcome is not Outcome.PASS:
            assert (found.outcome is Outcome.FAIL) == (found.high <= -margin) or (
                abs(found.high + margin) < 1e-9
            )

    @settings(max_examples=60, deadline=None)
    @given(gains=st.lists(st.integers(-1000, 1000), min_size=7, max_size=40))
    def test_swapping_the_models_turns_the_evidence_round(self, gains):
        even = Levels(promote=0.05, refuse=0.05, expected_days=28, min_days=7)
        there = compare("brier", _days(gains), 0.0, even)
        back = compare("brier", _days([-gain for gain in gains]), 0.0, even)
        assert there.p_of_no_better == pytest.approx(back.p_of_no_worse)
        swapped = {Outcome.PASS: Outcome.FAIL, Outcome.FAIL: Outcome.PASS}
        assert back.outcome is swapped.get(there.outcome, Outcome.INCONCLUSIVE)

    def test_days_of_very_different_size_leave_bounds_open_and_not_wrong(self):
        rows = np.array([1.0] * 27 + [100_000.0])
        found = compare("brier", _days(rows * 0.1, rows), 0.0, LEVELS)
        assert found.outcome is Outcome.INCONCLUSIVE
        assert found.low is None
        assert "open" in found.reason


class TestBlocks:
    def test_pairs_become_sums_of_days(self):
        days = np.array(["2013-07-02T10", "2013-07-01T09", "2013-07-02T23"], dtype="datetime64[h]")
        champion = {BRIER: np.array([0.5, 0.2, np.nan])}
        challenger = {BRIER: np.array([0.1, 0.3, 0.2])}
        first, second = blocks.pair(days, champion, challenger)
        assert (first.day, first.requests, first.labelled) == (date(2013, 7, 1), 1, 1)
        assert first.gains[BRIER] == pytest.approx(-0.1)
        assert (second.requests, second.labelled) == (2, 1)
        assert second.gains[BRIER] == pytest.approx(0.4)
        assert [b.day.day for b in blocks.of_pairs([second, first], BRIER, labelled=0.8)] == [1]
        assert len(blocks.of_pairs([second, first], BRIER, labelled=0.5)) == 2
        assert not blocks.of_pairs([second, first], BRIER, labelled=0.5, min_rows=2)

    def test_what_a_day_does_to_both_models_cancels(self):
        def side(requests, mean):
            return Labelled(requests=requests, labelled=requests, losses={BRIER: requests * mean})

        days = [
            LiveDay(
                day=FIRST + timedelta(days=n),
                champion=side(900, weather + 0.02),
                challenger=side(100, weather),
            )
            for n, weather in enumerate([0.1, 0.4, 0.2])
        ]
        found = blocks.of_live(days, BRIER, labelled=0.8)
        assert [block.rows for block in found] == pytest.approx([180.0] * 3)
        assert [block.gain / block.rows for block in found] == pytest.approx([0.02] * 3)

    def test_a_day_without_the_challengers_labels_does_not_count(self):
        full = Labelled(requests=100, labelled=100, losses={BRIER: 10.0})
        none = Labelled(requests=100, labelled=10, losses={BRIER: 1.0})
        assert not blocks.of_live(
            [LiveDay(day=FIRST, champion=full, challenger=none)], BRIER, labelled=0.8
        )

    @given(
        gains=st.lists(st.floats(-100, 100), min_size=1, max_size=30),
        mean=st.floats(-1, 1),
    )
    def test_sums_give_the_squares_around_any_mean(self, gains, mean):
        rows = np.arange(1, len(gains) + 1, dtype=float)
        found = blocks.sums(_days(gains, rows))
        left = np.array(gains) - mean * rows
        days, total, squares = found.around(mean)
        assert days == len(gains)
        assert total == pytest.approx(left.sum(), abs=1e-6)
        assert squares == pytest.approx((left**2).sum(), abs=1e-6)

    def test_the_clustered_z_is_that_of_the_textbook(self):
        gains, rows = np.random.default_rng(1).normal(3, 10, 30), np.full(30, 100.0)
        z = gains.mean() / gains.std(ddof=1) * np.sqrt(30)
        assert blocks.sums(_days(gains, rows)).z == pytest.approx(z)
        assert blocks.sums(_days([1.0])).z == 0.0

    def test_counts_that_cannot_be_are_refused(self):
        with pytest.raises(ValueError, match="5 labels for 3 requests"):
            PairedDay(day=FIRST, requests=3, labelled=5, gains={BRIER: 0.0})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (LossName.BRIER, [0.04, 0.64]),
        (LossName.SQUARED, [0.04, 0.64]),
        (LossName.ABSOLUTE, [0.2, 0.8]),
        (LossName.LOG, [0.2231436, 1.6094379]),
    ],
)
def test_losses_are_those_of_the_textbook(name, expected):
    assert losses(name, [1, 0], [0.8, 0.8]) == pytest.approx(expected)


def test_a_probability_of_zero_costs_much_and_not_everything():
    assert losses(LossName.LOG, [1], [0.0])[0] == pytest.approx(13.8155, abs=1e-3)
