"""Batch endpoints through the unmodified client: a pipeline component, deployed and invoked."""

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module", name="component")
def _component(ml, steps):
    from azure.ai.ml import Input, dsl  # noqa: PLC0415

    prepare = ml.components.create_or_update(steps["prepare"])
    train = ml.components.create_or_update(steps["train"])

    @dsl.pipeline(None, name="retraining", description="Learns from what arrived.")
    def pipeline(arrived: Input(type="uri_file"), times: Input(type="integer", default=3)):  # ty: ignore[invalid-type-form]  the SDK reads these
        prepared = prepare(source=arrived, times=times)
        trained = train(source=prepared.outputs.made, times=1)
        return {"model": trained.outputs.made}

    made = pipeline().component
    made.version = "7"
    return ml.components.create_or_update(made)


@pytest.fixture(scope="module", name="endpoint")
def _endpoint(ml, component):
    from azure.ai.ml.entities import (  # noqa: PLC0415
        BatchEndpoint,
        PipelineComponentBatchDeployment,
    )

    endpoint = ml.batch_endpoints.begin_create_or_update(BatchEndpoint(name="retrain")).result()
    deployment = PipelineComponentBatchDeployment(
        name="blue",
        endpoint_name="retrain",
        component=component,
        settings={"default_compute": "cpu", "continue_on_step_failure": False},
    )
    ml.batch_deployments.begin_create_or_update(deployment).result()
    endpoint = ml.batch_endpoints.get("retrain")
    endpoint.defaults.deployment_name = "blue"
    return ml.batch_endpoints.begin_create_or_update(endpoint).result()


def test_a_pipeline_component_is_registered_with_its_version(ml, component):
    found = ml.components.get("retraining", "7")
    assert found.type == "pipeline"
    assert sorted(found.jobs) == ["prepared", "trained"]
    assert found.inputs["times"].default in {"3", 3}
    assert [one.version for one in ml.components.list("retraining")] == ["7"]
    assert ml.components.create_or_update(component).version == "7"


def test_invoking_the_endpoint_runs_the_pipeline(ml, endpoint, tmp_path):
    from azure.ai.ml import Input  # noqa: PLC0415

    assert endpoint.defaults.deployment_name == "blue"
    given = {
        "arrived": Input(type="uri_file", path="azureml:raw:1"),
        "times": Input(type="integer", default=2),
    }
    job = ml.batch_endpoints.invoke("retrain", inputs=given)
    ml.jobs.stream(job.name)
    assert ml.jobs.get(job.name).status == "Completed"
    children = [(c.display_name, c.status) for c in ml.jobs.list(parent_job_name=job.name)]
    assert children == [("prepared", "Completed"), ("trained", "Completed")]
    ml.jobs.download(job.name, output_name="model", download_path=tmp_path)
    assert [f.read_text() for f in tmp_path.rglob("x.txt")] == ["a,b\n1,2\n" * 2]
    assert job.name in [one.name for one in ml.batch_endpoints.list_jobs("retrain")]
    named = ml.batch_deployments.list_jobs("retrain", name="blue")
    assert job.name in [one.name for one in named]


def test_an_output_goes_where_the_caller_says(ml, endpoint):
    from azure.ai.ml import Input, Output  # noqa: PLC0415

    where = "azureml://datastores/workspaceblobstore/paths/models/here/"
    job = ml.batch_endpoints.invoke(
        "retrain",
        deployment_name="blue",
        inputs={"arrived": Input(type="uri_file", path="azureml:raw:1")},
        outputs={"model": Output(type="custom_model", path=where)},
    )
    ml.jobs.stream(job.name)
    from azure.ai.ml.entities import Model  # noqa: PLC0415

    model = Model(name="invoked", path=where, type="custom_model")
    assert ml.models.create_or_update(model).version == "1"


def test_bad_invocations_say_what_is_wrong(ml, endpoint):
    from azure.ai.ml import Input  # noqa: PLC0415
    from azure.ai.ml.exceptions import ValidationException  # noqa: PLC0415
    from azure.core.exceptions import HttpResponseError  # noqa: PLC0415

    with pytest.raises(HttpResponseError, match="arrived is missing"):
        ml.batch_endpoints.invoke("retrain")
    folder = {"arrived": Input(type="uri_folder", path="azureml:raw:1")}
    with pytest.raises(HttpResponseError, match="takes uri_file"):
        ml.batch_endpoints.invoke("retrain", inputs=folder)
    with pytest.raises(ValidationException, match="green not found"):
        ml.batch_endpoints.invoke("retrain", deployment_name="green", inputs=folder)


def test_the_endpoint_answers_who_signs_in_for_it_only(azure_client, endpoint):
    for scope, status in (("https://ml.azure.com", 200), ("https://management.azure.com", 401)):
        client = azure_client(scope=f"{scope}/.default")
        assert client.get(endpoint.scoring_uri).status_code == status
    client = azure_client(scope="https://ml.azure.com/.default")
    gone = endpoint.scoring_uri.replace("retrain", "gone")
    assert client.get(gone).json()["error"]["code"] == "NotFound"
    assert client.post(endpoint.scoring_uri, content=b"{").status_code == 400


def test_the_client_runs_a_pipeline_in_a_pipeline(ml, steps, component):
    from azure.ai.ml import Input, dsl  # noqa: PLC0415

    @dsl.pipeline(None, name="outer", default_compute="cpu")
    def outer(raw):
        made = component(arrived=raw, times=4)
        scored = steps["evaluate"](source=made.outputs.model, times=1)
        return {"report": scored.outputs.made}

    job = ml.jobs.create_or_update(outer(raw=Input(type="uri_file", path="azureml:raw:1")))
    ml.jobs.stream(job.name)
    assert ml.jobs.get(job.name).status == "Completed"
