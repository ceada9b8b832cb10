"""Register: a model with a passing verdict becomes a version in the workspace, no other does."""

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ml import evidence, mlflow_model, workspace
from ml import task as tasks
from ml.errors import TaskError
from ml.steps import command
from ml.steps import reference as references
from ml.steps.evaluate import METRICS, Evaluation

if TYPE_CHECKING:
    from ml.verdict.keys import TrustedKeys
    from ml.workspace import RegisteredModel

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


def verdict_tags(
    task: str | Path,
    model: Path,
    verdict: Path,
    keys: "TrustedKeys",
    known: "Sequence[RegisteredModel]",
    *,
    job: str,
    now: datetime,
) -> dict[str, str]:
    """Return what the verdict adds to a model's tags; refused unless it opens for this model now.

    `known` are the registered versions, newest first: the champion may have changed meanwhile.
    """
    from ml.verdict import check, envelope, reigning, releasing  # noqa: PLC0415  not for --help

    path = verdict / envelope.NAME
    if not path.is_file():
        raise TaskError(f"{verdict} has no {envelope.NAME}; give the folder that gate wrote")
    text = path.read_text(encoding="utf-8")
    champion = reigning.champion(known)
    wanted = check.Wanted.of(
        model,
        task,
        job=job,
        champion=champion.tags.get(workspace.DIGEST, "unknown") if champion else None,
        now=now,
    )
    found = check.passing(text, keys, wanted)
    return {
        reigning.VERDICT: found.outcome.value,
        releasing.SHA256: envelope.digest(text),
        "policy_sha256": found.policy_sha256,
        "compared_with": found.champion.version if found.champion else "none",
    }


def registered_before(model: Path, known: "Sequence[RegisteredModel]") -> "RegisteredModel | None":
    """Return the version that has these bytes and passed its gate; there is nothing to register.

    A job that was killed after it registered and goes on meets its own version here.
    """
    from ml.gates.outcome import Outcome  # noqa: PLC0415  as above
    from ml.verdict import reigning  # noqa: PLC0415  as above

    digest = mlflow_model.digest(model)
    for each in known:
        passed = each.tags.get(reigning.VERDICT) == Outcome.PASS
        if passed and each.tags.get(workspace.DIGEST) == digest:
            return each
    return None


def trusted(key: str | None, jwk: Path | None) -> "TrustedKeys":
    """Return the key whose verdicts count: one of Key Vault, or a public one that is given."""
    from ml.verdict.key_vault import KeyVaultKeys  # noqa: PLC0415  as above
    from ml.verdict.keys import JwkKeys  # noqa: PLC0415  as above

    return JwkKeys.read(jwk) if jwk else KeyVaultKeys(str(key), workspace.credential())


def main(arguments: Sequence[str]) -> None:
    """Read the command line and register."""
    parser = command.parser("register", "Register the model with its lineage in the workspace.")
    parser.add_argument("--model", type=Path, required=True, help="folder that train wrote")
    parser.add_argument("--metrics", type=Path, required=True, help="folder that evaluate wrote")
    parser.add_argument("--verdict", type=Path, required=True, help="folder that gate wrote")
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument("--key", help="identifier of the verdicts' key in Key Vault")
    key.add_argument("--jwk", type=Path, help="file with its public half, to check without a vault")
    parser.add_argument("--card", type=Path, help="folder that card wrote, kept with the model")
    parser.add_argument("--reference", type=Path, help="folder that reference wrote, kept as well")
    parser.add_argument("--registration", type=Path, required=True, help="folder for the outcome")
    parser.add_argument("--data-asset", default="unknown", help="data asset and version")
    parser.add_argument("--environment", default="unknown", help="environment and version")
    parser.add_argument("--code-version", default="unknown", help="commit and content of the code")
    given = parser.parse_args(arguments)
    task = tasks.load(given.task)
    path = given.metrics / METRICS
    if not path.is_file():
        raise TaskError(f"{given.metrics} has no {METRICS}; give the folder that evaluate wrote")
    here, job = workspace.in_job(), os.environ.get("AZUREML_ROOT_RUN_ID", "none")
    known = here.models(task.settings.model, limit=1000)
    if before := registered_before(given.model, known):
        _write(before, given)
        return
    judged = verdict_tags(
        given.task,
        given.model,
        given.verdict,
        trusted(given.key, given.jwk),
        known,
        job=job,
        now=datetime.now(UTC),
    )
    tags = tags_of(
        given.model,
        Evaluation(**json.loads(path.read_text(encoding="utf-8"))),
        {
            "data_asset": given.data_asset,
            "environment": given.environment,
            "code_version": given.code_version,
            "job": job,
            **judged,
        },
    )
    digest = mlflow_model.digest(given.model)
    known_by = references.checked(given.reference, digest) if given.reference else None
    with tempfile.TemporaryDirectory(prefix="mlops-register-") as scratch:
        folder = Path(scratch) / "model"
        made = here.register_model(
            task.settings.model,
            evidence.attach(given.model, given.verdict, given.card, folder, known_by),
            digest,
            tags,
            f"{task.settings.name}, trained on {tags['train_periods']}",
        )
    if not made.new:
        raise TaskError(
            f"{made.name}:{made.version} says it has these bytes and has no passing verdict: it "
            "was registered past the gate; archive it, then run this again"
        )
    _write(made, given)


def _write(made: "RegisteredModel", given: argparse.Namespace) -> None:
    digest = mlflow_model.digest(given.model)
    outcome = {"name": made.name, "version": made.version, "new": made.new, "digest": digest}
    text = json.dumps(outcome, indent=2) + "\n"
    (command.made(given.registration) / REGISTRATION).write_text(text, encoding="utf-8")
    said = "registered" if made.new else "these bytes were registered before as"
    command.log.info("%s %s:%s", said, made.name, made.version)


if __name__ == "__main__":
    command.run(main)
