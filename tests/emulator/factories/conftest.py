"""A factory as infra lays it out, in a local Azure without a server, before a batch endpoint."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import factories
from emulator.azureml import attach
from emulator.providers.network import approvals
from tests.emulator.azureml_world import GROUP, WORKSPACE, World, node
from tests.emulator.factories.layout import identity_of, laid_out

LAKE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stlakemlops"
FACTORY = f"{GROUP}/providers/Microsoft.DataFactory/factories/adf-mlops"
IDENTITY = identity_of(GROUP)
ENDPOINT = f"{WORKSPACE}/batchEndpoints/retrain"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
SCIENTIST = "f6c7c914-8db3-469d-8ca1-694a8f32e121"
TARGETS = {
    "lake-dfs": (LAKE, "dfs"),
    "lake-blob": (LAKE, "blob"),
    "workspace": (WORKSPACE, "amlworkspace"),
}


@pytest.fixture(name="world")
def _world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    attach(world.services)
    factories.attach(world.services)
    world.build()
    folders = {"isHnsEnabled": True}
    account = {"location": "westeurope", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    world.put(LAKE, account | {"properties": folders})
    for name in ("raw", "curated"):
        world.put(f"{LAKE}/blobServices/default/containers/{name}", {"properties": {}})
    identity = world.put(IDENTITY, {"location": "westeurope"})["properties"]["principalId"]
    raw, curated = (f"{LAKE}/blobServices/default/containers/{n}" for n in ("raw", "curated"))
    for role, scope in ((READER, raw), (CONTRIBUTOR, curated), (SCIENTIST, WORKSPACE)):
        world.grant(identity, role, scope)
    cluster = world.store.find("Microsoft.ManagedIdentity/userAssignedIdentities", "cluster")[0]
    world.grant(cluster["properties"]["principalId"], READER, curated)
    _endpoint(world)
    for id_, body in laid_out(GROUP, "mlops", jobs=True):
        world.put(id_, body)
    for name, (target, _group) in TARGETS.items():
        approve(world, target, name)
    yield world
    for stop in reversed(world.services.at_stop):
        stop()
    world.store.close()


def approve(world: World, target: str, name: str, status: str = "Approved") -> None:
    """Answer as the owner of a target."""
    connection = world.store.get(f"{target}/privateEndpointConnections/adf-mlops.{name}")
    assert connection is not None
    state = {"status": status, "description": "ours", "actionsRequired": "None"}
    connection["properties"]["privateLinkServiceConnectionState"] = state
    world.store.put(connection)
    assert approvals.state_of(world.store, target, f"adf-mlops.{name}")["status"] == status


def _endpoint(world: World) -> None:
    """A batch endpoint whose pipeline reads what arrived."""
    lake = {"accountName": "stlakemlops", "containerName": "curated", "datastoreType": "AzureBlob"}
    world.put(f"{WORKSPACE}/datastores/lake_curated", {"properties": lake})
    show = world.component("show", "cat ${{inputs.data}}", inputs={"data": {"type": "uri_file"}})
    nodes = {"show": node(show, data="${{parent.inputs.arrived}}")}
    inputs = {"arrived": {"type": "uri_file"}}
    component = world.pipeline_component("retraining", nodes, inputs=inputs)
    body: dict = {"location": "westeurope", "properties": {"authMode": "aadToken"}}
    world.put(ENDPOINT, body)
    configuration = {
        "deploymentConfigurationType": "PipelineComponent",
        "componentId": {"assetId": component},
        "settings": {"default_compute": "cpu"},
    }
    deployment = {
        "location": "westeurope",
        "properties": {"deploymentConfiguration": configuration},
    }
    world.put(f"{ENDPOINT}/deployments/blue", deployment)
    body["properties"]["defaults"] = {"deploymentName": "blue"}
    world.put(ENDPOINT, body)
