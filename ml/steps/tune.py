"""Tune: one trial of a sweep: how good some settings are on folds in time order."""

import json
from collections.abc import Sequence
from pathlib import Path

from ml import task as tasks
from ml import tracking
from ml.errors import TaskError
from ml.steps import command
from ml.steps.train import PARAMETERS, TUNABLE, add_settings, with_settings

METRIC = "stop_log_loss"


def tune(task: tasks.Task, examples: Path) -> dict[str, float]:
    """Return the log loss on the folds that stop boosting, and after how many rounds they did.

    The hold-out is not looked at: what is chosen here is judged there like any other model.
    """
    from ml import training  # noqa: PLC0415  numpy and more that --help does not need
    from ml.data import examples as reading  # noqa: PLC0415  as above

    about = reading.about(examples, "train")
    if about.settings_sha256 != task.settings_digest:
        raise TaskError(f"{examples} was prepared with another task.yaml; run prepare again")
    settings = task.settings
    found = training.stopped(
        reading.read(examples, about),
        about.categories,
        settings.training,
        settings.split.stop_periods,
    )
    return {METRIC: found.log_loss, "train_rounds": float(found.rounds)}


def main(arguments: Sequence[str]) -> None:
    """Read the command line, try the settings and keep them."""
    parser = command.parser("tune", "Measure settings of the booster on folds in time order.")
    parser.add_argument("--examples", type=Path, required=True, help="folder of training examples")
    parser.add_argument("--parameters", type=Path, required=True, help="folder to write them to")
    add_settings(parser)
    given = parser.parse_args(arguments)
    task = with_settings(tasks.load(given.task), given)
    metrics = tune(task, given.examples)
    chosen = {name: getattr(given, name) for name in TUNABLE}
    tried = {name: value for name, value in chosen.items() if value is not None}
    text = json.dumps(tried, indent=2, sort_keys=True) + "\n"
    (command.made(given.parameters) / PARAMETERS).write_text(text, encoding="utf-8")
    command.log.info("%s: %s %.6g", json.dumps(tried), METRIC, metrics[METRIC])
    tracking.record(metrics, tried)


if __name__ == "__main__":
    command.run(main)
