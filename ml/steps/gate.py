"""Gate: the model is held against the policy and the champion, and the verdict is signed."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ml import mlflow_model
from ml import task as tasks
from ml.errors import TaskError
from ml.steps import command

if TYPE_CHECKING:
    from ml.data import examples
    from ml.verdict import document
    from ml.verdict.keys import Signer

NO_CHAMPION = "none"


def gate(
    task: str | Path,
    model: Path,
    holdout: Path,
    *,
    champion: tuple[Path, str] | None,
    job: str,
    environment: str,
    code_version: str,
    now: datetime,
) -> "document.Verdict":
    """Judge a model on a hold-out; `champion` is its folder and its version."""
    from ml.data import examples  # noqa: PLC0415  numpy and more that --help does not need
    from ml.gates import judge, policy  # noqa: PLC0415  as above
    from ml.verdict import document, subject  # noqa: PLC0415  as above

    read, settings = policy.load(task), tasks.load(task)
    about = examples.about(holdout, "holdout")
    lineage = mlflow_model.lineage(model)
    _refuse_strangers(settings, about, lineage)
    # Digests come first: what is signed for is what was there before any of it was used.
    content = subject.model_content(model)
    holdout_sha256 = subject.holdout_digest(holdout)
    opponent = champion and document.Champion(
        version=champion[1], digest=subject.model_content(champion[0]).digest
    )
    evidence = judge.gather(holdout, model, champion and champion[0], read.rules)
    judged = judge.judge(evidence, read.rules)
    if subject.model_content(model) != content:
        raise TaskError(f"{model} changed while it was judged; run the gate on a folder at rest")
    periods = [str(period["period"]) for period in about.periods]
    return document.Verdict(
        outcome=judged.outcome,
        task=settings.settings.name,
        job=job,
        issued=now,
        expires=now + timedelta(days=read.rules.valid_days),
        model=document.Judged(name=settings.settings.model, content=content),
        champion=opponent,
        data=document.Data(
            version=about.data_version,
            schema_sha256=about.schema_sha256,
            settings_sha256=about.settings_sha256,
            train_periods=lineage.train_periods,
            holdout_periods=(periods[0], periods[-1]),
            holdout_sha256=holdout_sha256,
        ),
        environment=subject.environment(environment),
        code=subject.code(code_version),
        policy_sha256=read.sha256,
        results=judged.results,
        skipped=judged.skipped,
    )


def write(verdict: "document.Verdict", signer: "Signer", folder: Path) -> None:
    """Sign the verdict, whatever it says, and write it where register looks for it."""
    from ml.verdict import envelope  # noqa: PLC0415  as above

    (command.made(folder) / envelope.NAME).write_text(
        envelope.seal(verdict, signer), encoding="utf-8"
    )


def _refuse_strangers(
    task: tasks.Task, about: "examples.About", lineage: mlflow_model.Lineage
) -> None:
    """Model, hold-out and task must be of one window, one schema and one task file."""
    wanted = {
        "task": task.settings.name,
        "schema_sha256": task.schema_digest,
        "settings_sha256": task.settings_digest,
        "data_version": about.data_version,
    }
    for part, found in (("hold-out", about), ("model", lineage)):
        for name, value in wanted.items():
            if getattr(found, name) != value:
                raise TaskError(
                    f"the {part} has {name} {getattr(found, name)}, wanted is {value}; train and "
                    "evaluate on one window with the present files of the task"
                )


def main(arguments: Sequence[str]) -> None:
    """Read the command line, judge and sign; the outcome is register's to act on."""
    parser = command.parser("gate", "Judge the model and sign the verdict.")
    parser.add_argument("--model", type=Path, required=True, help="folder that train wrote")
    parser.add_argument("--holdout", type=Path, required=True, help="folder of hold-out examples")
    parser.add_argument("--champion", type=Path, help="model folder of the present champion")
    parser.add_argument("--champion-version", default=NO_CHAMPION, help="its version")
    parser.add_argument("--key", required=True, help="identifier of the signing key in Key Vault")
    parser.add_argument("--verdict", type=Path, required=True, help="folder for the verdict")
    parser.add_argument("--environment", default="unknown", help="environment and version")
    parser.add_argument("--code-version", default="unknown", help="commit and content of the code")
    given = parser.parse_args(arguments)
    if (given.champion is None) != (given.champion_version == NO_CHAMPION):
        raise TaskError(
            f"--champion is {given.champion} and --champion-version {given.champion_version}; give "
            "both, or neither where there is no champion yet"
        )
    from ml import workspace  # noqa: PLC0415  as above
    from ml.verdict.key_vault import KeyVaultSigner  # noqa: PLC0415  as above

    signer = KeyVaultSigner(given.key, workspace.credential())
    command.log.info("signing with key %s", signer.key_id)  # asked first: no key, no work
    verdict = gate(
        given.task,
        given.model,
        given.holdout,
        champion=given.champion and (given.champion, given.champion_version),
        job=os.environ.get("AZUREML_ROOT_RUN_ID", "none"),
        environment=given.environment,
        code_version=given.code_version,
        now=datetime.now(UTC).replace(microsecond=0),
    )
    write(verdict, signer, given.verdict)
    command.log.info("%s", verdict.text)


if __name__ == "__main__":
    command.run(main)
