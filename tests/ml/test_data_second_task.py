"""A second task is a folder: other files, no time, labels in a table of their own, no new code."""

from datetime import datetime

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml import task as tasks
from ml.cli import raw_data
from ml.data import features, leaks, manifest
from ml.data.engine import opened
from ml.errors import TaskError
from ml.steps.evaluate import evaluate
from ml.steps.ingest import ingest
from ml.steps.prepare import prepare
from ml.steps.train import train
from ml.steps.validate import moment, validate


@pytest.fixture(scope="module")
def employment() -> tasks.Task:
    return tasks.load("employment")


@pytest.fixture(scope="module")
def people(tmp_path_factory, employment):
    """Every tenth person, in files as they come."""
    source = raw_data.folder(employment.settings.data, None)
    folder = tmp_path_factory.mktemp("people")
    for path in source.glob("employment_MA_*.pq"):
        table = pq.read_table(path)
        pq.write_table(table.take(list(range(0, table.num_rows, 10))), folder / path.name)
    return folder


def test_the_steps_run_on_the_second_task_as_they_are(employment, people, tmp_path):
    parts = {name: tmp_path / name for name in ("tables", "report", "train", "holdout", "model")}
    for name in ("tables", "report", "train", "holdout"):
        parts[name].mkdir()
    ingest(employment, people, parts["tables"])
    report = validate(employment, parts["tables"], moment(employment.settings.data.as_of))
    assert report.passed, report.text
    assert report.notes == ()  # what the files have beside is ignored by name
    report.write(parts["report"])
    targets = {name: parts[name] for name in ("train", "holdout")}
    assert prepare(employment, parts["tables"], parts["report"], targets) == {
        "train": 6879 + 6913,
        "holdout": 13977,
    }
    fast = employment.settings.training.model_copy(update={"rounds": 30})
    settings = employment.settings.model_copy(update={"training": fast})
    task = employment.model_copy(update={"settings": settings})
    train(task, parts["train"], parts["model"])
    found = evaluate(task, parts["model"], parts["holdout"])
    assert found.overall["auc"] == pytest.approx(0.90, abs=0.02)
    assert set(found.groups) == {"period", "sex", "race"}


def tables(employment: tasks.Task, people: dict, outcomes: dict) -> dict:
    kinds = {"integer": pa.int64(), "number": pa.float64(), "text": pa.string()}
    made = {}
    for name, cells in {"people": people, "outcomes": outcomes}.items():
        length = len(next(iter(cells.values())))
        made[name] = ibis.memtable(
            pa.table(
                {
                    column: pa.array(cells.get(column, [None] * length), type=kinds[rule.type])
                    for column, rule in employment.schema_.tables[name].columns.items()
                }
            )
        )
    return made


def test_labels_of_another_table_are_matched_by_key_and_events_without_one_are_left_out(employment):
    found = features.examples(
        employment,
        tables(
            employment,
            {"id": [4, 1, 2, 3], "year": [2016, 2016, 2015, 2015], "AGEP": [4.0, 1.0, 2.0, 3.0]},
            {"id": [1, 2, 4, 9], "employed": [1, 0, None, 1]},
        ),
    )
    with opened("duckdb") as engine:
        rows = engine.records(found)
    assert [(row["age"], row["_label"], row["_period"]) for row in rows] == [
        (2.0, 0, "2015"),
        (1.0, 1, "2016"),
    ]


def test_an_event_without_a_time_happens_when_its_period_starts(employment):
    given = tables(employment, {"id": [1], "year": [2016]}, {"id": [1], "employed": [1]})
    with opened("duckdb") as engine:
        (row,) = engine.records(features.examples(employment, given))
    assert row["_time"] == datetime(2016, 1, 1)  # noqa: DTZ001  the tables hold UTC without its zone


def test_the_guard_refuses_the_outcome_as_a_feature(employment):
    leaks.guard(employment)
    join = {"table": "outcomes", "keys": {"id": "id"}, "features": {"works": "employed"}}
    settings = employment.settings.model_copy(update={"joins": (tasks.Join.model_validate(join),)})
    leaking = employment.model_copy(update={"settings": settings})
    with pytest.raises(TaskError, match=r"works: .*outcomes\.employed"):
        leaks.guard(leaking)


def test_a_label_key_that_matches_several_rows_is_refused(tmp_path, employment):
    schema = employment.schema_
    outcomes = schema.tables["outcomes"].model_copy(update={"key": ("id", "employed")})
    changed = schema.model_copy(update={"tables": {**schema.tables, "outcomes": outcomes}})
    with pytest.raises(TaskError, match="label: keys must cover the table's key id, employed"):
        tasks._check_names(changed, employment.settings, tmp_path / "task.yaml")


def test_only_the_files_that_the_tables_name_are_sent(employment, tmp_path):
    package = raw_data.folder(employment.settings.data, None)
    with raw_data.named(employment, package) as folder:
        assert sorted(path.name for path in folder.iterdir()) == [
            "employment_MA_analysis.pq",
            "employment_MA_analysis_target.pq",
            "employment_MA_reference.pq",
        ]
        sent = manifest.data_version(manifest.sources_of(folder))
    tables = tmp_path / "tables"
    tables.mkdir()
    assert ingest(employment, package, tables).data_version == sent
    with (
        pytest.raises(
            TaskError, match=r"no file for table people: wanted one of employment_MA_ref"
        ),
        raw_data.named(employment, tmp_path),
    ):
        pass
