"""`mlops promote --to staging` deploys what it promoted, tests it once, and takes failures down."""

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from azure.core.exceptions import ResourceNotFoundError

from ml import mlflow_model
from ml.acceptance import check
from ml.acceptance.document import KIND
from ml.acceptance.errors import AcceptanceError
from ml.cli import accepting, promoting
from ml.errors import PlatformError
from ml.serving import deploying
from ml.target import Target
from ml.verdict import check as verdicts
from ml.verdict import envelope
from ml.workspace import Run, Workspace
from tests.ml.acceptance.conftest import STAGING, STAGING_KEY
from tests.ml.release.azure.client import cloud, deployment
from tests.ml.verdict.conftest import NOW


class Cloud:
    """Staging: its model, its endpoint, what it kept, and a job that keeps the next result."""

    def __init__(self, folder, endpoint):
        self.folder, self.status, self.came_up = folder, "Completed", "Succeeded"
        self.kept: list[str] = []
        self.next = ""
        self.sent: list[object] = []
        self.deployed: list[dict[str, object]] = []
        self.online_endpoints = endpoint.online_endpoints
        self.online_deployments = endpoint.online_deployments
        self.endpoint = endpoint
        self.data = SimpleNamespace(list=self.listed)

    def listed(self, name):
        if not self.kept:
            raise ResourceNotFoundError(f"there is no {name}")
        return [
            SimpleNamespace(version=str(at), creation_context=SimpleNamespace(created_at=f"{at}"))
            for at in range(len(self.kept))
        ]


@pytest.fixture
def staged(arrived, monkeypatch, trusted):
    """Return the cloud and a function that promotes the model's second half."""
    folder, version = arrived
    digest = mlflow_model.digest(folder)
    seen = Cloud(folder, cloud({"v2-old": 100}))

    class Clock(verdicts.datetime):
        @classmethod
        def now(cls, tz=None) -> verdicts.datetime:
            return NOW

    class Archived:
        def __init__(self, workspace):
            self.workspace = workspace

        def model_folder(self, _model, to):
            return Path(shutil.copytree(seen.folder, to / "model"))

        def data_files(self, _name, number, to):
            (to / "acceptance.json").write_text(seen.kept[int(number)])
            return to

    def submit(_self, job, _experiment):
        seen.sent.append(job)
        if seen.next:
            seen.kept.append(seen.next)
        return Run("job-of-staging", "accept", "Running")

    def deploy(_workspace, **wanted):
        seen.deployed.append(wanted)
        seen.endpoint.deployments[wanted["name"]] = deployment(wanted["name"], seen.came_up)
        if seen.came_up != "Succeeded":
            raise PlatformError(f"deployment {wanted['name']} is {seen.came_up}")

    monkeypatch.setattr(check, "datetime", Clock)
    monkeypatch.setattr(accepting, "Archive", Archived)
    monkeypatch.setattr(accepting, "Workspace", lambda place: Workspace(place, lambda _: seen))
    monkeypatch.setattr(Workspace, "submit", submit)
    monkeypatch.setattr(Workspace, "ensure_environment", lambda *_: "azureml:mlops-steps:1")
    monkeypatch.setattr(Workspace, "job", lambda _self, name: Run(name, "accept", seen.status))
    monkeypatch.setattr(Workspace, "steps", lambda *_: [Run("run-1", "accept", seen.status)])
    monkeypatch.setattr(Workspace, "log", lambda *_: ["it broke"])
    monkeypatch.setattr(deploying, "deploy", deploy)
    target = Target(STAGING, "cpu", "gate", STAGING_KEY, {version.tags["task"]: "flights"})
    tests = accepting.Tests(target, version, digest, STAGING_KEY, trusted, "Standard_DS3_v2")
    return SimpleNamespace(cloud=seen, tests=tests, accept=lambda: accepting.accept(tests))


@pytest.fixture
def passed(run, staging) -> str:
    return envelope.seal(run(), staging, KIND)


@pytest.fixture
def failing(run, served, staging):
    def make() -> str:
        served.change = lambda _body, answer: replace(answer, ms=900.0)
        return envelope.seal(run(), staging, KIND)

    return make


def test_a_model_is_deployed_beside_the_champion_tested_and_left_there(staged, passed):
    staged.cloud.next = passed
    assert staged.accept().job == "job-of-staging"
    (wanted,) = staged.cloud.deployed
    assert wanted["name"] == staged.tests.deployment
    assert wanted["replaces"] == "v2-old"
    assert staged.tests.deployment in staged.cloud.endpoint.deployments
    assert staged.cloud.endpoint.endpoint.traffic == {"v2-old": 100}
    assert len(staged.cloud.sent) == 1


def test_a_result_that_holds_is_not_tested_again(staged, passed):
    staged.cloud.kept = [passed]
    assert staged.accept().job == "job-of-staging"
    assert staged.cloud.deployed == staged.cloud.sent == []


def test_after_a_failure_the_next_promotion_tests_again(staged, passed, failing):
    staged.cloud.next = passed
    staged.cloud.kept = [failing()]
    staged.accept()
    assert len(staged.cloud.sent) == 1


def test_a_model_that_fails_is_taken_down_and_told(staged, failing):
    staged.cloud.next = failing()
    with pytest.raises(AcceptanceError, match="test load is fail"):
        staged.accept()
    assert staged.tests.deployment not in staged.cloud.endpoint.deployments


def test_a_failing_deployment_that_gets_requests_stays(staged, failing, capsys):
    staged.cloud.next = failing()
    staged.cloud.endpoint.endpoint.traffic = {staged.tests.deployment: 100}
    staged.cloud.endpoint.deployments[staged.tests.deployment] = deployment("x")
    with pytest.raises(AcceptanceError):
        staged.accept()
    assert staged.tests.deployment in staged.cloud.endpoint.deployments
    assert "gets requests" in capsys.readouterr().err


def test_a_job_that_breaks_is_told_with_its_log_and_leaves_nothing(staged, capsys):
    staged.cloud.status = "Failed"
    with pytest.raises(PlatformError, match="is Failed, so that nothing was tested"):
        staged.accept()
    assert "it broke" in capsys.readouterr().err
    assert staged.tests.deployment not in staged.cloud.endpoint.deployments


@pytest.mark.parametrize(("state", "stays"), [("Failed", False), ("Creating", True)])
def test_a_deployment_that_never_came_up_is_taken_down_and_no_other(staged, state, stays):
    staged.cloud.came_up = state
    with pytest.raises(PlatformError, match=f"is {state}"):
        staged.accept()
    assert (staged.tests.deployment in staged.cloud.endpoint.deployments) is stays
    assert staged.cloud.sent == []


def test_a_job_that_kept_nothing_is_no_pass(staged):
    with pytest.raises(AcceptanceError, match="has no result for these bytes"):
        staged.accept()


def test_bytes_that_changed_in_staging_are_not_deployed(staged):
    (staged.cloud.folder / "data" / "more").write_text("x")
    with pytest.raises(PlatformError, match="holds other bytes"):
        staged.accept()
    assert staged.cloud.deployed == []


def test_an_environment_without_a_key_tests_nothing():
    with pytest.raises(PlatformError, match="stack staging exports no verdict_key"):
        accepting.key_of("staging", Target(STAGING, "cpu"))


def test_staging_is_where_models_are_tested():
    assert (promoting.FIRST, promoting.TESTING, promoting.LAST) == ("dev", "staging", "prod")
