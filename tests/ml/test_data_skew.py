"""Serving computes what training was given: event by event, and in its rates."""

import subprocess
import sys
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from azure.ai.ml import load_component

from ml.data import features, manifest, request
from ml.data.engine import opened
from ml.errors import TaskError
from ml.pipelines.learning import COMPONENTS
from ml.steps.profile import profile
from ml.steps.skew import skew

EVENT = {
    "carrier": "UA", "origin": "JFK", "dest": "BOS", "hour": 17, "minute": 5, "year": 2013,
    "month": 7, "day": 3, "distance": 187, "tailnum": "N14228", "time_hour": "2013-07-03T21:00:00Z",
}  # fmt: skip


@pytest.fixture(scope="module")
def serving(flights, made):
    return request.load(flights, made.tables, manifest.read(made.tables))


@pytest.fixture(scope="module")
def collected(flights, made, tmp_path_factory):
    """Rows as an endpoint would collect them: keys and features as the model got them."""
    ingested = manifest.read(made.tables)
    with opened("duckdb") as engine:
        found = {name: engine.read(t.files(made.tables)) for name, t in ingested.tables.items()}
        return engine.table(features.keyed(flights, found).limit(400))


def served(folder, table: pa.Table):
    folder.mkdir()
    pq.write_table(table, folder / "collected.parquet")
    return folder


def put(table: pa.Table, name: str, change) -> pa.Table:
    cells = pa.array(change(table[name].to_pylist()), type=table[name].type)
    return table.set_column(table.schema.get_field_index(name), name, cells)


def test_the_request_path_makes_the_features_of_the_batch_path(flights, made):
    report = skew(flights, made.tables)
    assert report.passed, report.text
    assert report.rows == {"serving": 2000}


def test_weather_comes_from_the_hour_before_whatever_the_zone_of_the_request(serving, made):
    weather = pq.read_table(next((made.tables / "weather").glob("*.parquet"))).to_pylist()
    before = datetime(2013, 7, 3, 20)  # noqa: DTZ001  the tables hold UTC without its zone
    (there,) = [r for r in weather if r["origin"] == "JFK" and r["time_hour"] == before]
    local = {**EVENT, "time_hour": "2013-07-03T17:00:00-04:00"}
    moment = {**EVENT, "time_hour": datetime(2013, 7, 3, 21, 40, tzinfo=UTC)}
    found = serving.columns([EVENT, local, moment])
    assert found["temp"] == [pytest.approx(there["temp"], rel=1e-6)] * 3
    assert found["weekday"] == [2.0] * 3  # a Wednesday


def test_what_is_not_known_is_empty(serving):
    unknown = {"tailnum": None, "dest": "???", "time_hour": "2031-01-01T00:00:00Z", "hour": 99}
    found = serving.columns([{**EVENT, **unknown}])
    for name in ("temp", "plane_year", "dest_lat", "hour"):
        assert found[name] == [None], name
    assert found["dest"] == ["???"]


def test_only_what_is_known_before_departure_is_asked_for(serving, flights):
    assert set(serving.needed) == set(EVENT)
    assert all(rule.known == "before" for rule in serving.needed.values())


def test_every_mistake_of_a_request_is_named(serving):
    short = {name: cell for name, cell in EVENT.items() if name not in {"dest", "hour"}}
    wrong = {**EVENT, "hour": "five", "distance": 1.5, "time_hour": "soon", "carrier": 7}
    with pytest.raises(TaskError) as caught:
        serving.columns([EVENT, short, wrong])
    assert str(caught.value).splitlines() == [
        "the request is wrong:",
        "  event 1: no dest, hour; give null where unknown",
        "  event 2: carrier is 7, wanted text",
        "  event 2: hour is 'five', wanted integer",
        "  event 2: distance is 1.5, wanted integer",
        "  event 2: time_hour is 'soon', wanted time",
    ]


@pytest.mark.parametrize(
    ("name", "change", "rows"),
    [
        ("temp", lambda cells: [None if c is None else (c - 32) / 1.8 for c in cells], 400),
        ("carrier", lambda cells: [c.lower() if i < 3 else c for i, c in enumerate(cells)], 3),
        ("plane_year", lambda cells: [None] * len(cells), 300),
        ("hour", lambda cells: [cells[0] + 1, *cells[1:]], 1),
    ],
)
def test_a_feature_that_serving_computes_otherwise_is_named(
    flights, made, collected, tmp_path, name, change, rows
):
    report = skew(flights, made.tables, served(tmp_path / "s", put(collected, name, change)))
    (problem,) = report.problems
    assert (problem.rule, problem.columns) == ("skew", (name,))
    assert problem.rows == rows or (name == "plane_year" and rows < problem.rows <= 400)
    assert "differ from the batch path" in problem.found
    assert "batch" in problem.examples[0]
    assert problem.examples[0].startswith("year=2013, month=")


def test_collected_rows_as_they_are_pass(flights, made, collected, tmp_path):
    report = skew(flights, made.tables, served(tmp_path / "s", collected))
    assert report.passed, report.text


def test_served_rows_without_their_event_are_named(flights, made, collected, tmp_path):
    unknown = put(collected, "key_flight", lambda cells: [9998, *cells[1:]])
    report = skew(flights, made.tables, served(tmp_path / "s", unknown))
    (problem,) = report.problems
    assert (problem.rule, problem.rows) == ("unknown event", 1)


def test_served_rows_without_a_feature_say_what_they_need(flights, made, collected, tmp_path):
    with pytest.raises(TaskError, match="the served rows have no temp; they need"):
        skew(flights, made.tables, served(tmp_path / "s", collected.drop_columns("temp")))


def test_rates_that_leave_those_of_training_are_named(flights, made, collected, tmp_path):
    reference = tmp_path / "reference"
    reference.mkdir()
    profile(flights, made.train, reference)
    change = put(collected, "temp", lambda cells: [None] * 200 + cells[200:])
    change = put(change, "carrier", lambda cells: ["ZZ"] * 40 + cells[40:])
    change = put(change, "distance", lambda cells: [1e6] * 40 + cells[40:])
    report = skew(flights, made.tables, served(tmp_path / "s", change), reference)
    rates = {p.columns[0]: p for p in report.problems if p.rule.startswith("more cells")}
    assert set(rates) == {"temp", "carrier", "distance"}
    assert rates["temp"].rule == "more cells empty than in training"
    assert rates["carrier"].examples == ("'ZZ' in 40 rows",)
    assert rates["carrier"].found == "10.00%, in training 0.00%"
    assert rates["distance"].rows == 40
    unspoiled = skew(flights, made.tables, served(tmp_path / "t", collected), reference)
    assert not [p for p in unspoiled.problems if p.rule.startswith("more cells empty")]


def test_the_step_fails_with_a_report_and_says_what_to_mend(flights, made, collected, tmp_path):
    folder = served(tmp_path / "s", put(collected, "hour", lambda c: [c[0] + 1, *c[1:]]))
    words = [f"--tables={made.tables}", f"--served={folder}", f"--report={tmp_path / 'report'}"]
    ran = subprocess.run(
        [sys.executable, "-m", "ml.steps.skew", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "serving.hour: skew in 1 rows" in ran.stdout
    assert "mend the path that is wrong" in ran.stdout
    assert (tmp_path / "report" / "report.json").is_file()


def test_the_component_may_go_without_served_rows_and_reference():
    component = load_component(COMPONENTS / "skew.yaml")
    assert component.inputs["served"].optional
    assert component.inputs["reference"].optional
