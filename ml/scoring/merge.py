"""Putting scores together: one file in input order, or a refusal that names what is wrong."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from ml.data import manifest
from ml.errors import TaskError
from ml.scoring import scored
from ml.scoring.plan import KEY, Batch, Model, Plan, identity

SCORES, ABOUT = "scores.parquet", "scores.json"
SHOWN = 5


class Merged(BaseModel):
    """What stands beside the scores: how many, of what, by which model."""

    model_config = ConfigDict(frozen=True)
    task: str
    data_version: str
    rows: int
    model_name: str
    model_version: str
    model_digest: str
    identity: str
    scores_sha256: str


def merge(plan: Plan, model: Model, batches: Path, scores: Path, target: Path) -> Merged:
    """Write all scores into the target folder; nothing is written if one row has none or two."""
    folder = scored.folder_of(scores, plan, model)
    _refuse_files(plan, model, folder)
    target.mkdir(parents=True, exist_ok=True)
    path, rows = target / SCORES, 0
    partial = scored.partial_of(path)
    try:
        with pq.ParquetWriter(partial, _schema(plan, batches), compression="zstd") as writer:
            for batch in plan.batches:
                found = pq.read_table(folder / batch.file)
                _refuse_keys(plan, batch, batches, found)
                writer.write_table(found.replace_schema_metadata(None))
                rows += found.num_rows
        if rows != plan.rows:
            raise TaskError(f"{rows} scores for {plan.rows} rows; run score again")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    merged = Merged(
        task=plan.task,
        data_version=plan.data_version,
        rows=rows,
        model_name=model.name,
        model_version=model.version,
        model_digest=model.digest,
        identity=identity(plan, model),
        scores_sha256=manifest.file_digest(path),
    )
    text = json.dumps(merged.model_dump(mode="json"), indent=2) + "\n"
    (target / ABOUT).write_text(text, encoding="utf-8")
    return merged


def _refuse_files(plan: Plan, model: Model, folder: Path) -> None:
    """Every mini-batch has its file, and there is no other: its rows would be there twice."""
    wanted = {batch.file: batch for batch in plan.batches}
    found = {path.name for path in folder.glob("*") if not scored.is_partial(path)}
    missing = [
        name
        for name, batch in wanted.items()
        if not scored.is_scored(folder / name, plan, model, batch)
    ]
    if missing:
        rows = sum(wanted[name].rows for name in missing)
        raise TaskError(
            f"{len(missing)} of {len(wanted)} mini-batches have no scores, {rows} rows: "
            f"{_some(missing)}; run score again, what is done is kept"
        )
    if more := sorted(found - set(wanted)):
        raise TaskError(
            f"{len(more)} file(s) among the scores are of no mini-batch, their rows would be there "
            f"twice: {_some(more)}; delete them from {folder.name}"
        )


def _refuse_keys(plan: Plan, batch: Batch, batches: Path, found: pa.Table) -> None:
    """The scores of a mini-batch have its keys in its order: the file that was scored says so."""
    path = batches / batch.file
    if not path.is_file() or manifest.file_digest(path) != batch.sha256:
        raise TaskError(f"{batch.file} is not the mini-batch of the plan; run score_prepare again")
    rows = pq.read_table(path, columns=[f"{KEY}{name}" for name in plan.key])
    same = found.num_rows == rows.num_rows and all(
        found[name].equals(rows[f"{KEY}{name}"]) for name in plan.key
    )
    if not same:
        raise TaskError(
            f"the scores of {batch.file} have other keys than its rows; delete that file of scores "
            "and run score again"
        )


def _schema(plan: Plan, batches: Path) -> pa.Schema:
    return scored.schema(pq.read_schema(batches / plan.batches[0].file), plan.key)


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" and others" if len(names) > SHOWN else "")
