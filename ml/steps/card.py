"""Card: a model's measures, verdict, data and lineage become its model card."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ml import mlflow_model
from ml import task as tasks
from ml.cards import words
from ml.errors import TaskError
from ml.steps import command
from ml.steps.evaluate import METRICS, Evaluation

if TYPE_CHECKING:
    from ml.cards.writing import Card, Field, Rule
    from ml.training import Examples

VERDICT = "verdict.json"
_TOP = 3


def card_of(
    task: tasks.Task,
    said: words.Words,
    *,
    model: Path,
    measured: Evaluation,
    holdout: Path,
    verdict: Mapping[str, object],
    lineage: Mapping[str, str],
) -> "Card":
    """Gather what the card says; the verdict is shown here and checked where it opens something.

    Raises:
        TaskError: measures or verdict are about another model.
    """
    from ml.cards import calibration  # noqa: PLC0415  numpy, which --help does not need
    from ml.cards.writing import Card  # noqa: PLC0415  as above
    from ml.data import examples  # noqa: PLC0415  as above

    digest = mlflow_model.digest(model)
    judged = _inner(verdict, "model", "content").get("digest")
    for what, found in (("measures", measured.model_digest), ("verdict", judged)):
        if found != digest:
            raise TaskError(
                f"the {what} are of model {str(found)[:12]}, but the folder holds model "
                f"{digest[:12]}; give those of exactly this model"
            )
    trained = mlflow_model.lineage(model)
    about = examples.about(holdout, "holdout")
    rows = examples.read(holdout, about)
    score = mlflow_model.load(model).score(rows.columns)
    return Card(
        model=task.settings.model,
        words=said,
        train_periods=trained.train_periods,
        holdout_periods=measured.holdout_periods,
        train_rows=trained.rows,
        overall=measured.overall,
        groups=measured.groups,
        bins=calibration.reliability(rows.label, score),
        fields=_fields(rows, about.categories),
        outcome=str(verdict.get("outcome")),
        rules=_rules(verdict),
        lineage={
            "model digest": digest,
            "data version": trained.data_version,
            "schema digest": trained.schema_sha256,
            "settings digest": trained.settings_sha256,
            "gate policy digest": str(verdict.get("policy_sha256")),
            **lineage,
        },
    )


def _rules(verdict: Mapping[str, object]) -> "list[Rule]":
    from ml.cards.writing import Rule  # noqa: PLC0415  as above

    found = verdict.get("results")
    results = [dict(each) for each in found] if isinstance(found, list) else []
    return [Rule(str(r["rule"]), str(r["outcome"]), str(r["reason"])) for r in results]


def _fields(rows: "Examples", categories: Sequence[str]) -> "list[Field]":
    import numpy as np  # noqa: PLC0415  as above

    from ml.cards.writing import Field  # noqa: PLC0415  as above

    fields: list[Field] = []
    for name, cells in rows.columns.items():
        if name in categories:
            present = [str(cell) for cell in cells if isinstance(cell, str)]
            values, counts = np.unique(np.asarray(present, dtype=str), return_counts=True)
            top = np.argsort(-counts, kind="stable")[:_TOP]
            most = ", ".join(f"{values[at]} {counts[at] / len(present):.0%}" for at in top)
            empty = 1 - len(present) / len(rows.label)
            fields.append(Field(name, "category", empty, f"{len(values)} values, most: {most}"))
            continue
        numbers = np.asarray(cells, dtype=np.float64)
        known = numbers[np.isfinite(numbers)]
        empty = 1 - len(known) / len(rows.label)
        if len(known) == 0:
            fields.append(Field(name, "number", empty, "no value"))
            continue
        low, middle, high = np.quantile(known, [0.05, 0.5, 0.95])
        said = f"median {middle:.4g}, 90 % from {low:.4g} to {high:.4g}"
        fields.append(Field(name, "number", empty, said))
    return fields


def _inner(document: Mapping[str, object], *names: str) -> dict[str, object]:
    found: object = document
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}


def verdict_in(folder: Path) -> dict[str, object]:
    """Return the content of the verdict that the gate wrote, unchecked."""
    path = folder / VERDICT
    if not path.is_file():
        raise TaskError(f"{folder} has no {VERDICT}; give the folder that the gate wrote")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise TaskError(f"{path} is no JSON: {error}; run the gate again") from error
    return _inner(document, "verdict")


def main(arguments: Sequence[str]) -> None:
    """Read the command line and write the card."""
    parser = command.parser("card", "Write the model card.")
    parser.add_argument("--model", type=Path, required=True, help="folder that train wrote")
    parser.add_argument("--metrics", type=Path, required=True, help="folder that evaluate wrote")
    parser.add_argument("--holdout", type=Path, required=True, help="folder of hold-out examples")
    parser.add_argument("--verdict", type=Path, required=True, help="folder that the gate wrote")
    parser.add_argument("--card", type=Path, required=True, help="folder to write the card to")
    parser.add_argument("--data-asset", default="unknown", help="data asset and version")
    parser.add_argument("--environment", default="unknown", help="environment and version")
    parser.add_argument("--code-version", default="unknown", help="commit and content of the code")
    given = parser.parse_args(arguments)
    path = given.metrics / METRICS
    if not path.is_file():
        raise TaskError(f"{given.metrics} has no {METRICS}; give the folder that evaluate wrote")
    from ml.cards import writing  # noqa: PLC0415  as above

    card = card_of(
        tasks.load(given.task),
        words.read(given.task),
        model=given.model,
        measured=Evaluation(**json.loads(path.read_text(encoding="utf-8"))),
        holdout=given.holdout,
        verdict=verdict_in(given.verdict),
        lineage={
            "data asset": given.data_asset,
            "environment": given.environment,
            "code": given.code_version,
        },
    )
    writing.write(card, command.made(given.card))
    command.log.info("wrote %s and %s", writing.MARKDOWN, writing.HTML)


if __name__ == "__main__":
    command.run(main)
