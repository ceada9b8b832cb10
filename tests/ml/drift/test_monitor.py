"""Each kind of change is found, named with its numbers, ranked, and wakes whom the policy says."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest

from ml.drift import bins as cells
from ml.drift.findings import Findings, Level, Signal
from ml.drift.merging import merge
from ml.drift.monitor import Reference, Window, event, monitor, window_of
from ml.errors import TaskError


@pytest.fixture
def made(world):
    return world(31, numbers=3, letters=2)


@pytest.fixture
def reference(made):
    return made.reference(day_spread=0.02).model_copy(
        update={"importance": {"x0": 0.1, "x1": 0.6, "x2": 0.3}}
    )


def moved(made, name, by=2.0):
    """The shares of a column after its higher values became more frequent."""
    share = made.truth[name]
    tilted = share * np.exp(by * np.cumsum(share))
    return {name: tilted / tilted.sum()}


def finding(found, signal, subject, segment=None):
    (one,) = [
        each
        for each in found.findings
        if (each.signal, each.subject, each.segment) == (signal, subject, segment)
    ]
    return one


def changed(window, name, **parts):
    columns = window.profile.columns
    cell = replace(columns[name], **parts)
    return Window(profile=replace(window.profile, columns={**columns, name: cell}))


def test_nothing_is_found_where_nothing_changed(made, reference, policy):
    found = monitor(reference, made.window(day_spread=0.02), policy())
    assert found.alarms == ()
    assert (found.days, found.rows, found.tests) == (30, 6_000, 22)
    head = "made, 2013-03-01 to 2013-03-30: 6000 rows of 30 days, 22 tests, at most 0.1 false"
    assert found.text.splitlines() == [f"{head} alarms a month", "22 fine"]


def test_a_column_that_moved_is_noted_with_all_its_distances(made, reference, policy):
    window = made.window(day_spread=0.02, moved=moved(made, "x1"))
    found = monitor(reference, window, policy())
    assert [alarm.name for alarm in found.alarms] == ["drift of x1"]
    one = found.alarms[0]
    assert one.level is Level.NOTE
    assert one.effect == one.distances["psi"] > one.threshold >= 0.2
    assert set(one.distances) == {
        "psi", "js_distance_bits", "hellinger", "l_infinity", "chi_square_p", "ks", "ks_p",
        "wasserstein", "wasserstein_normed",
    }  # fmt: skip
    assert 0 < one.rows_effective < one.rows
    assert "NOTE drift of x1: psi" in found.text


def test_categories_have_their_own_distances(made, reference, policy):
    found = monitor(reference, made.window(moved=moved(made, "c0")), policy())
    assert "wasserstein" not in finding(found, Signal.DRIFT, "c0").distances


def test_a_score_that_moved_is_prediction_drift(made, reference, policy):
    found = monitor(reference, made.window(moved=moved(made, "score")), policy())
    assert finding(found, Signal.PREDICTION, "score").level is Level.NOTE


def test_a_column_that_became_empty_pages(made, reference, policy):
    window = made.window()
    had = window.profile.columns["x0"]
    gone = changed(window, "x0", counts=had.counts // 10, nulls=had.nulls + had.counts.sum(axis=1))
    found = monitor(reference, gone, policy())
    one = finding(found, Signal.NULLS, "x0")
    assert one.level is Level.PAGE
    assert found.findings[0].name == one.name
    assert one.window > 0.9
    assert one.reference < 0.05
    assert one.interval[0] > 0.8


def test_a_column_that_is_all_empty_cannot_be_compared_but_pages(made, reference, policy):
    window = made.window()
    had = window.profile.columns["x0"]
    rows = had.counts.sum(axis=1)
    gone = changed(window, "x0", counts=had.counts * 0, nulls=had.nulls + rows)
    found = monitor(reference, gone, policy())
    assert finding(found, Signal.NULLS, "x0").level is Level.PAGE
    assert finding(found, Signal.DRIFT, "x0").level is Level.UNKNOWN


def test_new_categories_page_and_are_named(made, reference, policy):
    window = made.window()
    counts = window.profile.columns["c1"].counts.copy()
    counts[:, -1], counts[:, 0] = counts[:, 0], 0
    found = monitor(reference, changed(window, "c1", counts=counts, unseen={"z": 1_000}), policy())
    one = finding(found, Signal.UNSEEN, "c1")
    assert one.level is Level.PAGE
    assert one.examples == {"z": 1_000}
    assert "new categories, 0.00% in the reference" in one.reason


def test_one_strange_row_is_no_news(made, reference, policy):
    window = made.window()
    counts = window.profile.columns["c1"].counts.copy()
    counts[0, -1] += 1
    eager = policy(quality={"unseen": {"by": 1e-6}})
    found = monitor(reference, changed(window, "c1", counts=counts), eager)
    assert finding(found, Signal.UNSEEN, "c1").level is Level.FINE


def test_values_far_outside_are_noted(made, reference, policy):
    window = made.window()
    counts = window.profile.columns["x2"].counts.copy()
    counts[:, -1] += 20
    found = monitor(reference, changed(window, "x2", counts=counts), policy())
    assert finding(found, Signal.OUTLIERS, "x2").level is Level.NOTE


def test_a_broken_schema_pages_at_once(made, reference, policy):
    window = made.window()
    broken = replace(window.profile, problems=("column x0 holds string, wanted a number",))
    columns = {name: each for name, each in broken.columns.items() if name != "x0"}
    found = monitor(reference, Window(profile=replace(broken, columns=columns)), policy())
    assert found.findings[0].signal is Signal.SCHEMA
    assert found.findings[0].level is Level.PAGE
    assert "PAGE schema of x0: column x0 holds string, wanted a number" in found.text


def test_a_concept_that_moved_pages_by_what_it_costs(made, reference, policy):
    found = monitor(reference, made.window(lift=1.2), policy())
    assert finding(found, Signal.PERFORMANCE, "brier").level is Level.PAGE
    assert finding(found, Signal.CONCEPT, "score").level is Level.NOTE
    assert finding(found, Signal.ESTIMATE, "brier").level is Level.FINE  # scores did not move
    assert all(each.signal is not Signal.DRIFT for each in found.alarms)


def test_without_labels_the_estimate_says_what_to_expect(made, reference, policy):
    window = made.window(moved=moved(made, "score", 3))
    blind = Window(profile=replace(window.profile, outcomes=None))
    found = monitor(reference, blind, policy())
    for signal, subject in ((Signal.PERFORMANCE, "brier"), (Signal.CONCEPT, "score")):
        one = finding(found, signal, subject)
        assert (one.level, one.reason) == (Level.UNKNOWN, "there are no labels yet")
    estimated = finding(found, Signal.ESTIMATE, "brier")
    assert estimated.level is Level.NOTE
    real = finding(monitor(reference, window, policy()), Signal.PERFORMANCE, "brier")
    assert estimated.window == pytest.approx(real.window, abs=0.01)


def test_too_few_labels_do_not_judge(made, reference, policy):
    window = made.window(lift=1.2)
    had = window.profile.outcomes
    few = replace(had, positives=had.positives // 2, negatives=had.negatives // 2)
    found = monitor(reference, Window(profile=replace(window.profile, outcomes=few)), policy())
    one = finding(found, Signal.PERFORMANCE, "auc")
    assert one.level is Level.UNKNOWN
    assert "of the rows have a label, 80% are wanted" in one.reason


@pytest.mark.parametrize(
    ("minimum", "said"),
    [
        ({"days": 30, "rows": 9_000}, "the window has 6000 rows, 9000 are wanted"),
        ({"days": 31}, "the window has 30 days, 31 are wanted"),
    ],
)
def test_too_little_data_says_nothing(made, reference, policy, minimum, said):
    found = monitor(reference, made.window(lift=2), policy(minimum=minimum, window_days=31))
    assert {each.level for each in found.findings} == {Level.UNKNOWN}
    assert {each.reason for each in found.findings} == {said}
    assert found.tests == 0


def test_drift_is_ranked_by_what_it_probably_costs(made, reference, policy):
    def with_losses(name, losses):
        cell = reference.profile.columns[name]
        return replace(cell, losses=cell.labelled * losses)

    rising = np.linspace(100_000, 300_000, reference.bins.number("x0").cells).astype(int)
    columns = {
        **reference.profile.columns,
        "x0": with_losses("x0", rising),
        "x1": with_losses("x1", rising[::-1]),
        "x2": with_losses("x2", rising),
    }
    known = reference.model_copy(update={"profile": replace(reference.profile, columns=columns)})
    shifts = {**moved(made, "x0"), **moved(made, "x1"), **moved(made, "x2")}
    found = monitor(known, made.window(moved=shifts), policy())
    ordered = [alarm.subject for alarm in found.alarms]
    assert ordered == ["x2", "x0", "x1"]  # x1 weighs most, but moves to where the model errs less
    assert [alarm.impact > 0 for alarm in found.alarms] == [True, True, False]
    assert found.alarms[0].importance == 0.3
    assert found.alarms[0].estimated_loss > 0 > found.alarms[2].estimated_loss
    strict = policy(drift={"page_at_loss": 0.005})
    paged = monitor(known, made.window(moved=shifts), strict).pages
    assert {page.subject for page in paged} == {"x0", "x2"}


def test_a_season_that_was_the_same_explains_drift(made, reference, policy):
    warm = moved(made, "x1")
    window, season = made.window(moved=warm), made.profile(moved=warm)
    assert finding(monitor(reference, window, policy()), Signal.DRIFT, "x1").level is Level.NOTE
    found = finding(monitor(reference, window, policy(), season), Signal.DRIFT, "x1")
    assert found.level is Level.FINE
    assert "against the reference and 0.0" in found.reason
    strange = made.window(moved=moved(made, "x1", -2))
    again = finding(monitor(reference, strange, policy(), season), Signal.DRIFT, "x1")
    assert again.level is Level.NOTE


def test_segments_are_judged_apart(made, reference, policy):
    def parts(**options):
        return {"c0=a": made.profile(**options), "c0=b": made.profile(), "x9=q": made.profile()}

    known = reference.model_copy(update={"segments": parts()})
    window = Window(profile=made.profile(), segments=parts(lift=1.5))
    watched = policy(segments={"by": ["c0"], "rows": 1_000})
    found = monitor(known, window, watched)
    assert finding(found, Signal.PERFORMANCE, "brier", "c0=a").level is Level.NOTE
    assert finding(found, Signal.PERFORMANCE, "brier", "c0=b").level is Level.FINE
    assert finding(found, Signal.PREDICTION, "score", "c0=a").level is Level.FINE
    assert {each.segment for each in found.findings} == {None, "c0=a", "c0=b"}
    assert "NOTE performance of brier in c0=a" in found.text
    few = monitor(known, window, policy(segments={"by": ["c0"], "rows": 7_000}))
    assert {each.segment for each in few.findings} == {None}


def test_ignored_columns_are_not_looked_at(made, reference, policy):
    window = made.window(moved=moved(made, "x1"))
    found = monitor(reference, window, policy(ignore=["x1"]))
    assert found.alarms == ()
    lenient = monitor(reference, window, policy(columns={"x1": {"psi": 9}}))
    assert lenient.alarms == ()


def test_findings_are_json_and_read_again(made, reference, policy):
    found = monitor(reference, made.window(moved=moved(made, "x1")), policy())
    text = found.model_dump_json()
    assert json.loads(text)["findings"][0]["level"] == "note"
    assert Findings.model_validate_json(text) == found


def test_the_same_window_is_the_same_event(made, reference, policy):
    window = made.window()
    one, again = (monitor(reference, window, policy()) for _ in range(2))
    assert one == again
    assert event(one) == event(again)
    assert event(one) != event(monitor(reference, made.window(), policy()))
    assert event(one) != event(monitor(reference, window, policy(ignore=["x0"])))


def test_a_reference_is_stored_and_read_again(reference):
    again = Reference.model_validate_json(reference.model_dump_json())
    assert again.bins.digest == reference.bins.digest
    assert again.profile.digest == reference.profile.digest
    assert again.digest == reference.digest


def test_what_does_not_belong_together_is_refused(made, world, reference, policy):
    other = world(1, numbers=2, letters=1)
    with pytest.raises(TaskError, match="profile the window with the reference's bins"):
        monitor(reference, other.window(), policy())
    with pytest.raises(TaskError, match="profile the window with the reference's bins"):
        monitor(reference, made.window(), policy(), other.profile())
    with pytest.raises(ValueError, match="counted in other cells than its bins"):
        Reference(bins=other.bins, profile=reference.profile)
    with pytest.raises(ValueError, match="a reference needs labels"):
        Reference(bins=made.bins, profile=replace(made.profile(), outcomes=None))


def test_stored_days_make_a_window(made):
    parts = [Window(profile=made.profile(), segments={"c0=a": made.profile()}) for _ in range(2)]
    parts.append(Window(profile=made.profile()))
    found = window_of(parts)
    assert found.profile.digest == merge(part.profile for part in parts).digest
    assert found.segments["c0=a"].rows.sum() == 2 * 6_000


def test_a_copy_has_its_own_name(made):
    bins = made.bins
    before = bins.digest
    copied = bins.model_copy(update={"columns": {"x0": bins.columns["x0"]}})
    assert copied.digest != before
    assert isinstance(copied, cells.Bins)


def test_a_window_is_checked_from_counts_in_milliseconds(world, policy):
    made = world(32)  # twenty columns
    reference, window = made.reference(), made.window()
    monitor(reference, window, policy())
    times = []
    for _ in range(5):
        start = time.process_time()
        monitor(reference, window, policy())
        times.append(time.process_time() - start)
    assert min(times) < 0.1
