"""Evaluate: the model is scored on the hold-out, overall, by period and by slice."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ml import task as tasks
from ml import tracking
from ml.data import report
from ml.errors import TaskError
from ml.steps import command

METRICS = "metrics.json"
Numbers = dict[str, float]


@dataclass(frozen=True)
class Evaluation:
    """All measures of one model on one hold-out."""

    task: str
    model_digest: str
    data_version: str
    train_periods: tuple[str, str]
    holdout_periods: tuple[str, str]
    overall: Numbers
    groups: dict[str, dict[str, Numbers]]

    @property
    def flat(self) -> Numbers:
        """The measures under the names they have in MLflow: holdout_auc.period.2013-10."""
        names = {f"holdout_{name}": value for name, value in self.overall.items()}
        for kind, found in self.groups.items():
            for group, numbers in found.items():
                for name, value in numbers.items():
                    names[f"holdout_{name}.{kind}.{group}"] = value
        return names

    @property
    def text(self) -> str:
        """A table for people."""
        first, last = self.holdout_periods
        lines = [f"hold-out {first} to {last}, trained on {' to '.join(self.train_periods)}"]
        lines += [f"{'':<18}{'rows':>9}{'rate':>8}{'AUC':>8}{'Brier':>8}{'log loss':>10}"]
        lines += [_line("all", self.overall)]
        for kind, found in self.groups.items():
            lines += [_line(f"{kind} {group}", numbers) for group, numbers in found.items()]
        return "\n".join(lines)


def _line(name: str, found: Numbers) -> str:
    area = f"{found['auc']:.4f}" if "auc" in found else "-"
    return (
        f"{name:<18}{found['rows']:>9.0f}{found['positive_rate']:>8.3f}{area:>8}"
        f"{found['brier']:>8.4f}{found['log_loss']:>10.4f}"
    )


def evaluate(task: tasks.Task, model: Path, holdout: Path) -> Evaluation:
    """Measure the model on periods that are later than everything it was trained on."""
    import numpy as np  # noqa: PLC0415  costs time that --help does not need

    from ml import metrics, mlflow_model  # noqa: PLC0415  as above
    from ml.data import examples  # noqa: PLC0415  as above

    about = examples.about(holdout, "holdout")
    lineage = mlflow_model.lineage(model)
    first, last = (str(about.periods[end]["period"]) for end in (0, -1))
    if first <= lineage.train_periods[1]:
        raise TaskError(
            f"the hold-out starts in {first} but the model was trained up to "
            f"{lineage.train_periods[1]}: it would be measured on what it has seen; "
            "choose later hold-out periods"
        )
    rows = examples.read(holdout, about)
    score = mlflow_model.load(model).score(rows.columns)
    groups = {"period": rows.period} | {
        name: np.asarray([str(cell) for cell in rows.columns[name]], dtype=np.str_)
        for name in task.settings.evaluation.slices
    }
    return Evaluation(
        task=about.task,
        model_digest=mlflow_model.digest(model),
        data_version=about.data_version,
        train_periods=lineage.train_periods,
        holdout_periods=(first, last),
        overall=metrics.measure(rows.label, score).numbers,
        groups={
            kind: {
                name: found.numbers
                for name, found in metrics.by_group(rows.label, score, group).items()
            }
            for kind, group in groups.items()
        },
    )


def require_alike(skew: Path, data_version: str) -> None:
    """Refuse measures where requests are computed otherwise than the examples: nobody gets them."""
    found = report.read(skew)
    if not found.passed:
        raise TaskError(f"features of scoring requests differ from training's: {found.text}")
    if found.data_version != data_version:
        raise TaskError(
            f"the skew report is about data version {found.data_version}, the hold-out of "
            f"{data_version}; run skew on the tables that the examples were made of"
        )


def main(arguments: Sequence[str]) -> None:
    """Read the command line and evaluate."""
    parser = command.parser("evaluate", "Measure the model on the hold-out.")
    parser.add_argument("--model", type=Path, required=True, help="folder that train wrote")
    parser.add_argument("--holdout", type=Path, required=True, help="folder of hold-out examples")
    parser.add_argument("--metrics", type=Path, required=True, help="folder to write measures to")
    parser.add_argument("--skew", type=Path, help="folder that skew wrote for the same tables")
    given = parser.parse_args(arguments)
    found = evaluate(tasks.load(given.task), given.model, given.holdout)
    if given.skew:
        require_alike(given.skew, found.data_version)
    text = json.dumps(asdict(found), indent=2) + "\n"
    (command.made(given.metrics) / METRICS).write_text(text, encoding="utf-8")
    command.log.info("%s", found.text)
    tracking.record(found.flat, {})


if __name__ == "__main__":
    command.run(main)
