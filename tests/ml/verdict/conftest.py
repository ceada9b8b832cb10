"""A verdict over a small real model, and a key that lives in this process, for tests only."""

import hashlib
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from ml import evidence, mlflow_model
from ml import task as tasks
from ml.gates import policy
from ml.gates.outcome import Finding, Outcome, Result, Skipped
from ml.gates.policy import COMPARED, RULES
from ml.tabular_scorer import Encoder, Scorer
from ml.verdict import document, envelope, releasing
from ml.verdict.check import Wanted
from ml.verdict.subject import code, environment, model_content
from ml.workspace import DIGEST, RegisteredModel
from tests.ml.verdict.local_signer import LocalSigner

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOB = "job-of-march"


@pytest.fixture(scope="session")
def signer() -> LocalSigner:
    return LocalSigner()


@pytest.fixture
def task(tmp_path) -> Path:
    """A copy of the flights task, whose files a test may change."""
    folder = tmp_path / "flights"
    shutil.copytree(tasks.TASKS / "flights", folder)
    return folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> Path:
    """A model folder as train writes it, fitted on nothing worth knowing."""
    import xgboost as xgb  # noqa: PLC0415  seconds that the other tests do not need

    matrix = xgb.DMatrix(np.arange(20.0).reshape(-1, 1), label=np.arange(20) % 2)
    scorer = Scorer(Encoder(("hour",), {}), xgb.train({"nthread": 1}, matrix, 1))
    lineage = mlflow_model.Lineage(
        task="flights",
        data_version="d" * 16,
        schema_sha256="5" * 64,
        settings_sha256="6" * 64,
        train_periods=("2013-01", "2013-09"),
        rows=20,
        rounds=1,
        stop_periods=("2013-09",),
    )
    folder = tmp_path_factory.mktemp("trained") / "model"
    mlflow_model.save(scorer, {"hour": np.arange(5.0)}, lineage, folder)
    return folder


@pytest.fixture
def model(trained, tmp_path) -> Path:
    """A copy of the model, whose files a test may change."""
    shutil.copytree(trained, tmp_path / "model")
    return tmp_path / "model"


def results(outcome: Outcome, names) -> tuple[Result, ...]:
    return tuple(
        Result(
            rule=name,
            outcome=outcome if place == 0 else Outcome.PASS,
            reason=f"{name} was looked at",
            findings=(Finding(name="auc", outcome=Outcome.PASS, value=0.7, wanted="at least 0.6"),),
        )
        for place, name in enumerate(names)
    )


@pytest.fixture
def verdict(model, task) -> Callable[..., document.Verdict]:
    """Return a function that makes a verdict of the model; what is given replaces a part."""

    def make(**parts) -> document.Verdict:
        outcome = parts.get("outcome", Outcome.PASS)
        found = document.Verdict(
            outcome=Outcome.PASS,
            task="flights",
            job=JOB,
            issued=NOW - timedelta(hours=1),
            expires=NOW + timedelta(days=29),
            model=document.Judged(name="flights-late", content=model_content(model)),
            champion=None,
            data=document.Data(
                version="d" * 16,
                schema_sha256="5" * 64,
                settings_sha256="6" * 64,
                train_periods=("2013-01", "2013-09"),
                holdout_periods=("2013-10", "2013-12"),
                holdout_sha256=hashlib.sha256(b"holdout").hexdigest(),
            ),
            environment=environment("azureml:mlops-steps:1"),
            code=code("c0ffee"),
            policy_sha256=policy.load(task).sha256,
            results=results(Outcome.PASS, [name for name in RULES if name not in COMPARED]),
            skipped=tuple(Skipped(rule=name, reason="no champion") for name in COMPARED),
        )
        if outcome is not Outcome.PASS:
            parts["results"] = results(outcome, [result.rule for result in found.results])
        return document.Verdict.model_validate({**found.model_dump(), **parts})

    return make


@pytest.fixture
def wanted(model, task) -> Callable[..., Wanted]:
    """Return a function that reads what a verdict must be about."""

    def make(**parts) -> Wanted:
        return Wanted.of(
            parts.get("model", model),
            task,
            job=parts.get("job", JOB),
            champion=parts.get("champion"),
            now=parts.get("now", NOW),
        )

    return make


@pytest.fixture
def registered(model, task, verdict, signer, tmp_path):
    """Return a function that makes a registered model: its folder and its version."""

    def make(sealed: str | None = None, **parts):
        step = tmp_path / "gate"
        step.mkdir()
        text = sealed or envelope.seal(verdict(**parts), signer)
        (step / evidence.VERDICT).write_text(text)
        folder = evidence.attach(model, step, None, tmp_path / "registered")
        tags = {
            DIGEST: mlflow_model.digest(model),
            releasing.SHA256: envelope.digest(text),
            "job": JOB,
            "task": str(task),
        }
        return folder, RegisteredModel("flights-late", "3", tags)

    return make
