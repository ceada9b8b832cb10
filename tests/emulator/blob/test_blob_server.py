"""The blob service of a started local Azure: through the proxy, killed, and started again."""

import json
import os
import signal
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.blob import BlobServiceClient

from tests.emulator.conftest import ARM, Served

pytestmark = pytest.mark.e2e

CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
VERSION = {"api-version": "2024-01-01"}
ACCOUNT = "stkilled"


class Own:
    """A local Azure that a test may kill, with an account whose blobs the deployer may write."""

    def __init__(self, served: Served) -> None:
        self.served = served

    def build(self) -> None:
        given = self.served.environment()
        group = f"/subscriptions/{given['AZURE_SUBSCRIPTION_ID']}/resourceGroups/rg"
        account = f"{group}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
        kind = "providers/Microsoft.Authorization"
        with self.served.client(given, token=self.token(f"{ARM}/.default")) as arm:
            arm.put(f"{ARM}{group}", params=VERSION, json={"location": "westeurope"})
            body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
            arm.put(f"{ARM}{account}", params=VERSION, json=body).raise_for_status()
            listed = arm.get(f"{ARM}{group}/{kind}/roleAssignments", params=VERSION).json()
            role = {
                "principalId": listed["value"][0]["properties"]["principalId"],
                "roleDefinitionId": f"{group}/{kind}/roleDefinitions/{CONTRIBUTOR}",
            }
            url = f"{ARM}{account}/{kind}/roleAssignments/{uuid.uuid4()}"
            arm.put(url, params=VERSION, json={"properties": role}).raise_for_status()

    def token(self, scope: str) -> str:
        return self.served.token(self.served.environment(), scope)

    def get_token(self, *scopes, **options):
        return AccessToken(self.token("https://storage.azure.com/.default"), 4_000_000_000)

    def client(self, place: str = "private") -> BlobServiceClient:
        given = self.served.environment()
        proxy = given["HTTPS_PROXY"].rpartition("/")[2].rpartition("@")[2]
        return BlobServiceClient(
            f"https://{ACCOUNT}.blob.core.windows.net",
            credential=self,
            proxies={"https": f"http://{place}:place@{proxy}"},
            connection_verify=given["SSL_CERT_FILE"],
            retry_total=0,
        )


@pytest.fixture
def own(tmp_path):
    served = Served(tmp_path / "home")
    served.start()
    made = Own(served)
    made.build()
    yield made
    served.azlocal("stop")


def test_a_killed_server_lost_no_blob_that_it_acknowledged(own):
    container = own.client().create_container("raw")
    acknowledged = {}

    def upload(number):
        content = os.urandom(50_000 + number)
        try:
            container.upload_blob(f"{number:03}", content)
        except AzureError:
            return  # not acknowledged: the server was killed under the client
        acknowledged[f"{number:03}"] = content
        if len(acknowledged) == 40:
            status = json.loads(own.served.azlocal("status", "--json").stdout)
            os.kill(status["pid"], signal.SIGKILL)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(upload, range(80)))
    assert len(acknowledged) >= 40
    own.served.start()
    again = own.client().get_container_client("raw")
    found = {blob.name: blob.size for blob in again.list_blobs()}
    assert found.keys() >= acknowledged.keys()
    for name, content in acknowledged.items():
        assert again.download_blob(name).readall() == content


def test_from_the_internet_a_closed_account_does_not_answer(own):
    own.client().create_container("raw")
    given = own.served.environment()
    group = f"/subscriptions/{given['AZURE_SUBSCRIPTION_ID']}/resourceGroups/rg"
    account = f"{ARM}{group}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
    assert own.client("internet").get_container_client("raw").exists()
    with own.served.client(given, token=own.token(f"{ARM}/.default")) as arm:
        closed = {"properties": {"publicNetworkAccess": "Disabled"}}
        arm.patch(account, params=VERSION, json=closed).raise_for_status()
    with pytest.raises(HttpResponseError, match="does not answer internet") as caught:
        own.client("internet").get_container_client("raw").get_container_properties()
    assert caught.value.error_code == "AuthorizationFailure"
