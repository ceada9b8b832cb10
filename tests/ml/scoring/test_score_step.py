"""Scoring as a whole: one row for each row, in input order, also without any label."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml import mlflow_model
from ml.data import manifest
from ml.errors import TaskError
from ml.steps.score import score

KEY = ("year", "month", "day", "carrier", "flight", "origin", "sched_dep_time")


def keys_in(world) -> list[tuple[str, ...]]:
    """The keys of the raw file, in the order of its lines."""
    with (world.raw / "flights.csv").open(encoding="utf-8", newline="") as lines:
        return [tuple(row[name] for name in KEY) for row in csv.DictReader(lines)]


def keys_of(table: pa.Table) -> list[tuple[str, ...]]:
    columns = [map(str, table[name].to_pylist()) for name in KEY]
    return list(zip(*columns, strict=True))


def scores_in(folder) -> pa.Table:
    return pq.read_table(folder / "merged" / "scores.parquet")


def test_every_row_without_a_label_gets_one_score_in_input_order(world, flights, tmp_path):
    made = score(flights, world.run(tmp_path, batch_rows=200), world.wanted)
    found, keys = scores_in(tmp_path), keys_in(world)
    assert made.rows == found.num_rows == len(keys) > 500
    assert keys_of(found) == keys
    results = ["score", "model_name", "model_version", "model_digest", "scored_at"]
    assert found.schema.names == [*KEY, *results]
    assert set(found["model_version"].to_pylist()) == {"7"}
    assert set(found["model_digest"].to_pylist()) == {world.wanted.digest}
    assert found["scored_at"].null_count == 0
    about = json.loads((tmp_path / "merged" / "scores.json").read_text())
    assert about["model_digest"] == world.wanted.digest
    assert about["scores_sha256"] == manifest.file_digest(tmp_path / "merged" / "scores.parquet")
    notes = (tmp_path / "work" / "report" / "scoring_report.txt").read_text()
    assert "target missing" in notes


def test_scores_are_those_that_the_evaluation_would_give(made, world, flights, tmp_path):
    """The labelled rows go through prepare and through scoring: the same probabilities."""
    from ml.data import examples  # noqa: PLC0415  beside its use

    about = examples.about(made.holdout, "holdout")
    expected = mlflow_model.load(world.model).score(examples.read(made.holdout, about).columns)
    run = type(world)(made.raw, made.tables, world.model, world.wanted, world.as_of).run(tmp_path)
    score(flights, run, world.wanted)
    labelled = pa.concat_tables(
        [
            pq.read_table(path, columns=[*KEY, "time_hour", "arr_delay"])
            for path in manifest.read(made.tables).tables["flights"].files(made.tables)
        ]
    ).append_column("score", scores_in(tmp_path)["score"])
    frame = labelled.to_pandas()
    frame = frame[frame["arr_delay"].notna() & (frame["month"] >= 10)]
    found = frame.sort_values(["time_hour", *KEY], kind="stable")["score"].to_numpy()
    np.testing.assert_array_equal(found, expected)


def test_several_processes_give_what_one_gives(world, flights, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    score(flights, world.run(one, batch_rows=250), world.wanted)
    score(flights, world.run(two, batch_rows=250, processes=2), world.wanted)
    names = [name for name in scores_in(one).schema.names if name != "scored_at"]
    assert scores_in(one).select(names).equals(scores_in(two).select(names))


def test_a_model_of_another_digest_is_refused(world, flights, tmp_path):
    other = world.wanted.model_copy(update={"digest": "0" * 64})
    with pytest.raises(TaskError, match=r"version 7 has digest .* but 0000"):
        score(flights, world.run(tmp_path), other)
    assert not (tmp_path / "merged").exists()


def words(world, folder) -> list[str]:
    given = {
        "tables": world.tables,
        "model": world.model,
        "work": folder / "work",
        "merged": folder / "merged",
        "model-name": world.wanted.name,
        "model-version": world.wanted.version,
        "model-digest": world.wanted.digest,
        "batch-rows": 20,
        "processes": 2,
    }
    named = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    return [sys.executable, "-m", "ml.steps.score", *named]


def test_killed_half_way_it_goes_on_where_it_was(world, tmp_path):
    process = subprocess.Popen(
        words(world, tmp_path), stdout=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 90
    while len(list(tmp_path.glob("work/scores/*/*.parquet"))) < 3:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = {path: path.stat().st_mtime_ns for path in tmp_path.glob("work/scores/*/*.parquet")}
    again = subprocess.run(words(world, tmp_path), capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.count(" kept") == len(done) >= 3
    assert again.stdout.count(" scored\n") > 0
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert keys_of(scores_in(tmp_path)) == keys_in(world)
