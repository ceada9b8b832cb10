"""The scores of one mini-batch as a file: whole or not there, and known by what it is made of."""

import json
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ml import mlflow_model
from ml.data import manifest
from ml.errors import TaskError
from ml.scoring.plan import KEY, Batch, Model, Plan, identity
from ml.tabular_scorer import Cells, Scorer

# Beside Arrow's own entries in the footer, which is written last: no footer, no finished file.
MADE_OF = b"mlops.made_of"
_PARTIAL = ".partial"


@dataclass(frozen=True)
class Outcome:
    """What became of one mini-batch."""

    file: str
    rows: int
    kept: bool  # from an earlier run

    def __str__(self) -> str:
        return f"{self.file} {self.rows} {'kept' if self.kept else 'scored'}"


def folder_of(scores: Path, plan: Plan, model: Model) -> Path:
    """Return the folder of exactly this scoring, so that two never mix below one folder."""
    return scores / identity(plan, model)[:32]


def load(folder: Path, wanted: Model) -> Scorer:
    """Load a model, and refuse bytes other than those that were asked for."""
    if not folder.is_dir():
        raise TaskError(f"{folder} is no folder; give the folder of model {wanted.name}")
    found = mlflow_model.digest(folder)
    if found != wanted.digest:
        raise TaskError(
            f"model {wanted.name} version {wanted.version} has digest {found}, but {wanted.digest} "
            "was asked for; it was changed or it is another one: give the model that was released"
        )
    scorer = mlflow_model.load(folder)
    # Several processes share the cores, each with a mini-batch of its own.
    scorer.booster.set_param({"nthread": 1})
    return scorer


@dataclass(frozen=True)
class Scoring:
    """Scores mini-batches of one plan by one model, each at most once."""

    plan: Plan
    model: Model
    scorer: Scorer
    folder: Path

    def score(self, path: Path) -> Outcome:
        """Score one mini-batch unless its scores are there."""
        batch = self.plan.batch(path)
        target = self.folder / batch.file
        if is_scored(target, self.plan, self.model, batch):
            return Outcome(batch.file, batch.rows, kept=True)
        found = manifest.file_digest(path)
        if found != batch.sha256:
            raise TaskError(
                f"{path.name} has digest {found[:12]}, the plan says {batch.sha256[:12]}; run "
                "score_prepare again"
            )
        rows = pq.read_table(path)
        made = _table(self.plan, self.model, rows, self._scores(rows), batch)
        write_whole(made, target)
        return Outcome(batch.file, batch.rows, kept=False)

    def _scores(self, rows: pa.Table) -> np.ndarray:
        if rows.num_rows == 0:
            return np.empty(0, dtype=np.float64)
        return self.scorer.score({name: _cells(rows[name]) for name in self.plan.features})


def is_scored(path: Path, plan: Plan, model: Model, batch: Batch) -> bool:
    """Whether a file is whole and holds the scores of exactly this mini-batch by this model."""
    if not path.is_file():
        return False
    try:
        about = pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError):
        return False  # cut short, by a machine that was lost: it is made anew
    told = (about.metadata or {}).get(MADE_OF)
    return told == _made_of(plan, model, batch) and about.num_rows == batch.rows


def schema(keys: pa.Schema, key: Sequence[str]) -> pa.Schema:
    """Return the columns of scores; `keys` are those of a mini-batch."""
    return pa.schema(
        [
            *(pa.field(name, keys.field(f"{KEY}{name}").type) for name in key),
            pa.field("score", pa.float64(), nullable=False),
            pa.field("model_name", pa.string(), nullable=False),
            pa.field("model_version", pa.string(), nullable=False),
            pa.field("model_digest", pa.string(), nullable=False),
            pa.field("scored_at", pa.timestamp("us", tz="UTC"), nullable=False),
        ]
    )


def write_whole(table: pa.Table, target: Path) -> None:
    """Write a file that is whole as soon as it has its name, whoever else writes it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_of(target)
    try:
        pq.write_table(table, partial, compression="zstd")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def partial_of(target: Path) -> Path:
    """Return a name that no other process writes to; such files are nobody's result."""
    return target.with_name(f".{target.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}{_PARTIAL}")


def is_partial(path: Path) -> bool:
    """Whether a file was left by a process that was killed while it wrote."""
    return path.name.startswith(".") and path.name.endswith(_PARTIAL)


def _table(plan: Plan, model: Model, rows: pa.Table, score: np.ndarray, batch: Batch) -> pa.Table:
    if len(score) != batch.rows or not np.isfinite(score).all():
        raise TaskError(
            f"model {model.name} version {model.version} gave {len(score)} scores for "
            f"the {batch.rows} rows of {batch.file}, or some that are no number; wanted one a row"
        )
    wanted = schema(rows.schema, plan.key)
    count = rows.num_rows
    now = datetime.now(UTC)
    same = (model.name, model.version, model.digest, now)
    repeated = [
        pa.repeat(pa.scalar(value, type=wanted.field(len(plan.key) + 1 + at).type), count)
        for at, value in enumerate(same)
    ]
    keys = [rows[f"{KEY}{name}"] for name in plan.key]
    table = pa.table([*keys, pa.array(score, pa.float64()), *repeated], schema=wanted)
    return table.replace_schema_metadata({MADE_OF: _made_of(plan, model, batch)})


def _made_of(plan: Plan, model: Model, batch: Batch) -> bytes:
    document = {
        "identity": identity(plan, model),
        "input_sha256": batch.sha256,
        "model_digest": model.digest,
        "first": batch.first,
    }
    return json.dumps(document, sort_keys=True).encode()


def _cells(column: pa.ChunkedArray) -> Cells:
    """Return a column as the model takes it: text as objects, numbers of 32 bits."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return np.asarray(column.to_pylist(), dtype=object)
    return pc.cast(column, pa.float32()).to_numpy()
