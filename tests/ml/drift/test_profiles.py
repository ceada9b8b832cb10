"""Profiles merge exactly in any split and order, keep to bounds and survive being stored."""

import datetime as dt
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.drift import bins as cells
from ml.drift import build, conventions, distances, formula, freeze, merging, profile
from ml.drift.layout import Block, Layout
from ml.errors import TaskError

START = dt.datetime(2013, 7, 1)  # noqa: DTZ001  the tables hold UTC without its zone
COST = {"cost": formula.parse("where(score >= 0.5, 15, where(label == 1, 60, 0))")}
LAYOUT = Layout(
    columns=("temp", "carrier", "wet"), score="score", label="late", time="at", costs=COST
)


def table(rows, seed=0, shift=0.0):
    draw = np.random.default_rng(seed)
    temp = draw.normal(50 + shift, 15, rows)
    score = draw.beta(2, 5, rows)
    return pa.table(
        {
            "temp": pa.array(temp, mask=draw.random(rows) < 0.1),
            "carrier": pa.array(draw.choice(list("abc"), rows)),
            "wet": pa.array(draw.random(rows) < 0.3),
            "score": score,
            "late": pa.array((draw.random(rows) < score).astype(int), mask=draw.random(rows) < 0.1),
            "at": [START + dt.timedelta(hours=int(hour)) for hour in draw.integers(0, 96, rows)],
        }
    )


ROWS = table(400)
FROZEN = freeze.freeze(ROWS.to_batches(), LAYOUT.counted)


def counted(rows, layout=LAYOUT, **options):
    return build.profile(rows.to_batches(), FROZEN, layout, **options)


def test_a_profile_counts_every_row_once():
    found = counted(ROWS)
    assert found.blocks == ("2013-07-01", "2013-07-02", "2013-07-03", "2013-07-04")
    assert found.rows.sum() == 400
    for name, column in found.columns.items():
        assert column.counts.sum() + column.nulls.sum() == 400, name
        assert column.nulls.sum() == ROWS[name].null_count
    carrier = FROZEN.columns["carrier"]
    assert carrier == cells.CategoryBins(names=("a", "b", "c"), complete=True)
    letters = ROWS["carrier"].to_pylist()
    assert found.columns["carrier"].total.tolist() == [*map(letters.count, "abc"), 0]
    assert FROZEN.columns["wet"].names == ("false", "true")


def test_a_cell_holds_what_is_above_its_lower_and_not_above_its_upper_edge():
    cut = cells.NumberBins(edges=(0, 1, 2), deciles=(1,), low=0, high=2, std=1)
    assert cut.count(np.array([-5, 0, 0.1, 1, 1.5, 2, 2.1, np.inf])).tolist() == [
        0, 0, 1, 1, 2, 2, 3, 3,
    ]  # fmt: skip
    assert cells.coarse(cut, np.array([[1, 2, 3, 4]])).tolist() == [[3, 7]]
    assert cut.outside.tolist() == [True, False, False, True]


def test_deciles_hold_a_tenth_each():
    rows = pa.table({"x": np.random.default_rng(1).lognormal(0, 2, 50_000)})
    frozen = freeze.freeze(rows.to_batches(), ["x"])
    found = build.profile(rows.to_batches(), frozen, Layout(columns=("x",)))
    tenths = cells.coarse(frozen.columns["x"], found.columns["x"].total)
    assert tenths.tolist() == pytest.approx([5_000] * 10, abs=2)


def test_cuts_from_a_sample_are_nearly_those_of_all_rows():
    rows = pa.table({"x": np.random.default_rng(1).normal(size=200_000)})
    frozen = freeze.freeze(rows.to_batches(max_chunksize=10_000), ["x"], rows=20_000)
    found = build.profile(rows.to_batches(), frozen, Layout(columns=("x",)))
    tenths = cells.coarse(frozen.columns["x"], found.columns["x"].total)
    assert tenths.sum() == 200_000
    assert tenths.tolist() == pytest.approx([20_000] * 10, rel=0.08)
    low, high = float(min(rows["x"].to_pylist())), float(max(rows["x"].to_pylist()))
    assert any(0 <= edge - high < 1e-9 for edge in frozen.columns["x"].edges)
    assert any(0 <= edge - low < 1e-9 for edge in frozen.columns["x"].edges)


def test_distances_from_profiles_are_nearly_those_of_raw_values():
    draw = np.random.default_rng(2)
    reference, window = draw.normal(50, 15, 20_000), draw.normal(53, 12, 20_000)
    frozen = freeze.freeze(pa.table({"x": reference}).to_batches(), ["x"])
    cut = frozen.columns["x"]
    sides = [
        build.profile(pa.table({"x": side}).to_batches(), frozen, Layout(columns=("x",)))
        for side in (reference, window)
    ]
    first, second = (side.columns["x"].total for side in sides)
    deciles = [cells.coarse(cut, side) for side in (first, second)]
    raw = distances.psi(*conventions.decile_cells(reference, window))
    assert distances.psi(*deciles) == pytest.approx(raw, rel=0.01)
    exact = conventions.wasserstein(reference, window)
    assert distances.wasserstein(first, second, cut.bounds) == pytest.approx(exact, rel=0.02)
    steps = conventions.kolmogorov_smirnov(reference, window).statistic
    found = distances.kolmogorov_smirnov(first, second)
    assert steps - 0.01 <= found <= steps + 1e-12


@pytest.mark.parametrize("level", [0.01, 0.25, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("shift", [0.0, 0.7])
def test_quantiles_of_merged_profiles_are_right_to_a_cell(level, shift):
    draw = np.random.default_rng(4)
    frozen = freeze.freeze(pa.table({"x": draw.lognormal(0, 1, 20_000)}).to_batches(), ["x"])
    values = draw.lognormal(shift, 1, 20_000)
    parts = [
        build.profile(pa.table({"x": part}).to_batches(), frozen, Layout(columns=("x",)))
        for part in np.split(values, 50)
    ]
    found = cells.quantile(frozen.number("x"), merging.merge(parts).columns["x"].total, level)
    assert np.mean(values <= found) == pytest.approx(level, abs=0.012)
    with pytest.raises(ValueError, match="no row to take a quantile"):
        cells.quantile(frozen.number("x"), parts[0].columns["x"].total * 0, level)


splits = st.lists(st.integers(0, 3), min_size=len(ROWS), max_size=len(ROWS))


@settings(deadline=None, max_examples=40)
@given(splits, st.permutations(range(4)), st.sampled_from(Block))
def test_any_split_merged_in_any_order_is_the_same_profile(split, order, block):
    layout = Layout(
        columns=LAYOUT.columns, score="score", label="late", time="at", block=block, costs=COST
    )
    whole = counted(ROWS, layout, reference=True)
    where = np.array(split)
    parts = [ROWS.filter(pa.array(where == part)) for part in order]
    profiles = [counted(part, layout, reference=True) for part in parts if len(part)]
    together = merging.merge(profiles)
    assert together.digest == whole.digest
    nested = profiles[0]
    for other in profiles[1:]:
        nested = merging.merge([other, nested])
    assert nested.digest == whole.digest
    shuffled = ROWS.take(np.argsort(where, kind="stable"))
    assert counted(shuffled, layout, reference=True).digest == whole.digest


def test_hours_add_up_to_days():
    hourly = counted(ROWS, Layout(**{**vars(LAYOUT), "block": Block.HOUR}))
    assert hourly.blocks[0] == "2013-07-01T00"
    assert merging.by_day(hourly).digest == counted(ROWS).digest


def test_a_day_may_start_at_another_hour():
    late = ROWS.filter(pa.array([at.hour == 3 for at in ROWS["at"].to_pylist()]))
    local = counted(late, Layout(**{**vars(LAYOUT), "day_starts": 5}))
    assert local.blocks[0] == "2013-06-30"


def test_a_stored_profile_is_read_as_it_was_and_a_spoiled_one_is_refused():
    found = counted(ROWS, reference=True)
    again = profile.read(found.text)
    assert again.text == found.text
    assert again.digest == found.digest
    assert cells.Bins.model_validate_json(FROZEN.model_dump_json()).digest == FROZEN.digest
    for wrong in ("{}", found.text.replace('"rows":[', '"rows":[1,'), "x"):
        with pytest.raises(TaskError, match="no profile of this version"):
            profile.read(wrong)
    first = str(found.rows[0])
    with pytest.raises(TaskError, match="counts are 0 or more"):
        profile.read(found.text.replace(f'"rows":[{first}', '"rows":[-3'))


def test_profiles_of_other_cells_do_not_merge():
    other = freeze.freeze(table(400, seed=1).to_batches(), LAYOUT.counted)
    mine, theirs = counted(ROWS), build.profile(ROWS.to_batches(), other, LAYOUT)
    with pytest.raises(TaskError, match="over other cells cannot be merged"):
        merging.merge([mine, theirs])
    unlabelled = counted(ROWS, Layout(columns=LAYOUT.columns, score="score", time="at"))
    with pytest.raises(TaskError, match="some have none"):
        merging.merge([mine, unlabelled])
    with pytest.raises(TaskError, match="at least one"):
        merging.merge([])


def test_new_categories_are_counted_and_the_first_named():
    names = [f"n{number:03}" for number in range(40)] * 2
    strange = ROWS.slice(0, 80).set_column(1, "carrier", pa.array(names))
    found = counted(strange).columns["carrier"]
    assert found.total.tolist() == [0, 0, 0, 80]
    assert found.unseen == {f"n{number:03}": 2 for number in range(merging.UNSEEN)}


def test_many_names_are_kept_by_frequency_and_the_rest_is_no_news():
    names = [f"n{number}" for number in range(cells.NAMES + 50)] + ["n7"] * 5
    frozen = freeze.freeze(pa.table({"x": names}).to_batches(), ["x"])
    assert not frozen.columns["x"].complete
    assert len(frozen.columns["x"].names) == cells.NAMES
    assert "n7" in frozen.columns["x"].names
    found = build.profile(pa.table({"x": ["new"]}).to_batches(), frozen, Layout(columns=("x",)))
    assert found.columns["x"].unseen == {}


def test_outcomes_are_those_of_the_rows():
    found = counted(ROWS).outcomes
    label = np.array([-1 if cell is None else cell for cell in ROWS["late"].to_pylist()])
    score = ROWS["score"].to_numpy()
    assert (found.positives.sum(), found.negatives.sum()) == (
        (label == 1).sum(),
        (label == 0).sum(),
    )
    brier = ((score - label)[label >= 0] ** 2).sum()
    assert found.sums["brier"].sum() / 1e6 == pytest.approx(brier, abs=1e-3)
    cost = 15 * ((score >= 0.5) & (label >= 0)).sum() + 60 * ((score < 0.5) & (label == 1)).sum()
    assert found.sums["cost"].sum() == cost * 1_000_000


def test_the_loss_of_a_reference_is_known_in_every_cell():
    found = counted(ROWS, reference=True)
    for name in LAYOUT.counted:
        column = found.columns[name]
        rows = ROWS.filter(pa.array([cell is not None for cell in ROWS[name].to_pylist()]))
        assert column.labelled.sum() == len(rows) - rows["late"].null_count
    assert found.columns["score"].losses.sum() == found.outcomes.sums["brier"].sum()
    assert counted(ROWS).columns["score"].losses is None


def test_segments_are_counted_apart():
    found = build.segments(ROWS.to_batches(max_chunksize=7), FROZEN, LAYOUT, ["carrier", "wet"])
    assert list(found) == ["carrier=a", "carrier=b", "carrier=c", "wet=false", "wet=true"]
    assert sum(found[f"carrier={name}"].rows.sum() for name in "abc") == 400
    assert list(found["wet=true"].columns) == ["score"]
    with pytest.raises(TaskError, match="segment temp is no category"):
        build.segments(ROWS.to_batches(), FROZEN, LAYOUT, ["temp"])


def test_a_column_that_is_missing_or_of_another_kind_is_a_problem_not_a_crash():
    strange = ROWS.drop_columns("wet").set_column(0, "temp", pa.array(["warm"] * 400))
    found = counted(strange)
    assert found.problems == ("column temp holds string, wanted a number", "column wet is missing")
    assert list(found.columns) == ["carrier", "score"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"late": [2] * 400}, "label late holds 2; wanted 0, 1 or nothing"),
        ({"score": [1.5] * 400}, "score score holds 1.5; wanted a probability"),
        ({"at": ["today"] * 400}, "the time holds string, wanted timestamps"),
        ({"at": [None] * 399 + [START]}, "399 of 400 rows have no time"),
    ],
)
def test_rows_that_cannot_be_counted_are_refused_with_the_reason(change, said):
    ((name, values),) = change.items()
    spoiled = ROWS.set_column(ROWS.schema.names.index(name), name, pa.array(values))
    with pytest.raises(TaskError, match=said):
        counted(spoiled)


def test_missing_parts_are_named():
    with pytest.raises(TaskError, match="the window has no column late, which monitoring cannot"):
        counted(ROWS.drop_columns("late"))
    with pytest.raises(TaskError, match="no row to profile"):
        build.profile([], FROZEN, LAYOUT)
    with pytest.raises(TaskError, match="the bins have no column other"):
        counted(ROWS, Layout(columns=("other",)))
    with pytest.raises(TaskError, match="the reference has no column other; it has temp"):
        freeze.freeze(ROWS.to_batches(), ["other"])
    with pytest.raises(TaskError, match="column at holds timestamp"):
        freeze.freeze(ROWS.to_batches(), ["at"])
    empty = pa.table({"x": pa.array([None, None], pa.float64())})
    with pytest.raises(TaskError, match="column x of the reference holds no value"):
        freeze.freeze(empty.to_batches(), ["x"])
    with pytest.raises(ValueError, match="label late needs `score`"):
        Layout(columns=(), label="late")


@pytest.mark.parametrize("values", [[0.0] * 50, [0.0] * 49 + [1.0], [-1e300, 1e300], [5.0]])
def test_strange_columns_are_cut_too(values):
    rows = pa.table({"x": values})
    frozen = freeze.freeze(rows.to_batches(), ["x"])
    edges = frozen.columns["x"].edges
    assert list(edges) == sorted(set(edges))
    found = build.profile(rows.to_batches(), frozen, Layout(columns=("x",))).columns["x"]
    assert found.total.sum() == len(values)
    assert distances.psi(*[cells.coarse(frozen.columns["x"], found.total)] * 2) == 0


@given(st.floats(-1e300, 1e300))
def test_a_short_decimal_is_never_below_its_value(value):
    short = cells.snap(value)
    assert short >= value
    assert short - value <= abs(value) * 1e-11 + 1e-300
    assert cells.snap(short) == short


def batches(rows):
    draw = np.random.default_rng(0)
    for _ in range(rows // 50_000):
        yield pa.RecordBatch.from_pydict({"x": draw.normal(size=50_000)})


def peak(rows):
    tracemalloc.start()
    frozen = freeze.freeze(batches(rows), ["x"], rows=20_000)
    build.profile(batches(rows), frozen, Layout(columns=("x",)))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_rows():
    peak(100_000)  # whatever is made once
    assert peak(4_000_000) < 1.5 * peak(500_000)
