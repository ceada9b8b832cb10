"""Train: training examples become an MLflow model folder."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from ml import task as tasks
from ml import tracking
from ml.errors import TaskError
from ml.steps import command


def train(task: tasks.Task, examples: Path, model: Path) -> dict[str, float]:
    """Fit and write the model; return the numbers worth logging."""
    from ml import mlflow_model, training  # noqa: PLC0415  numpy and more that --help does not need
    from ml.data import examples as reading  # noqa: PLC0415  as above

    about = reading.about(examples, "train")
    if about.settings_sha256 != task.settings_digest:
        raise TaskError(f"{examples} was prepared with another task.yaml; run prepare again")
    rows = reading.read(examples, about)
    settings = task.settings
    fitted = training.fit(rows, about.categories, settings.training, settings.split.stop_periods)
    periods = [str(period["period"]) for period in about.periods]
    lineage = mlflow_model.Lineage(
        task=about.task,
        data_version=about.data_version,
        schema_sha256=about.schema_sha256,
        settings_sha256=about.settings_sha256,
        train_periods=(periods[0], periods[-1]),
        rows=len(rows.label),
        rounds=fitted.rounds,
        stop_periods=fitted.stop_periods,
    )
    if model.exists():
        shutil.rmtree(model)  # a mounted output exists already; MLflow wants to make the folder
    mlflow_model.save(fitted.scorer, rows.columns, lineage, model)
    return {
        "train_rows": float(len(rows.label)),
        "train_positive_rate": float(rows.label.mean()),
        "train_rounds": float(fitted.rounds),
        "stop_log_loss": fitted.stop_log_loss,
    }


def main(arguments: Sequence[str]) -> None:
    """Read the command line and train."""
    parser = command.parser("train", "Fit the model on training examples.")
    parser.add_argument("--examples", type=Path, required=True, help="folder of training examples")
    parser.add_argument("--model", type=Path, required=True, help="folder to write the model to")
    parser.add_argument("--seed", type=int, help="instead of the task's seed")
    given = parser.parse_args(arguments)
    task = tasks.load(given.task)
    if given.seed is not None:
        training = task.settings.training.model_copy(update={"seed": given.seed})
        settings = task.settings.model_copy(update={"training": training})
        task = task.model_copy(update={"settings": settings})
    metrics = train(task, given.examples, given.model)
    for name, value in metrics.items():
        command.log.info("%s: %.6g", name, value)
    tracking.record(metrics, task.settings.training.model_dump())


if __name__ == "__main__":
    command.run(main)
