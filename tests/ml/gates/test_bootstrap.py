"""The block bootstrap: exact values, honest intervals, and no dependence on the order of rows."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from ml import metrics
from ml.errors import TaskError
from ml.gates import areas
from ml.gates.blocks import Blocks, by_day, by_name, by_row
from ml.gates.bootstrap import Resampler


@st.composite
def scored(draw):
    """Rows of both classes in a few blocks, with ties among their scores."""
    rows = draw(st.integers(4, 60))
    label = draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows))
    label[0], label[1] = 0, 1
    score = draw(st.lists(st.integers(0, 12), min_size=rows, max_size=rows))
    block = draw(st.lists(st.integers(0, 5), min_size=rows, max_size=rows))
    return np.asarray(label), np.asarray(score) / 12, np.asarray(block)


def repeated(weight, block, *columns):
    """Rows as a resample has them: each as often as its block was drawn."""
    times = weight.astype(int)[block]
    return [np.repeat(column, times) for column in columns]


@given(scored())
@settings(max_examples=60, deadline=None)
def test_auc_equals_scikit_learns_for_all_rows_and_for_every_resample(rows):
    label, score, block = rows
    blocks = by_name(block)
    resampler = Resampler(blocks, resamples=6, seed=3)
    sampled = resampler.auc(label, score)
    assert sampled.value == pytest.approx(roc_auc_score(label, score), abs=1e-12)
    weights = np.concatenate(list(resampler.weights()))
    for weight, found in zip(weights, sampled.draws, strict=True):
        truth, scores = repeated(weight, blocks.of_row, label, score)
        if 0 < truth.sum() < len(truth):
            assert found == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
        else:
            assert np.isnan(found)


@given(scored())
@settings(max_examples=40, deadline=None)
def test_both_ways_to_compute_auc_agree(rows):
    label, score, block = rows
    weights = np.random.default_rng(0).integers(0, 4, (10, 6)).astype(float)
    blocks = by_name(np.r_[block, np.arange(6)])
    label, score = np.r_[label, np.zeros(6, int)], np.r_[score, np.zeros(6)]
    ranks = np.unique(score, return_inverse=True)[1]
    with np.errstate(invalid="ignore"):
        paired = areas._paired(blocks.of_row, label == 1, ranks, 6)(weights)
        ordered = areas._sorted(blocks.of_row, label == 1, ranks)(weights)
    np.testing.assert_allclose(paired, ordered, atol=1e-12)


@given(scored(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_changes_nothing(rows, random):
    label, score, block = rows
    order = list(range(len(label)))
    random.shuffle(order)
    first = Resampler(by_name(block), resamples=50)
    second = Resampler(by_name(block[order]), resamples=50)
    np.testing.assert_array_equal(
        first.auc(label, score).draws, second.auc(label[order], score[order]).draws
    )
    loss = (score - label) ** 2
    ones = np.ones(len(label))
    np.testing.assert_allclose(
        first.ratio(loss, ones).draws, second.ratio(loss[order], ones).draws, atol=1e-12
    )


@given(scored())
@settings(max_examples=40, deadline=None)
def test_a_mean_of_a_resample_is_the_mean_of_its_repeated_rows(rows):
    label, score, block = rows
    blocks = by_name(block)
    resampler = Resampler(blocks, resamples=10)
    loss = (score - label) ** 2
    found = resampler.ratio(loss, np.ones(len(loss)))
    assert found.value == pytest.approx(loss.mean())
    for weight, drawn in zip(np.concatenate(list(resampler.weights())), found.draws, strict=True):
        (every,) = repeated(weight, blocks.of_row, loss)
        if len(every):
            assert drawn == pytest.approx(every.mean())


@given(scored())
@settings(max_examples=30, deadline=None)
def test_a_slice_is_measured_by_its_rows_alone(rows):
    label, score, block = rows
    chosen = np.arange(len(label)) % 2 == 0
    resampler = Resampler(by_name(block), resamples=10)
    found = resampler.auc(label, score, chosen)
    expected = metrics.auc(label[chosen], score[chosen])
    assert expected is None or found.value == pytest.approx(expected)
    assert found.blocks == len(np.unique(block[chosen]))


def test_the_interval_holds_the_truth_as_often_as_it_says():
    """Sixty days with a common effect each: the mean is zero, 95 % of intervals must hold it."""
    random = np.random.default_rng(11)
    held = narrow = 0
    trials = 400
    for trial in range(trials):
        day = np.repeat(np.arange(60), 20)
        value = random.normal(size=60)[day] + random.normal(size=len(day))
        ones = np.ones(len(day))
        by_days = Resampler(by_name(day), resamples=400, seed=trial)
        found = by_days.interval(by_days.ratio(value, ones))
        by_rows = Resampler(by_row(len(day)), resamples=200, seed=trial)
        other = by_rows.interval(by_rows.ratio(value, ones))
        held += found.low <= 0 <= found.high
        narrow += other.low <= 0 <= other.high
    assert 0.915 <= held / trials <= 0.975
    # Why days are drawn and not rows: rows pretend to know four times as much as they do.
    assert narrow / trials < 0.6


def test_the_paired_interval_of_auc_holds_the_truth():
    """Two models that are equally good by construction: the difference of AUC is zero."""
    random = np.random.default_rng(5)
    held = 0
    trials = 200
    for trial in range(trials):
        day = np.repeat(np.arange(40), 25)
        label = (random.random(len(day)) < 0.3).astype(int)
        common = label * 0.8 + 0.5 * random.normal(size=40)[day]
        first, second = (common + random.normal(size=len(day)) for _ in range(2))
        resampler = Resampler(by_name(day), resamples=300, seed=trial)
        found = resampler.interval(resampler.auc(label, first) - resampler.auc(label, second))
        held += found.low <= 0 <= found.high
    assert 0.90 <= held / trials <= 0.985


def test_simultaneous_intervals_hold_all_slices_at_once():
    random = np.random.default_rng(8)
    together = apart = 0
    trials = 200
    for trial in range(trials):
        day = np.repeat(np.arange(50), 40)
        group = np.tile(np.arange(20), len(day) // 20)
        value = random.normal(size=len(day))
        resampler = Resampler(by_name(day), resamples=400, seed=trial)
        found = [resampler.ratio(value, np.ones(len(day)), group == name) for name in range(20)]
        together += all(each.low <= 0 <= each.high for each in resampler.simultaneous(found))
        apart += all(resampler.interval(e).low <= 0 <= resampler.interval(e).high for e in found)
    assert together / trials >= 0.9
    assert apart / trials < 0.55


def test_the_same_seed_gives_the_same_draws_and_another_does_not():
    blocks = by_name(np.arange(100) % 10)
    label, score = np.arange(100) % 3 == 0, np.linspace(0, 1, 100)
    draws = [Resampler(blocks, seed=seed).auc(label, score).draws for seed in (1, 1, 2)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).any()


def test_too_few_blocks_or_one_class_give_no_interval():
    label, score = np.arange(60) % 2, np.linspace(0, 1, 60)
    few = Resampler(by_name(np.arange(60) % 6), min_blocks=7)
    assert few.interval(few.auc(label, score)) is None
    assert few.simultaneous([few.auc(label, score)]) == [None]
    one = Resampler(by_name(np.arange(60) % 10))
    assert one.interval(one.auc(np.zeros(60, int), score)) is None
    nothing = np.zeros(60, bool)
    assert one.interval(one.auc(label, score, nothing)) is None
    assert one.interval(one.ratio(score, np.ones(60), nothing)) is None
    rare = np.zeros(60, int)
    rare[0] = 1  # one block has the only positive: a third of the resamples misses it
    assert one.interval(one.auc(rare, score)) is None


def test_days_are_those_of_the_clocks_in_the_zone():
    moments = ["2013-10-01T03:30", "2013-10-01T04:30", "2013-11-04T04:30", "2013-11-04T05:30"]
    found = by_day(np.asarray(moments, dtype="datetime64[s]"), "America/New_York")
    assert found.of_row.tolist() == [0, 1, 2, 3]  # summer time ended on 3 November
    assert by_day(np.asarray(moments, dtype="datetime64[s]")).of_row.tolist() == [0, 0, 1, 1]


def test_rows_without_a_time_and_unknown_zones_are_refused():
    moments = np.asarray(["2013-10-01", "NaT"], dtype="datetime64[s]")
    with pytest.raises(TaskError, match="1 of 2 rows have no time"):
        by_day(moments)
    with pytest.raises(TaskError, match=r"bootstrap\.zone is 'Mars/Olympus'"):
        by_day(moments[:1], "Mars/Olympus")


def test_blocks_can_be_entities():
    found = by_name(np.asarray(["b", "a", None, "a"], dtype=object))
    assert (found.count, len(found)) == (3, 4)
    assert found.of_row[1] == found.of_row[3]


def test_eighty_thousand_rows_are_resampled_two_thousand_times_in_a_second():
    random = np.random.default_rng(0)
    rows = 80_000
    score = random.random(rows)
    label = (random.random(rows) < score / 2).astype(np.int8)
    resampler = Resampler(Blocks(np.sort(random.integers(92, size=rows)), 92))
    started = time.perf_counter()
    found = resampler.interval(resampler.auc(label, score))
    assert time.perf_counter() - started < 2  # 0.2 s where nothing else runs
    assert found.low < metrics.auc(label, score) < found.high
