"""The unmodified azure-ai-ml client against a served local Azure: data to registered model."""

import os
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(180)]


def _train(steps: dict, compute: str = "cpu"):
    from azure.ai.ml import Input, dsl  # noqa: PLC0415

    @dsl.pipeline(None, name="training", default_compute=compute)
    def pipeline(raw):
        prepared = steps["prepare"](source=raw)
        trained = steps["train"](source=prepared.outputs.made, times=1)
        scored = steps["evaluate"](source=trained.outputs.made)
        return {"model": trained.outputs.made, "report": scored.outputs.made}

    return pipeline(raw=Input(type="uri_file", path="azureml:raw:1"))


@pytest.fixture(scope="module", name="trained")
def _trained(ml, steps) -> str:
    job = ml.jobs.create_or_update(_train(steps), experiment_name="client")
    ml.jobs.stream(job.name)
    return job.name


def test_a_pipeline_runs_and_its_report_can_be_downloaded(ml, trained, tmp_path):
    assert ml.jobs.get(trained).status == "Completed"
    assert trained in [job.name for job in ml.jobs.list()]
    children = list(ml.jobs.list(parent_job_name=trained))
    assert [(c.display_name, c.status) for c in children] == [
        ("prepared", "Completed"),
        ("trained", "Completed"),
        ("scored", "Completed"),
    ]
    assert ml.jobs.get(children[0].name).status == "Completed"
    ml.jobs.download(trained, output_name="report", download_path=tmp_path)
    files = [f for f in (tmp_path / "named-outputs" / "report").rglob("*") if f.is_file()]
    assert [f.read_text() for f in files] == ["a,b\n1,2\n" * 4]
    ml.jobs.download(children[1].name, download_path=tmp_path, all=True)
    log = tmp_path / "artifacts" / "user_logs" / "std_log.txt"
    assert log.read_text() == "step train\n"


def test_a_jobs_output_is_registered_as_a_model_and_downloaded(ml, trained, tmp_path):
    from azure.ai.ml.entities import Model  # noqa: PLC0415

    path = f"azureml://jobs/{trained}/outputs/model"
    made = ml.models.create_or_update(Model(name="flights", path=path, type="custom_model"))
    assert (made.version, made.job_name) == ("1", trained)
    ml.models.download("flights", "1", download_path=tmp_path)
    assert [f.name for f in tmp_path.rglob("*.txt")] == ["x.txt"]
    made.tags = {"auc": "0.7"}
    assert ml.models.create_or_update(made).tags == {"auc": "0.7"}


def test_the_path_of_a_data_version_cannot_be_changed(ml, steps):
    from azure.ai.ml.entities import Data  # noqa: PLC0415
    from azure.core.exceptions import HttpResponseError  # noqa: PLC0415

    path = "azureml://datastores/workspaceblobstore/paths/x.csv"
    with pytest.raises(HttpResponseError, match="Asset paths cannot be updated"):
        ml.data.create_or_update(Data(name="raw", version="1", path=path, type="uri_file"))


def test_a_failing_step_shows_its_log_and_skips_the_rest(ml, steps, capsys):
    from azure.ai.ml import Input, dsl  # noqa: PLC0415
    from azure.ai.ml.exceptions import JobException  # noqa: PLC0415

    @dsl.pipeline(None, name="failing", default_compute="cpu")
    def pipeline(raw):
        broken = steps["bad"](source=raw)
        steps["train"](source=broken.outputs.made)

    job = ml.jobs.create_or_update(pipeline(raw=Input(type="uri_file", path="azureml:raw:1")))
    with pytest.raises(JobException, match="about to fail"):
        ml.jobs.stream(job.name)
    found = {c.display_name: c.status for c in ml.jobs.list(parent_job_name=job.name)}
    assert sorted(found.values()) == ["Canceled", "Failed"]


def test_a_cluster_whose_identity_has_no_role_cannot_read_the_data(ml, steps):
    job = ml.jobs.create_or_update(_train(steps, "other"))
    deadline = time.monotonic() + 20
    while ml.jobs.get(job.name).status not in {"Failed", "Completed"}:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert ml.jobs.get(job.name).status == "Failed"
    details = ml.jobs._runs_operations.get_run_details(job.name)
    assert "identity 'stranger' may not read" in details.error.error.message


def test_a_cancelled_job_ends(ml, steps):
    from azure.ai.ml import command  # noqa: PLC0415

    job = ml.jobs.create_or_update(
        command(command="sleep 60", environment="azureml:steps:1", compute="cpu")
    )
    while ml.jobs.get(job.name).status != "Running":
        time.sleep(0.05)
    ml.jobs.begin_cancel(job.name).result()
    deadline = time.monotonic() + 10
    while ml.jobs.get(job.name).status != "Canceled":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_step_takes_tokens_as_its_clusters_identity(ml, steps, tmp_path: Path):
    from azure.ai.ml import command  # noqa: PLC0415

    line = (
        'curl -s -H "secret: $MSI_SECRET" '
        '"$MSI_ENDPOINT?api-version=2017-09-01&resource=https://storage.azure.com" | '
        'cut -c1-17; echo; test -n "$AZURE_CLIENT_SECRET" && echo leaked; true'
    )
    job = ml.jobs.create_or_update(
        command(command=line, environment="azureml:steps:1", compute="cpu")
    )
    ml.jobs.stream(job.name)
    ml.jobs.download(job.name, download_path=tmp_path)
    log = (tmp_path / "artifacts" / "user_logs" / "std_log.txt").read_text()
    assert log.startswith('{"access_token":"')
    assert "leaked" not in log
    assert "AZURE_CLIENT_SECRET" in os.environ
