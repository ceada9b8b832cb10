"""One data layer: DuckDB and a real Spark make the same examples and the same profiles."""

import json
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ml import task as tasks
from ml.cli import raw_data
from ml.steps.ingest import ingest
from ml.steps.prepare import prepare
from ml.steps.profile import profile
from ml.steps.validate import moment, validate

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-spark" / "bin" / "python"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def on_spark(step: str, task: str, **folders: Path) -> None:
    assert PYTHON.exists(), "make .venv-spark/.ready makes the environment that has Spark"
    words = [f"--{name}={path}" for name, path in folders.items()]
    ran = subprocess.run(
        [PYTHON, "-m", f"ml.steps.{step}", "--engine=spark", f"--task={task}", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def same_examples(one: Path, other: Path) -> None:
    assert json.loads((one / "about.json").read_text()) == json.loads(
        (other / "about.json").read_text()
    )
    left, right = (pq.read_table(folder / "examples.parquet") for folder in (one, other))
    assert left.num_rows == right.num_rows > 1000
    assert left.schema.names == right.schema.names
    for name in left.schema.names:
        assert left.schema.field(name).type == right.schema.field(name).type
        assert left[name].combine_chunks().equals(right[name].combine_chunks()), name


def test_flights_are_the_same_examples_and_profile_on_both(made, tmp_path):
    train, holdout = tmp_path / "train", tmp_path / "holdout"
    on_spark(
        "prepare", "flights", tables=made.tables, report=made.report, train=train, holdout=holdout
    )
    same_examples(made.train, train)
    same_examples(made.holdout, holdout)
    assert len(list((train / "examples.parquet").glob("part-*.parquet"))) >= 1
    (tmp_path / "duckdb").mkdir()
    expected = profile(tasks.load("flights"), made.train, tmp_path / "duckdb")
    on_spark("profile", "flights", examples=train, profile=tmp_path / "spark")
    for name in ("bins.json", "profile.json", "about.json"):
        texts = {(tmp_path / engine / name).read_bytes() for engine in ("duckdb", "spark")}
        assert len(texts) == 1, name
    assert expected.rows.sum() > 4000


def test_a_task_without_time_and_with_labels_apart_is_the_same_on_both(tmp_path):
    task = tasks.load("employment")
    source = raw_data.folder(task.settings.data, None)
    parts = {name: tmp_path / name for name in ("raw", "tables", "report", "train", "holdout")}
    for folder in parts.values():
        folder.mkdir()
    for path in source.glob("employment_MA_*.pq"):
        table = pq.read_table(path)
        pq.write_table(table.take(list(range(0, table.num_rows, 20))), parts["raw"] / path.name)
    ingest(task, parts["raw"], parts["tables"])
    validate(task, parts["tables"], moment(task.settings.data.as_of)).write(parts["report"])
    prepare(
        task,
        parts["tables"],
        parts["report"],
        {"train": parts["train"], "holdout": parts["holdout"]},
    )
    on_spark(
        "prepare",
        "employment",
        tables=parts["tables"],
        report=parts["report"],
        train=tmp_path / "train-spark",
        holdout=tmp_path / "holdout-spark",
    )
    same_examples(parts["train"], tmp_path / "train-spark")
    same_examples(parts["holdout"], tmp_path / "holdout-spark")
