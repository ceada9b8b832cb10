"""A small real model behind the real contract, as a deployment of staging would serve it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from ml import mlflow_model
from ml.acceptance import running
from ml.acceptance.check import KeysOf, Wanted
from ml.acceptance.document import Acceptance, Where, workspace_id
from ml.acceptance.trials import Answer, Deployed, Patience
from ml.place import Place
from ml.serving import collecting, telemetry
from ml.serving import contract as contracts
from ml.serving.service import Service
from ml.verdict.document import Code, Environment
from ml.verdict.subject import code, environment
from ml.workspace import RegisteredModel
from tests.ml.verdict.conftest import (  # noqa: F401  fixtures, which pytest finds by their names
    NOW,
    model,
    registered,
    signer,
    task,
    trained,
    verdict,
)
from tests.ml.verdict.local_signer import LocalSigner

STAGING = Place("0000-sub", "rg-staging", "mlw-staging")
STAGING_KEY = "https://staging.vault.azure.net/keys/verdicts"
REFUSED = 424


@dataclass
class Served:
    """A deployment; a test may change what it answers."""

    service: Service
    name: str = "v3-0a1b2c3d"
    state: str = "Succeeded"
    model: str = "azureml:/s/r/workspaces/w/models/flights-late/versions/3"
    asked: list[bytes] = field(default_factory=list)
    change: Callable[[bytes, Answer], Answer] = lambda _body, answer: answer

    @property
    def deployed(self) -> Deployed:
        return Deployed(self.name, self.state, self.model)

    def __call__(self, body: bytes) -> Answer:
        self.asked.append(body)
        found = self.service.answer(body, {})
        told = json.loads(json.dumps(found.body))
        answer = (
            Answer(200, 3.0, told, None, self.name)
            if found.status == 200
            else Answer(REFUSED, 3.0, told, found.status, self.name)
        )
        return self.change(body, answer)


def service_of(folder: Path, name: str = "flights-late", version: str = "3") -> Service:
    """Return what score.py makes of a model's folder."""
    scorer = mlflow_model.load(folder)
    return Service(
        model=name,
        version=version,
        contract=contracts.read(folder),
        predict=lambda columns: scorer.score(
            {each: np.asarray(cells, dtype=np.float32) for each, cells in columns.items()}
        ),
        collecting=collecting.nothing(),
        telemetry=telemetry.start({"model": name}, None),
        most_rows=1000,
    )


@pytest.fixture(scope="session")
def staging() -> LocalSigner:
    """The key that staging's gate signs with."""
    return LocalSigner(f"{STAGING_KEY}/7")


@pytest.fixture
def trusted(staging) -> KeysOf:
    return KeysOf(staging.trusted, STAGING_KEY)


@pytest.fixture
def arrived(registered, task) -> tuple[Path, RegisteredModel]:  # noqa: F811  the fixtures
    """The registered model in staging: its folder and its version; few requests are a load here."""
    rollout = task / "rollout.yaml"
    rollout.write_text(rollout.read_text().replace("min_requests: 200", "min_requests: 20"))
    return registered()


@pytest.fixture
def served(arrived) -> Served:
    return Served(service_of(arrived[0]))


@pytest.fixture(scope="session")
def built_by() -> tuple[Environment, Code]:
    """Environment and code of these tests, hashed once."""
    return environment("azureml:mlops-steps:1"), code("c0ffee")


@pytest.fixture
def run(arrived, served, built_by) -> Callable[..., Acceptance]:
    """Return a function that tests the deployment; what is given replaces a part of the subject."""

    def test(**parts) -> Acceptance:
        folder, version = arrived
        hours = iter([NOW - timedelta(hours=2), NOW - timedelta(hours=1)])
        seconds = iter(range(1000))
        subject = running.Subject(
            task=version.tags["task"],
            folder=folder,
            name=version.name,
            version=version.version,
            digest=mlflow_model.digest(folder),
            where=Where(
                workspace=workspace_id(STAGING), endpoint="flights", deployment=served.name
            ),
        )
        return running.run(
            replace(subject, **parts),
            served.deployed,
            served,
            running.Runner(
                job="job-of-staging",
                environment=built_by[0],
                code=built_by[1],
                now=lambda: next(hours),
                patience=Patience(lambda: float(next(seconds)), lambda _seconds: None),
            ),
        )

    return test


@pytest.fixture
def wanted(arrived) -> Callable[..., Wanted]:
    """Return a function that reads what a result must be about, now."""

    def make(**parts) -> Wanted:
        folder, version = arrived
        made = Wanted.of(folder, version, STAGING, now=parts.pop("now", NOW))
        return replace(made, **parts)

    return make
