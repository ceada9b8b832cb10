"""What the platform's settings do: who reaches which data, and whose traffic an update keeps."""

import json
import sys

import pytest

from emulator.arm.store import Store

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("platform"), pytest.mark.timeout(600)]

CHANGES = (
    "clusters.cpu.min_nodes=0",
    "clusters.gpu.vm_size=Standard_NC4as_T4_v3",
    "tags.extra.wave=second",
)
BLOBS = """
import json
import sys
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import ContainerClient
_, account, container, write = sys.argv
address = f"https://{account}.blob.core.windows.net"
client = ContainerClient(address, container, DefaultAzureCredential())
try:
    if write == "write":
        client.upload_blob("probe", b"1", overwrite=True)
    print("answered", [blob.name for blob in client.list_blobs()])
except HttpResponseError as error:
    print("refused", error.error_code)
"""
MOVE = """
import json
import sys
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
_, subscription, group, workspace, endpoint, *traffic = sys.argv
client = MLClient(DefaultAzureCredential(), subscription, group, workspace)
found = client.online_endpoints.get(endpoint)
if traffic:
    found.traffic = dict(pair.split("=") for pair in traffic)
    found.traffic = {name: int(share) for name, share in found.traffic.items()}
    found = client.online_endpoints.begin_create_or_update(found).result()
print("traffic", dict(sorted(found.traffic.items())), found.tags.get("wave"))
"""


@pytest.fixture(scope="module")
def outputs(platform) -> dict[str, str]:
    shown = platform.pulumi("stack", "output", "--json", "--stack", "dev").ok()
    return json.loads(shown.out)


def blobs(shell, account: str, container: str, *caller: str, write: bool = False) -> str:
    words = ["exec", *caller, "--", sys.executable, "-c", BLOBS, account, container]
    ran = shell.azlocal(*words, "write" if write else "read").ok()
    return next(line for line in ran.out.splitlines() if line.startswith(("answered", "refused")))


def identity(purpose: str) -> str:
    return f"id-mlops-dev-weu-{purpose}"


@pytest.mark.parametrize(
    ("store", "container"), [("storage_account", "curated"), ("lake", "raw"), ("lake", "features")]
)
def test_from_the_internet_no_store_answers_even_to_the_deployer(
    platform, outputs, store, container
):
    said = blobs(platform, outputs[store], container, "--from", "internet")
    assert said.startswith("refused")


def test_a_cluster_reads_raw_data_and_cannot_write_it(platform, outputs):
    caller = ("--as", identity("cluster-cpu"))
    assert blobs(platform, outputs["lake"], "raw", *caller).startswith("answered")
    assert blobs(platform, outputs["lake"], "raw", *caller, write=True).startswith("refused")
    assert blobs(platform, outputs["lake"], "curated", *caller, write=True).startswith("answered")


def test_an_endpoints_identity_has_no_way_to_the_lake(platform, outputs):
    caller = ("--as", identity("endpoint-flights"))
    assert blobs(platform, outputs["lake"], "features", *caller).startswith("refused")
    assert blobs(platform, outputs["storage_account"], "curated", *caller).startswith("answered")


@pytest.fixture(scope="module")
def released(platform, outputs):
    """Dev with two deployments and moved traffic, then an update of tags and a second cluster."""
    workspace = ("subscription_id", "resource_group", "workspace", "endpoint_flights")
    where = [outputs[name] for name in workspace]

    def traffic(*shares: str) -> str:
        ran = platform.azlocal("exec", "--", sys.executable, "-c", MOVE, *where, *shares).ok()
        return next(line for line in ran.out.splitlines() if line.startswith("traffic"))

    add_deployments(platform, outputs["endpoint_flights"], "blue", "green")
    assert traffic("blue=90", "green=10").startswith("traffic {'blue': 90, 'green': 10}")
    changes = [word for change in CHANGES for word in ("--config", f"azure-mlops:{change}")]
    words = ("up", "--yes", "--stack", "dev", "--skip-preview", "--config-path", *changes)
    platform.pulumi(*words).ok()
    yield traffic
    traffic("blue=0", "green=0")
    restore(platform)


def add_deployments(platform, endpoint: str, *names: str) -> None:
    """Put deployments where a release would, without the model and the processes that serve it."""
    store = Store(platform.home / "state.db")
    (found,) = store.find("Microsoft.MachineLearningServices/workspaces/onlineEndpoints", endpoint)
    for name in names:
        body = {
            "endpointComputeType": "Managed",
            "provisioningState": "Succeeded",
            "scaleSettings": {"scaleType": "Default"},
        }
        store.put(
            {
                "id": f"{found['id']}/deployments/{name}",
                "location": found["location"],
                "sku": {"name": "Default", "capacity": 1},
                "properties": body,
            }
        )
    store.close()


def restore(platform) -> None:
    for key in ("clusters", "tags"):
        platform.pulumi("config", "rm", f"azure-mlops:{key}", "--stack", "dev")
    platform.run("git", "checkout", "--quiet", "Pulumi.dev.yaml").ok()
    platform.pulumi("up", "--yes", "--stack", "dev", "--skip-preview").ok()


@pytest.mark.slow
def test_an_update_of_tags_leaves_the_traffic_that_a_release_has_set(released):
    assert released() == "traffic {'blue': 90, 'green': 10} second"


@pytest.mark.slow
def test_after_that_update_a_refresh_finds_nothing_to_change(platform, released):
    platform.pulumi("refresh", "--yes", "--stack", "dev", "--expect-no-changes").ok()


@pytest.mark.slow
def test_two_training_identities_cannot_read_each_others_data(platform, outputs, released):
    lake = outputs["lake"]
    for own, other in (("cpu", "gpu"), ("gpu", "cpu")):
        caller = ("--as", identity(f"cluster-{own}"))
        assert blobs(platform, lake, f"scratch-{own}", *caller, write=True).startswith("answered")
        assert blobs(platform, lake, f"scratch-{other}", *caller).startswith("refused")
