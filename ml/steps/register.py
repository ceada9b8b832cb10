"""Register: the model becomes a version in the workspace; the only step that talks to Azure."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from ml import mlflow_model, workspace
from ml import task as tasks
from ml.errors import TaskError
from ml.steps import command
from ml.steps.evaluate import METRICS, Evaluation

REGISTRATION = "registration.json"
HEADLINES = ("auc", "brier", "log_loss", "rows")


def tags_of(model: Path, measured: Evaluation, given: dict[str, str]) -> dict[str, str]:
    """Return a model's tags: lineage and headline measures, refused where they are another's."""
    lineage = mlflow_model.lineage(model)
    digest = mlflow_model.digest(model)
    if measured.model_digest != digest:
        raise TaskError(
            f"these measures are of model {measured.model_digest[:12]}, but the folder holds model "
            f"{digest[:12]}; run evaluate on exactly this model"
        )
    if measured.data_version != lineage.data_version:
        raise TaskError(
            f"the model was trained on data version {lineage.data_version} but measured on "
            f"{measured.data_version}; evaluate on the same window"
        )
    headlines = {
        f"holdout_{name}": f"{measured.overall[name]:.6g}"
        for name in HEADLINES
        if name in measured.overall
    }
    return {
        **headlines,
        "task": lineage.task,
        "data_version": lineage.data_version,
        "schema_sha256": lineage.schema_sha256,
        "settings_sha256": lineage.settings_sha256,
        "train_periods": " to ".join(lineage.train_periods),
        "holdout_periods": " to ".join(measured.holdout_periods),
        **given,
    }


def main(arguments: Sequence[str]) -> None:
    """Read the command line and register."""
    parser = command.parser("register", "Register the model with its lineage in the workspace.")
    parser.add_argument("--model", type=Path, required=True, help="folder that train wrote")
    parser.add_argument("--metrics", type=Path, required=True, help="folder that evaluate wrote")
    parser.add_argument("--registration", type=Path, required=True, help="folder for the outcome")
    parser.add_argument("--data-asset", default="unknown", help="data asset and version")
    parser.add_argument("--environment", default="unknown", help="environment and version")
    parser.add_argument("--code-version", default="unknown", help="commit and content of the code")
    given = parser.parse_args(arguments)
    task = tasks.load(given.task)
    path = given.metrics / METRICS
    if not path.is_file():
        raise TaskError(f"{given.metrics} has no {METRICS}; give the folder that evaluate wrote")
    tags = tags_of(
        given.model,
        Evaluation(**json.loads(path.read_text(encoding="utf-8"))),
        {
            "data_asset": given.data_asset,
            "environment": given.environment,
            "code_version": given.code_version,
            "job": os.environ.get("AZUREML_ROOT_RUN_ID", "none"),
        },
    )
    digest = mlflow_model.digest(given.model)
    made = workspace.in_job().register_model(
        task.settings.model,
        given.model,
        digest,
        tags,
        f"{task.settings.name}, trained on {tags['train_periods']}",
    )
    outcome = {"name": made.name, "version": made.version, "new": made.new, "digest": digest}
    text = json.dumps(outcome, indent=2) + "\n"
    (command.made(given.registration) / REGISTRATION).write_text(text, encoding="utf-8")
    said = "registered" if made.new else "these bytes were registered before as"
    command.log.info("%s %s:%s", said, made.name, made.version)


if __name__ == "__main__":
    command.run(main)
