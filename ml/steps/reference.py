"""Reference: what a model said of the hold-out is kept, for monitors to hold later windows against.

The hold-out's rows and not the training's: scores of rows that a model has learned are better than
any that it will give again.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ml import evidence, mlflow_model
from ml import task as tasks
from ml.errors import TaskError
from ml.steps import command

if TYPE_CHECKING:
    import pyarrow as pa

    from ml.drift.monitor import Reference
    from ml.drift.policy import Policy
    from ml.tabular_scorer import Cells, Scorer
    from ml.training import Examples

REFERENCE, ABOUT = evidence.REFERENCE, "about.json"
BATCH = 65_536


def reference(task: tasks.Task, policy: "Policy", model: Path, holdout: Path) -> "Reference":
    """Score the hold-out and count it by day; its own quantiles are the cells of every window."""
    from ml.data import examples  # noqa: PLC0415  seconds that --help does not need

    about = examples.about(holdout, "holdout")
    scorer = mlflow_model.load(model)
    return counted(task, policy, scorer, examples.read(holdout, about))


def counted(task: tasks.Task, policy: "Policy", scorer: "Scorer", rows: "Examples") -> "Reference":
    """Return the reference of rows that the scorer did not learn from."""
    from ml.drift import build, freeze  # noqa: PLC0415  as above
    from ml.drift.layout import Block  # noqa: PLC0415  as above
    from ml.drift.monitor import Reference  # noqa: PLC0415  as above

    layout = policy.layout(task.feature_names, Block.DAY)
    score = scorer.score(rows.columns)

    def batches() -> Iterator["pa.RecordBatch"]:
        for start in range(0, len(score), BATCH):
            part = slice(start, start + BATCH)
            yield _batch(policy, task.categories, rows, score[part], part)

    bins = freeze.freeze(batches(), layout.counted)
    by = policy.segments.by if policy.segments else ()
    return Reference(
        bins=bins,
        profile=build.profile(batches(), bins, layout, reference=True),
        segments=build.segments(batches(), bins, layout, by),
        importance=importance(scorer),
    )


def importance(scorer: "Scorer") -> dict[str, float]:
    """Return the share of each feature in what all splits of the booster gained."""
    gains = scorer.booster.get_score(importance_type="total_gain")
    found = {name: float(str(gains.get(name, 0.0))) for name in scorer.encoder.features}
    total = sum(found.values())
    return {name: gain / total if total else 0.0 for name, gain in found.items()}


def _batch(
    policy: "Policy",
    categories: Sequence[str],
    rows: "Examples",
    score: "Cells",
    part: slice,
) -> "pa.RecordBatch":
    import numpy as np  # noqa: PLC0415  see reference
    import pyarrow as pa  # noqa: PLC0415  as above

    columns: dict[str, pa.Array] = {}
    for name, cells in rows.columns.items():
        kind = pa.string() if name in categories else pa.float32()
        columns[name] = pa.array(np.asarray(cells)[part], type=kind)
    columns[policy.score] = pa.array(np.asarray(score, dtype=np.float32))
    columns[policy.label] = pa.array(rows.label[part])
    columns[policy.time] = pa.array(rows.time[part].astype("datetime64[us]"))
    return pa.RecordBatch.from_pydict(columns)


def read(folder: Path) -> "Reference":
    """Read the reference that a registered model brings.

    Raises:
        TaskError: it brings none, or one of another version of this code.
    """
    from pydantic import ValidationError  # noqa: PLC0415  see reference

    from ml.drift.monitor import Reference  # noqa: PLC0415  as above

    path = folder / evidence.FOLDER / REFERENCE
    if not path.is_file():
        raise TaskError(
            f"the model holds no {evidence.FOLDER}/{REFERENCE}: it was registered before models "
            "brought one; let `mlops train` register another"
        )
    try:
        return Reference.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise TaskError(
            f"{path.name} is no reference of this version: {error}; let `mlops train` register "
            "another model"
        ) from error


def checked(folder: Path, digest: str) -> Path:
    """Return the folder that this step wrote, refused where it is about another model."""
    path = folder / ABOUT
    if not path.is_file():
        raise TaskError(f"{folder} has no {ABOUT}; give the folder that reference wrote")
    about: Mapping[str, object] = json.loads(path.read_text(encoding="utf-8"))
    if about.get("model_digest") != digest:
        raise TaskError(
            f"the reference is of model {str(about.get('model_digest'))[:12]}, but the folder "
            f"holds model {digest[:12]}; give that of exactly this model"
        )
    return folder


def main(arguments: Sequence[str]) -> None:
    """Read the command line and count the hold-out."""
    parser = command.parser("reference", "Keep what the model said of the hold-out, for monitors.")
    parser.add_argument("--model", type=Path, required=True, help="folder that train wrote")
    parser.add_argument("--holdout", type=Path, required=True, help="folder of hold-out examples")
    parser.add_argument("--reference", type=Path, required=True, help="folder to write to")
    given = parser.parse_args(arguments)
    from ml.drift import policy  # noqa: PLC0415  see reference

    found = reference(tasks.load(given.task), policy.load(given.task), given.model, given.holdout)
    target = command.made(given.reference)
    (target / REFERENCE).write_text(found.model_dump_json() + "\n", encoding="utf-8")
    about = {
        "task": given.task,
        "model_digest": mlflow_model.digest(given.model),
        "bins": found.bins.digest,
        "profile": found.profile.digest,
        "rows": int(found.profile.rows.sum()),
        "days": found.profile.days,
    }
    (target / ABOUT).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    command.log.info("%d rows of %d days", about["rows"], about["days"])
    first = sorted(found.importance.items(), key=lambda pair: -pair[1])[:5]
    command.log.info("weighs most: %s", ", ".join(f"{name} {share:.0%}" for name, share in first))


if __name__ == "__main__":
    command.run(main)
