"""A database counts exactly what batches count, and its expressions are Spark's too."""

import datetime as dt

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.drift import build, expressions, formula, freeze, query
from ml.drift.expressions import Counted
from ml.drift.layout import Block, Layout
from ml.errors import TaskError

START = dt.datetime(2013, 7, 1)  # noqa: DTZ001  the tables hold UTC without its zone
COST = {"cost": formula.parse("where(score >= 0.5, 15, where(label == 1, 60, 0))")}
COLUMNS = ("temp", "seats", "carrier", "wet")
LAYOUT = Layout(columns=COLUMNS, score="score", label="late", time="at", costs=COST)


def table(rows, seed=0):
    draw = np.random.default_rng(seed)
    score = draw.beta(2, 5, rows).astype(np.float32)
    temp = draw.normal(50, 15, rows)
    temp[draw.random(rows) < 0.05] = np.nan
    return pa.table(
        {
            "temp": pa.array(temp, mask=draw.random(rows) < 0.1),
            "seats": draw.integers(0, 8, rows),
            "carrier": pa.array(draw.choice(list("abc"), rows), mask=draw.random(rows) < 0.1),
            "wet": pa.array(draw.random(rows) < 0.3),
            "score": score,
            "late": pa.array((draw.random(rows) < score).astype(int), mask=draw.random(rows) < 0.1),
            "at": pa.array(
                [START + dt.timedelta(hours=int(hour)) for hour in draw.integers(0, 96, rows)],
                pa.timestamp("us"),
            ),
        }
    )


ROWS = table(2_000)
FROZEN = freeze.freeze(ROWS.to_batches(), LAYOUT.counted)


@pytest.fixture(scope="module")
def duckdb():
    connection = ibis.duckdb.connect()
    yield connection
    connection.disconnect()


def both(duckdb, rows, layout, bins=FROZEN, **options):
    there = duckdb.create_table("rows", rows, overwrite=True)
    return (
        build.profile(rows.to_batches(), bins, layout, **options),
        query.profile(there, bins, layout, **options),
    )


@pytest.mark.parametrize("block", Block)
@pytest.mark.parametrize("reference", [True, False])
def test_a_database_counts_what_batches_count(duckdb, block, reference):
    layout = Layout(**{**vars(LAYOUT), "block": block, "day_starts": 5})
    strange = table(500, seed=1).set_column(
        2, "carrier", pa.array(["z", "a", "y", None, "b"] * 100)
    )
    here, there = both(duckdb, pa.concat_tables([ROWS, strange]), layout, reference=reference)
    assert there.text == here.text
    assert there.digest == here.digest
    assert here.columns["carrier"].unseen == {"y": 100, "z": 100}


def test_a_database_counts_without_time_label_or_score(duckdb):
    here, there = both(duckdb, ROWS, Layout(columns=COLUMNS), reference=True)
    assert there.text == here.text


def test_a_database_names_the_same_problems(duckdb):
    strange = ROWS.drop_columns("wet").set_column(0, "temp", pa.array(["warm"] * 2_000))
    here, there = both(duckdb, strange, LAYOUT)
    assert there.text == here.text
    assert len(there.problems) == 2


def test_a_database_counts_segments_apart(duckdb):
    there = duckdb.create_table("rows", ROWS, overwrite=True)
    found = query.segments(there, FROZEN, LAYOUT, ["carrier", "wet"])
    here = build.segments(ROWS.to_batches(), FROZEN, LAYOUT, ["carrier", "wet"])
    assert {name: each.digest for name, each in found.items()} == {
        name: each.digest for name, each in here.items()
    }
    only = query.segments(there.filter(there["carrier"] == "a"), FROZEN, LAYOUT, ["carrier"])
    assert list(only) == ["carrier=a"]


numbers = st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), min_size=2)


@settings(deadline=None, max_examples=60)
@given(numbers.filter(lambda values: np.isfinite(values).any()), numbers)
def test_numbers_of_any_size_fall_into_the_same_cells(duckdb, reference, window):
    inside = [value for value in reference if not abs(value) > 1e300]
    rows = pa.table({"x": [*inside, 0.1, 0.30000000000000004]})
    frozen = freeze.freeze(rows.to_batches(), ["x"])
    seen = pa.table({"x": pa.array([*window, *inside, *frozen.columns["x"].edges], pa.float64())})
    here, there = both(duckdb, seen, Layout(columns=("x",)), frozen)
    assert there.text == here.text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"late": [2.0] * 2_000}, "2000 rows have another label than 0, 1 or nothing in late"),
        ({"score": [1.5] * 2_000}, "2000 rows have a score that is no probability in score"),
        ({"at": pa.array([None] * 2_000, pa.timestamp("us"))}, "2000 rows have no time"),
    ],
)
def test_rows_that_cannot_be_counted_are_refused(duckdb, change, said):
    ((name, values),) = change.items()
    place = ROWS.schema.names.index(name)
    strange = ROWS.set_column(place, name, pa.array(values))
    there = duckdb.create_table("strange", strange, overwrite=True)
    with pytest.raises(TaskError, match=f"of 2000 rows {said}"):
        query.profile(there, FROZEN, LAYOUT)


def test_missing_parts_are_named(duckdb):
    there = duckdb.create_table("missing", ROWS.drop_columns("late"), overwrite=True)
    with pytest.raises(TaskError, match="the window has no column late"):
        query.profile(there, FROZEN, LAYOUT)
    with pytest.raises(TaskError, match="no row to profile"):
        query.profile(there.limit(0), FROZEN, Layout(columns=COLUMNS))


@pytest.mark.parametrize("block", Block)
def test_spark_has_a_word_for_every_expression(block):
    there = ibis.table(ibis.schema(ROWS.schema), name="rows")
    layout = Layout(**{**vars(LAYOUT), "block": block, "day_starts": 5})
    counted = Counted(there, layout, FROZEN, reference=True)
    text = ibis.to_sql(expressions.counts(counted, COLUMNS), dialect="databricks")
    assert text.count("UNION ALL") == 10  # rows, 4 columns, 2 unseen, outcomes, 3 losses
    assert "COUNT" in ibis.to_sql(expressions.refusals(counted), dialect="databricks")
