"""Train: training examples become an MLflow model folder."""

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from ml import distributed, tracking
from ml import task as tasks
from ml.distributed import Group
from ml.errors import TaskError
from ml.steps import command
from ml.task import Training

ALONE = Group()
# What a sweep may choose, with the type on the command line.
TUNABLE = {
    "seed": int,
    "rounds": int,
    "learning_rate": float,
    "max_leaves": int,
    "min_child_weight": float,
}
DEVICES = ("cpu", "cuda")
PARAMETERS = "parameters.json"


def train(
    task: tasks.Task, examples: Path, model: Path, *, group: Group = ALONE
) -> dict[str, float]:
    """Fit and write the model; return the numbers worth logging.

    Of a group of processes, the leading one writes.
    """
    from ml import mlflow_model, training  # noqa: PLC0415  numpy and more that --help does not need
    from ml.data import examples as reading  # noqa: PLC0415  as above

    about = reading.about(examples, "train")
    if about.settings_sha256 != task.settings_digest:
        raise TaskError(f"{examples} was prepared with another task.yaml; run prepare again")
    rows = reading.read(examples, about)
    settings = task.settings
    fitted = training.fit(
        rows,
        about.categories,
        settings.training,
        settings.split.stop_periods,
        group=group,
    )
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
        fitted_with=settings.training.model_dump(),
    )
    if group.leads:
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
    parser.add_argument(
        "--parameters", type=Path, help="folder that tune wrote: its settings serve"
    )
    add_settings(parser)
    given = parser.parse_args(arguments)
    task = with_values(tasks.load(given.task), tuned(given.parameters) if given.parameters else {})
    task = with_settings(task, given)
    group = distributed.from_environment()
    metrics = train(task, given.examples, given.model, group=group)
    if not group.leads:
        return
    for name, value in metrics.items():
        command.log.info("%s: %.6g", name, value)
    tracking.record(metrics, {"processes": group.size, **task.settings.training.model_dump()})


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add what may be said instead of the task's settings."""
    parser.add_argument("--device", choices=DEVICES, help="where trees are grown")
    parser.add_argument("--folds", type=int, help="how many of the last periods stop boosting")
    for name, kind in TUNABLE.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, help="instead of the task's")


def with_settings(task: tasks.Task, given: argparse.Namespace) -> tasks.Task:
    """Return the task with what the command line says instead."""
    task = with_values(task, {name: getattr(given, name) for name in (*TUNABLE, "device")})
    return with_folds(task, given.folds)


def with_folds(task: tasks.Task, folds: int | None) -> tasks.Task:
    """Return the task with so many of the last periods to stop on; None keeps the task's."""
    if folds is None:
        return task
    if folds < 1:
        raise TaskError(f"folds is {folds}; give 1 or more, one for each of the last periods")
    split = task.settings.split.model_copy(update={"stop_periods": folds})
    return task.model_copy(update={"settings": task.settings.model_copy(update={"split": split})})


def tuned(folder: Path) -> dict[str, object]:
    """Read the settings that the best trial of a sweep had."""
    path = folder / PARAMETERS
    if not path.is_file():
        raise TaskError(f"{folder} has no {PARAMETERS}; give the folder that tune wrote")
    found = json.loads(path.read_text(encoding="utf-8"))
    command.log.info("from the sweep: %s", json.dumps(found))
    return dict(found)


def with_values(task: tasks.Task, values: Mapping[str, object]) -> tasks.Task:
    """Return the task with other settings of the booster, such as a sweep tries; None keeps one.

    Raises:
        TaskError: a value is none that task.yaml could have.
    """
    given = {name: value for name, value in values.items() if value is not None}
    try:
        training = Training.model_validate({**task.settings.training.model_dump(), **given})
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors()]
        raise TaskError(f"these settings of the booster are wrong: {'; '.join(wrong)}") from error
    settings = task.settings.model_copy(update={"training": training})
    return task.model_copy(update={"settings": settings})


if __name__ == "__main__":
    command.run(main)
