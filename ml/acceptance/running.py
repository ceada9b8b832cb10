"""All tests of one deployment in order, and the result that is then signed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from ml import evidence, mlflow_model
from ml.acceptance import cases, limits, trials
from ml.acceptance.document import Acceptance, Tested, Where
from ml.acceptance.trials import Ask, Deployed, Patience
from ml.errors import TaskError
from ml.gates.outcome import worst
from ml.serving import contract as contracts
from ml.verdict import envelope
from ml.verdict.document import Code, Environment
from ml.verdict.subject import model_content


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A registered model on disk, and where it is deployed."""

    task: str | Path
    folder: Path
    name: str
    version: str
    digest: str
    where: Where


@dataclass(frozen=True, kw_only=True)
class Runner:
    """What tests: the job, its environment and its code, and the time."""

    job: str
    environment: Environment
    code: Code
    now: Callable[[], datetime]
    patience: Patience


def run(subject: Subject, deployed: Deployed, ask: Ask, runner: Runner) -> Acceptance:
    """Test a deployment and return the result, whatever it says.

    The model is scored here by this repository's code and its booster alone; nothing that the
    model brings is run beside the key that signs.

    Raises:
        TaskError: the files are not those of the registered model.
    """
    started, content = runner.now(), model_content(subject.folder)
    if content.digest != subject.digest:
        raise TaskError(
            f"the files are of model {content.digest[:16]}, registered as {subject.name}:"
            f"{subject.version} is {subject.digest[:16]}; register the model again"
        )
    model, wanted = (subject.name, subject.version), limits.load(subject.task)
    contract = contracts.read(subject.folder)
    example = cases.Example.read(subject.folder)
    ready = trials.ready(ask, deployed, example, model, runner.patience)
    results = (
        ready,
        trials.contract(ask, example, cases.bad(contract, example)),
        trials.smoke(
            ask,
            example,
            cases.empty(contract, example),
            _scored(subject.folder),
            model=model,
            deployment=deployed.name,
        ),
        trials.load(ask, example, wanted),
    )
    return Acceptance(
        outcome=worst(result.outcome for result in results),
        task=mlflow_model.lineage(subject.folder).task,
        job=runner.job,
        started=started,
        issued=runner.now(),
        model=Tested(
            name=subject.name,
            version=subject.version,
            content=content,
            verdict_sha256=envelope.digest(evidence.verdict(subject.folder)),
        ),
        where=subject.where,
        limits=wanted,
        environment=runner.environment,
        code=runner.code,
        results=results,
    )


def _scored(folder: Path) -> trials.Score:
    scorer = mlflow_model.load(folder)

    def score(columns: Mapping[str, Sequence[object]]) -> list[float]:
        cells = {
            name: np.asarray(
                column, dtype=object if name in scorer.encoder.categories else np.float32
            )
            for name, column in columns.items()
        }
        return [float(each) for each in scorer.score(cells)]

    return score
