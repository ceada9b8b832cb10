"""Factories through the official clients: a file is uploaded, and what it started is asked for."""

import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from tests.emulator.azureml.client_world import role_of
from tests.emulator.factories.layout import identity_of, laid_out

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(120)]
ARM = "https://management.azure.com"


@pytest.fixture(scope="module", name="subscription")
def _subscription(served):
    environment = served.environment()
    subscription, tenant = environment["AZURE_SUBSCRIPTION_ID"], environment["AZURE_TENANT_ID"]
    group = f"/subscriptions/{subscription}/resourceGroups/adfclient"
    token = served.token(environment, f"{ARM}/.default")
    import jwt  # noqa: PLC0415  only here

    deployer = jwt.decode(token, options={"verify_signature": False})["oid"]
    with served.client(environment, token=token) as client:

        def put(id_: str, body: dict) -> dict:
            answer = client.put(f"{ARM}{id_}?api-version=2024-10-01", json=body)
            assert answer.is_success, answer.text
            return answer.json()

        put(group, {"location": "westeurope"})
        lake = f"{group}/providers/Microsoft.Storage/storageAccounts/stlakeclient"
        account = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
        put(lake, account | {"properties": {"allowSharedKeyAccess": False}})
        for name in ("raw", "curated"):
            put(f"{lake}/blobServices/default/containers/{name}", {"properties": {}})
        identity = put(identity_of(group), {"location": "westeurope"})["properties"]["principalId"]
        definitions = f"/subscriptions/{subscription}/providers/Microsoft.Authorization"
        role = f"{definitions}/roleDefinitions/{role_of('Storage Blob Data Contributor')}"
        for principal in (identity, deployer):
            name = uuid.uuid5(uuid.NAMESPACE_URL, principal)
            grant = {"roleDefinitionId": role, "principalId": principal}
            id_ = f"{lake}/providers/Microsoft.Authorization/roleAssignments/{name}"
            put(id_, {"properties": grant | {"principalType": "ServicePrincipal"}})
        for id_, body in laid_out(group, "client", jobs=False):
            put(id_, body)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            if name != "PATH":
                patch.setenv(name, value)
        assert tenant
        yield subscription


def test_an_uploaded_file_is_brought_in_by_a_started_trigger(subscription):
    from azure.identity import EnvironmentCredential  # noqa: PLC0415
    from azure.mgmt.datafactory import DataFactoryManagementClient  # noqa: PLC0415
    from azure.mgmt.datafactory.models import RunFilterParameters  # noqa: PLC0415
    from azure.storage.blob import BlobServiceClient  # noqa: PLC0415

    credential = EnvironmentCredential()
    factories = DataFactoryManagementClient(credential, subscription)
    where = ("adfclient", "adf-client")
    factories.triggers.begin_start(*where, "new_data").result()
    assert factories.triggers.get(*where, "new_data").properties.runtime_state == "Started"
    blobs = BlobServiceClient("https://stlakeclient.blob.core.windows.net", credential=credential)
    blobs.get_blob_client("raw", "2013/02/flights.csv").upload_blob(b"a,b\n3,4\n")
    ever = RunFilterParameters(
        last_updated_after=datetime.now(UTC) - timedelta(days=1),
        last_updated_before=datetime.now(UTC) + timedelta(days=1),
    )
    deadline = time.monotonic() + 20
    while True:
        runs = factories.pipeline_runs.query_by_factory(*where, ever).value
        if runs and runs[0].run_end:
            break
        assert time.monotonic() < deadline
        time.sleep(0.1)
    (run,) = runs
    assert (run.pipeline_name, run.status) == ("ingest", "Succeeded"), run.message
    assert run.parameters == {"folder": "2013/02", "file": "flights.csv"}
    assert factories.pipeline_runs.get(*where, run.run_id).duration_in_ms >= 0
    (done,) = factories.activity_runs.query_by_pipeline_run(*where, run.run_id, ever).value
    assert (done.activity_name, done.status, done.output["filesWritten"]) == (
        "copy",
        "Succeeded",
        1,
    )
    copied = blobs.get_blob_client("curated", "2013/02/flights.csv").download_blob().readall()
    assert copied == b"a,b\n3,4\n"
    started = factories.pipelines.create_run(
        *where, "ingest", parameters={"folder": "2013/02", "file": "flights.csv"}
    )
    assert factories.pipeline_runs.get(*where, started.run_id).invoked_by.name == "Manual"
