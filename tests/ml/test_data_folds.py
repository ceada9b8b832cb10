"""Folds walk forward: nothing is tested on what its training has seen or could not know."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.data.folds import Fold, folds, guard
from ml.errors import TaskError

MONTHS = [f"2013-{month:02d}" for month in range(1, 10)]


def test_the_folds_of_the_training_months_walk_to_their_end():
    assert folds(MONTHS[:5], 3) == (
        Fold(("2013-01", "2013-02"), ("2013-03",)),
        Fold(("2013-01", "2013-02", "2013-03"), ("2013-04",)),
        Fold(("2013-01", "2013-02", "2013-03", "2013-04"), ("2013-05",)),
    )


def test_a_gap_keeps_out_periods_whose_labels_are_not_known_and_a_window_keeps_the_latest():
    assert folds(MONTHS, 2, ahead=2, gap=1, window=2) == (
        Fold(("2013-03", "2013-04"), ("2013-06", "2013-07")),
        Fold(("2013-05", "2013-06"), ("2013-08", "2013-09")),
    )


def test_the_order_and_number_of_rows_do_not_matter():
    assert folds(reversed(MONTHS * 3), 2) == folds(MONTHS, 2)


@pytest.mark.parametrize(
    ("periods", "settings", "words"),
    [
        (MONTHS[:2], {"count": 2}, r"need 3 periods; there are 2 \(2013-01, 2013-02\)"),
        ([], {"count": 1}, r"there are 0 \(none\)"),
        (MONTHS, {"count": 0}, "count is 0; give 1 or more"),
        (MONTHS, {"count": 1, "ahead": 0}, "ahead is 0"),
        (MONTHS, {"count": 1, "gap": -1}, "gap is -1; give 0 or more"),
        (MONTHS, {"count": 1, "window": 0}, "window is 0"),
        (MONTHS, {"count": 3, "window": 7}, "need 10 periods; there are 9"),
    ],
)
def test_folds_that_cannot_be_made_say_what_is_wanted(periods, settings, words):
    with pytest.raises(TaskError, match=words):
        folds(periods, **settings)


@pytest.mark.parametrize(
    ("fold", "words"),
    [
        (Fold(("2013-01", "2013-03"), ("2013-02",)), "fold 1: it trains on 2013-03"),
        (Fold(("2013-02",), ("2013-02",)), "not before 2013-02"),
        (Fold((), ("2013-02",)), "nothing to train on"),
        (Fold(("2013-02",), ()), "nothing to test on"),
    ],
)
def test_folds_that_look_ahead_are_refused_however_they_were_made(fold, words):
    with pytest.raises(TaskError, match=words):
        guard([fold])


@given(
    periods=st.sets(st.from_regex(r"20[0-9]{2}-(0[1-9]|1[0-2])", fullmatch=True), max_size=30),
    count=st.integers(1, 4),
    ahead=st.integers(1, 3),
    gap=st.integers(0, 2),
    window=st.none() | st.integers(1, 5),
)
def test_every_fold_is_in_order_and_tests_are_apart(periods, count, ahead, gap, window):
    try:
        made = folds(periods, count, ahead=ahead, gap=gap, window=window)
    except TaskError:
        assert len(periods) < count * ahead + gap + (window or 1)
        return
    ordered = sorted(periods)
    assert [period for fold in made for period in fold.test] == ordered[-count * ahead :]
    for fold in made:
        first = ordered.index(fold.test[0])
        last = ordered.index(fold.train[-1])
        assert first - last == gap + 1
        assert window is None or len(fold.train) == window
