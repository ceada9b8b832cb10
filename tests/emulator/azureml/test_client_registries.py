"""Registries through the unmodified client: shared from one workspace, read by others."""

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(180)]
ARM = "https://management.azure.com"


@pytest.fixture(scope="module", name="registry")
def _registry(ml, served):
    from azure.ai.ml import MLClient  # noqa: PLC0415
    from azure.identity import EnvironmentCredential  # noqa: PLC0415

    detail = {
        "location": "westeurope",
        "acrDetails": [{"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}],
        "storageAccountDetails": [{"systemCreatedStorageAccount": {}}],
    }
    body = {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {"regionDetails": [detail]},
    }
    environment = served.environment()
    with served.client(environment, token=served.token(environment, f"{ARM}/.default")) as client:
        subscription = environment["AZURE_SUBSCRIPTION_ID"]
        group = f"/subscriptions/{subscription}/resourceGroups/mlclient"
        id_ = f"{group}/providers/Microsoft.MachineLearningServices/registries/promoted"
        answer = client.put(f"{ARM}{id_}?api-version=2024-10-01", json=body)
        assert answer.is_success, answer.text
    return MLClient(EnvironmentCredential(), registry_name="promoted", enable_telemetry=False)


def test_a_model_is_shared_and_read_back_with_the_same_bytes(ml, steps, registry, tmp_path):
    from azure.ai.ml import Input, command  # noqa: PLC0415
    from azure.ai.ml.entities import Model  # noqa: PLC0415
    from azure.ai.ml.exceptions import ValidationException  # noqa: PLC0415

    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "MLmodel").write_text("flavors: {python_function: {}}\n")
    (tmp_path / "m" / "model.bin").write_bytes(bytes(range(256)) * 100)
    model = Model(name="flights", version="3", path=str(tmp_path / "m"), type="mlflow_model")
    model.tags = {"digest": "abc"}
    ml.models.create_or_update(model)
    to = {"share_with_name": "flights", "share_with_version": "3", "registry_name": "promoted"}
    made = ml.models.share("flights", "3", **to)
    assert made.id == "azureml://registries/promoted/models/flights/versions/3"
    with pytest.raises(ValidationException, match="already exists in registry"):
        ml.models.share("flights", "3", **to)
    environment = {**to, "share_with_name": "steps", "share_with_version": "1"}
    ml.environments.share("steps", "1", **environment)

    found = registry.models.get("flights", label="latest")
    assert (found.version, found.tags) == ("3", {"digest": "abc"})
    assert [one.name for one in registry.models.list()] == ["flights"]
    registry.models.download("flights", "3", download_path=tmp_path / "back")
    back = {f.name: f.read_bytes() for f in (tmp_path / "back").rglob("*") if f.is_file()}
    assert back == {f.name: f.read_bytes() for f in (tmp_path / "m").iterdir()}
    assert registry.environments.get("steps", version="1").image == "base"

    job = ml.jobs.create_or_update(
        command(
            command="wc -c < ${{inputs.model}}/model.bin",
            environment="azureml://registries/promoted/environments/steps/versions/1",
            compute="cpu",
            inputs={"model": Input(type="mlflow_model", path=made.id)},
        )
    )
    ml.jobs.stream(job.name)
    assert ml.jobs.get(job.name).status == "Completed"


def test_a_model_is_registered_in_the_registry_itself(registry, tmp_path):
    from azure.ai.ml.entities import Model  # noqa: PLC0415

    (tmp_path / "weights.bin").write_bytes(b"12345")
    model = Model(name="own", version="1", path=str(tmp_path / "weights.bin"), type="custom_model")
    registry.models.create_or_update(model)
    found = registry.models.get("own", version="1")
    found.tags = {"stage": "prod"}
    assert registry.models.create_or_update(found).tags == {"stage": "prod"}
    registry.models.download("own", "1", download_path=tmp_path / "back")
    assert [f.read_bytes() for f in (tmp_path / "back").rglob("*") if f.is_file()] == [b"12345"]
