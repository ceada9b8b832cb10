"""Scoring as a whole: one row for each row, in input order, also without any label."""

import csv
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

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


def children(pid: int) -> list[Path]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return [Path(f"/proc/{child}") for child in listed]


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_killed_half_way_it_goes_on_where_it_was(world, flights, tmp_path, caplog):
    def files() -> dict[Path, int]:
        found = tmp_path.glob("work/scores/*/[0-9]*.parquet")
        return {path: path.stat().st_mtime_ns for path in found}

    with subprocess.Popen(words(world, tmp_path), stdout=subprocess.DEVNULL) as process:
        until(lambda: process.poll() is not None or len(files()) >= 3)
        started = children(process.pid)
        process.kill()
    until(lambda: not any(child.exists() for child in started))
    done = files()
    caplog.set_level(logging.INFO, logger="ml")
    made = score(flights, world.run(tmp_path, batch_rows=20), world.wanted)
    batches = -(-made.rows // 20)
    assert 3 <= len(done) < batches
    assert caplog.text.count(" kept\n") == len(done)
    assert caplog.text.count(" scored\n") == batches - len(done)
    assert {path: moment for path, moment in files().items() if path in done} == done
    assert keys_of(scores_in(tmp_path)) == keys_in(world)


def test_scored_once_more_nothing_is_repeated(world, flights, tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="ml")
    first = score(flights, world.run(tmp_path, batch_rows=200), world.wanted)
    caplog.clear()
    assert score(flights, world.run(tmp_path, batch_rows=200), world.wanted) == first
    assert " scored\n" not in caplog.text


def test_another_version_of_the_model_scores_anew(world, flights, tmp_path, caplog):
    score(flights, world.run(tmp_path, batch_rows=200), world.wanted)
    caplog.set_level(logging.INFO, logger="ml")
    later = world.wanted.model_copy(update={"version": "8"})
    score(flights, world.run(tmp_path, batch_rows=200), later)
    assert " kept\n" not in caplog.text
    assert set(scores_in(tmp_path)["model_version"].to_pylist()) == {"8"}
