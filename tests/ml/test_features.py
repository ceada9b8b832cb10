"""Features are known before departure, weather is of the hour before, time only goes forward."""

from datetime import datetime, timedelta

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.data import features, leaks
from ml.data import report as reports
from ml.data.engine import engine
from ml.errors import TaskError
from ml.steps.prepare import prepare, with_periods

LEAKING = ["dep_delay", "dep_time", "arr_time", "air_time", "arr_delay"]
PERIODS = ("train_from", "train_to", "holdout_from", "holdout_to")


def with_settings(task, **changes):
    return task.model_copy(update={"settings": task.settings.model_copy(update=changes)})


@pytest.mark.parametrize("column", LEAKING)
def test_the_guard_refuses_what_is_known_only_after_departure(flights, column):
    feature = type(flights.settings.features["hour"])(column=column)
    leaking = with_settings(flights, features={**flights.settings.features, "x": feature})
    with pytest.raises(TaskError, match=rf"x: .*{column}"):
        leaks.guard(leaking)


def test_the_guard_refuses_a_column_whose_moment_is_not_stated(flights):
    table = flights.events
    columns = {**table.columns, "hour": table.columns["hour"].model_copy(update={"known": None})}
    tables = {
        **flights.schema_.tables,
        "flights": table.model_copy(update={"columns": columns}),
    }
    schema = flights.schema_.model_copy(update={"tables": tables})
    with pytest.raises(TaskError, match=r"hour: schema\.yaml says hour is known: not stated"):
        leaks.guard(flights.model_copy(update={"schema_": schema}))


@pytest.mark.parametrize("hours", [None, 0])
def test_the_guard_refuses_weather_of_the_departure_hour(flights, hours):
    weather, *others = flights.settings.joins
    same_hour = weather.model_copy(update={"hours_before": hours})
    with pytest.raises(TaskError, match="weather: its rows happen at time_hour"):
        leaks.guard(with_settings(flights, joins=(same_hour, *others)))


def test_the_guard_passes_the_task_as_it_is(flights):
    leaks.guard(flights)


def rows(**columns):
    return ibis.memtable(pa.table(columns))


def test_weather_is_that_of_the_hour_before_at_the_same_airport(flights):
    start = datetime(2013, 7, 1, 10)  # noqa: DTZ001  the tables hold UTC without its zone
    hours = [start + timedelta(hours=step) for step in range(-2, 2)]
    weather = {
        "origin": ["JFK"] * 4 + ["EWR"] * 4,
        "time_hour": hours * 2,
        "temp": [50.0, 60.0, 70.0, 80.0, 10.0, 20.0, 30.0, 40.0],
    }
    flown = {
        "origin": ["JFK", "EWR", "LGA", "JFK"],
        "time_hour": [start, start, start, start + timedelta(hours=1)],
        "tailnum": ["N1", "N2", None, "N1"],
        "dest": ["BOS"] * 4,
        "arr_delay": [16, 15, 90, None],
        "sched_dep_time": [600, 601, 602, 603],
    }
    found = examples_of(flights, flown, weather)
    assert {row["origin"]: (row["temp"], row["_label"]) for row in found} == {
        "JFK": (60.0, 1),  # 60 is JFK's at nine; sixteen minutes are more than fifteen
        "EWR": (20.0, 0),  # fifteen minutes are not
        "LGA": (None, 1),  # no weather known: empty, not dropped
    }
    assert len(found) == 3  # the flight without an arrival has no label


def test_an_impossible_wind_speed_counts_as_empty(flights):
    start = datetime(2013, 7, 1, 10)  # noqa: DTZ001  as above
    hours = [start - timedelta(hours=1)]
    flown = {"time_hour": [start], "origin": ["EWR"], "arr_delay": [0]}
    weather = {"origin": ["EWR"], "time_hour": hours, "wind_speed": [1048.4], "temp": [50.0]}
    (found,) = examples_of(flights, flown, weather)
    assert found["wind_speed"] is None
    assert found["temp"] == 50.0


def examples_of(task, flown: dict, weather: dict) -> list[dict]:
    """Fill the other columns of the schema and return the examples."""
    kinds = {
        "integer": pa.int64(),
        "number": pa.float64(),
        "text": pa.string(),
        "time": pa.timestamp("us"),
    }
    given_columns = {"flights": flown, "weather": weather, "planes": {}, "airports": {}}
    fixed = {"year": 2013, "month": 7, "day": 1, "carrier": "UA", "flight": 1}
    tables = {}
    for name, cells in given_columns.items():
        length = len(next(iter(cells.values()), []))
        tables[name] = rows(
            **{
                column: pa.array(
                    cells.get(column, [fixed.get(column)] * length), type=kinds[rule.type]
                )
                for column, rule in task.schema_.tables[name].columns.items()
            }
        )
    with engine() as connection:
        return connection.to_pyarrow(features.examples(task, tables)).to_pylist()


def test_the_hold_out_is_later_than_everything_that_trains(made):
    train = pq.read_table(made.train / "examples.parquet").to_pydict()
    holdout = pq.read_table(made.holdout / "examples.parquet").to_pydict()
    assert max(train["_period"]) == "2013-09"
    assert min(holdout["_period"]) == "2013-10"
    assert max(train["_time"]) < min(holdout["_time"]) + timedelta(hours=8)  # periods are local
    assert train["_time"] == sorted(train["_time"])
    assert set(train["_label"]) == {0, 1}


def test_what_would_leak_is_in_no_example(made):
    names = set(pq.read_schema(made.train / "examples.parquet").names)
    assert not names & set(LEAKING)


@pytest.mark.parametrize(
    ("given_periods", "words"),
    [
        ({"train_to": "2013-10"}, "starts in 2013-10, not after"),
        ({"train_to": "2013-12"}, "starts in 2013-10, not after"),
        ({"holdout_from": "2013-12", "holdout_to": "2013-11"}, "holdout goes from 2013-12 back"),
    ],
)
def test_a_split_that_looks_ahead_is_refused(flights, given_periods, words):
    with pytest.raises(TaskError, match=words):
        with_periods(flights, {**dict.fromkeys(PERIODS), **given_periods})


periods = st.tuples(*[st.sampled_from([f"2013-{month:02d}" for month in range(1, 13)])] * 4)


@given(periods)
def test_every_split_that_passes_is_in_order(bounds):
    first, last, later, latest = bounds
    good = not leaks.split_problems((first, last), (later, latest))
    assert good == (first <= last < later <= latest)


def test_a_part_without_rows_is_refused(flights, made, tmp_path):
    periods_ = {"holdout_from": "2014-02", "holdout_to": "2014-03"}
    task = with_periods(flights, {**dict.fromkeys(PERIODS), **periods_})
    targets = {"train": tmp_path, "holdout": tmp_path}
    with pytest.raises(TaskError, match="holdout: no labelled row from 2014-02 to 2014-03"):
        prepare(task, made.tables, made.report, targets)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"passed": False}, "did not pass validation"),
        ({"tables_digest": "other"}, "run validate on these tables"),
    ],
)
def test_only_the_tables_that_passed_become_examples(flights, made, tmp_path, change, words):
    reports.read(made.report).model_copy(update=change).write(tmp_path)
    targets = {"train": tmp_path, "holdout": tmp_path}
    with pytest.raises(TaskError, match=words):
        prepare(flights, made.tables, tmp_path, targets)
