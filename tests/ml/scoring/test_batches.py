"""Mini-batches, their scores and their merging, over a table that is made up."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import task as tasks
from ml.data import manifest
from ml.errors import TaskError
from ml.scoring import batches, merge, scored
from ml.scoring.plan import Model, Plan, read
from ml.tabular_scorer import Encoder, Scorer

MODEL = Model(name="toy", version="1", digest="d" * 64)
SCHEMA = """
tables:
  events:
    files: [events]
    key: [id, day]
    columns:
      id: {type: text, known: before}
      day: {type: integer, known: before}
      size: {type: number, known: before}
      place: {type: text, known: before}
      late: {type: number, known: after}
"""
TASK = """
name: toy
model: toy
data: {asset: toy, package: toy, folder: toy, as_of: "2020-01-01T00:00:00"}
events: events
period: [day]
label: {column: late, above: 0}
features: {size: {column: size}, id: {column: id}, place: {column: place}}
split: {train: ["2000", "2001"], holdout: ["2002", "2003"]}
training: {seed: 1, threads: 1, rounds: 1, patience: 1, learning_rate: 0.1, max_leaves: 2,
  min_child_weight: 1, rare_category: 1}
"""


class Sizes(Scorer):
    """Scores a row by its size, so that a test knows the right answer."""

    def score(self, columns):
        return np.asarray(columns["size"], dtype=np.float64) / 1000


SCORER = Sizes(Encoder(("size", "id", "place"), {}), None)  # type: ignore[arg-type]  unused


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> tasks.Task:
    folder = tmp_path_factory.mktemp("toy")
    (folder / "schema.yaml").write_text("missing: NA" + SCHEMA)
    (folder / "task.yaml").write_text(TASK)
    return tasks.load(folder)


def ingested(toy: tasks.Task, folder: Path, *parts: list[tuple[str | None, int]]):
    """Write tables as the ingest step does; sizes count through all parts."""
    made, size = [], 0
    for number, keys in enumerate(parts):
        path = folder / "events" / f"{number}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        table = pa.table(
            {
                "id": pa.array([key[0] for key in keys], pa.string()),
                "day": pa.array([key[1] for key in keys], pa.int64()),
                "size": pa.array(range(size, size + len(keys)), pa.float64()),
                "place": pa.array([None] * len(keys), pa.string()),
                "late": pa.array([None] * len(keys), pa.float64()),
            }
        )
        pq.write_table(table, path, row_group_size=7)
        size += len(keys)
        made.append(
            manifest.Part(
                window="",
                stem=str(number),
                source=f"{number}.csv",
                file=f"events/{number}.parquet",
                sha256=manifest.file_digest(path),
                rows=len(keys),
            )
        )
    return manifest.Manifest(
        task="toy",
        data_version="v",
        raw_version="v",
        schema_sha256=toy.schema_digest,
        windows={},
        tables={"events": manifest.Ingested(parts=tuple(made))},
    )


def planned(toy: tasks.Task, folder: Path, size: int, *parts: list[tuple[str | None, int]]) -> Plan:
    (folder / "batches").mkdir()
    about = ingested(toy, folder / "tables", *parts)
    return batches.write(toy, folder / "tables", about, folder / "batches", size)


def scored_all(plan: Plan, folder: Path) -> scored.Scoring:
    target = scored.folder_of(folder / "scores", plan, MODEL)
    scoring = scored.Scoring(plan, MODEL, SCORER, target)
    for batch in plan.batches:
        scoring.score(folder / "batches" / batch.file)
    return scoring


def merged(plan: Plan, folder: Path) -> pa.Table:
    merge.merge(plan, MODEL, folder / "batches", folder / "scores", folder / "merged")
    return pq.read_table(folder / "merged" / merge.SCORES)


def keys(count: int, day: int = 2000) -> list[tuple[str | None, int]]:
    """Keys that an engine would not leave in this order by itself."""
    return [(f"e{(number * 7919) % 1009:04d}", day) for number in range(count)]


@settings(max_examples=25, deadline=None)
@given(
    counts=st.lists(st.integers(0, 60), min_size=1, max_size=3),
    size=st.integers(1, 70),
)
def test_any_size_of_mini_batch_gives_one_score_a_row_in_input_order(toy, counts, size):
    parts = [keys(count, 2000 + number) for number, count in enumerate(counts)]
    rows = [key for part in parts for key in part]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = planned(toy, folder, size, *parts)
        assert [batch.rows for batch in plan.batches[:-1]] == [size] * (len(plan.batches) - 1)
        scored_all(plan, folder)
        found = merged(plan, folder)
    assert list(zip(found["id"].to_pylist(), found["day"].to_pylist(), strict=True)) == rows
    expected = np.arange(len(rows), dtype=np.float64) / 1000
    np.testing.assert_array_equal(found["score"].to_numpy(), expected)


def test_a_table_without_rows_gives_a_file_without_rows(toy, tmp_path):
    plan = planned(toy, tmp_path, 10, [])
    assert [batch.rows for batch in plan.batches] == [0]
    scored_all(plan, tmp_path)
    found = merged(plan, tmp_path)
    assert found.num_rows == 0
    assert found.schema.names[:3] == ["id", "day", "score"]


def test_a_key_that_two_rows_have_is_refused_with_its_place(toy, tmp_path):
    with pytest.raises(TaskError, match=r"1 keys that several rows have.*\n  row 2: id=b, day=1"):
        planned(toy, tmp_path, 10, [("a", 1), ("b", 1)], [("b", 1), ("b", 2)])


def test_a_row_with_an_empty_key_is_refused(toy, tmp_path):
    with pytest.raises(TaskError, match=r"1 rows with an empty key.*\n  row 2: id=None, day=1"):
        planned(toy, tmp_path, 10, [("a", 1), (None, 1)])


def test_rows_that_the_manifest_does_not_know_are_refused(toy, tmp_path):
    about = ingested(toy, tmp_path, keys(5))
    ingested(toy, tmp_path, keys(6))
    (tmp_path / "batches").mkdir()
    with pytest.raises(TaskError, match="has 5 rows but features were made of 6"):
        batches.write(toy, tmp_path, about, tmp_path / "batches", 10)


@pytest.fixture
def done(toy, tmp_path) -> tuple[Plan, scored.Scoring]:
    plan = planned(toy, tmp_path, 10, keys(35))
    return plan, scored_all(plan, tmp_path)


def test_merging_refuses_rows_without_scores(done, tmp_path):
    plan, scoring = done
    (scoring.folder / plan.batches[1].file).unlink()
    with pytest.raises(TaskError, match="1 of 4 mini-batches have no scores, 10 rows: 00"):
        merged(plan, tmp_path)
    assert not (tmp_path / "merged").exists()


def test_merging_refuses_scores_that_would_be_there_twice(done, tmp_path):
    plan, scoring = done
    first = scoring.folder / plan.batches[0].file
    (scoring.folder / "again.parquet").write_bytes(first.read_bytes())
    with pytest.raises(TaskError, match=r"would be there twice: again\.parquet"):
        merged(plan, tmp_path)


def test_merging_refuses_the_scores_of_another_mini_batch(done, tmp_path):
    plan, scoring = done
    first, second = (scoring.folder / batch.file for batch in plan.batches[:2])
    second.write_bytes(first.read_bytes())
    with pytest.raises(TaskError, match="1 of 4 mini-batches have no scores"):
        merged(plan, tmp_path)


def test_merging_refuses_scores_with_other_keys(done, tmp_path):
    plan, scoring = done
    path = scoring.folder / plan.batches[0].file
    table = pq.read_table(path)
    twice = pa.concat_tables([table.slice(0, 1), table.slice(0, 9)])
    pq.write_table(twice.replace_schema_metadata(table.schema.metadata), path)
    with pytest.raises(TaskError, match="have other keys than its rows"):
        merged(plan, tmp_path)
    assert not list((tmp_path / "merged").iterdir())


def test_what_a_killed_process_left_behind_counts_for_nothing(done, tmp_path):
    plan, scoring = done
    path = scoring.folder / plan.batches[0].file
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    scored.partial_of(path).write_bytes(whole)
    again = scoring.score(tmp_path / "batches" / path.name)
    assert (again.rows, again.kept) == (10, False)
    assert merged(plan, tmp_path).num_rows == 35


def test_only_what_is_of_the_same_rows_and_model_is_kept(done, toy, tmp_path):
    plan, scoring = done
    batch = plan.batches[0]
    path = scoring.folder / batch.file
    other = MODEL.model_copy(update={"digest": "e" * 64})
    changed = batch.model_copy(update={"sha256": "f" * 64})
    assert scored.is_scored(path, plan, MODEL, batch)
    assert not scored.is_scored(path, plan, other, batch)
    assert not scored.is_scored(path, plan, MODEL, changed)
    assert scored.folder_of(tmp_path, plan, other) != scored.folder_of(tmp_path, plan, MODEL)


def test_a_mini_batch_with_other_bytes_than_planned_is_refused(done, tmp_path):
    plan, scoring = done
    (first, second, *_) = (tmp_path / "batches" / batch.file for batch in plan.batches)
    (scoring.folder / first.name).unlink()
    first.write_bytes(second.read_bytes())
    with pytest.raises(TaskError, match="the plan says"):
        scoring.score(first)


def test_a_model_that_gives_no_number_is_refused(done, tmp_path):
    plan, scoring = done

    class Broken(Sizes):
        def score(self, columns):
            return super().score(columns) * np.nan

    (scoring.folder / plan.batches[0].file).unlink()
    broken = scored.Scoring(plan, MODEL, Broken(SCORER.encoder, SCORER.booster), scoring.folder)
    with pytest.raises(TaskError, match="some that are no number"):
        broken.score(tmp_path / "batches" / plan.batches[0].file)


def test_a_plan_that_leaves_rows_out_is_refused(done, tmp_path):
    plan, _ = done
    plan.write(tmp_path)
    assert read(tmp_path) == plan
    plan.model_copy(update={"batches": plan.batches[1:]}).write(tmp_path)
    with pytest.raises(TaskError, match="starts at row 10, wanted row 0"):
        read(tmp_path)
    plan.model_copy(update={"batches": plan.batches[:-1]}).write(tmp_path)
    with pytest.raises(TaskError, match="have 30 rows, wanted 35"):
        read(tmp_path)


def test_every_row_says_when_it_was_scored(done, tmp_path):
    before = datetime.now(UTC)
    moments = merged(done[0], tmp_path)["scored_at"].to_pylist()
    assert all(moment <= before for moment in moments)
    assert len(moments) == 35
