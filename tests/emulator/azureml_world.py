"""A local Azure in this process, without a server: a workspace with its storage, ready for jobs."""

import time
import uuid
from pathlib import Path
from typing import Any

import emulator.providers
import emulator.serving  # noqa: F401  both register what resources do
from emulator.arm import plane
from emulator.arm.behaviours import ArmRequest, Context, Services
from emulator.arm.ids import ArmId
from emulator.arm.store import Store
from emulator.azureml import control, jobs
from emulator.azureml.runs import Run, Runs
from emulator.blob.storage import BlobStorage
from emulator.login.callers import Caller
from emulator.login.principals import Principals
from emulator.login.tokens import Tokens

SUBSCRIPTION = "00000000-0000-0000-0000-0000000a21c0"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/mlstore"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/mlvault"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/cluster"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlws"
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CONDA = "name: steps\ndependencies:\n  - python=3.11\n"


def node(component: str, /, outputs: dict | None = None, **inputs: str) -> dict:
    """A step of a pipeline, with what it reads."""
    given = {key: {"job_input_type": "literal", "value": value} for key, value in inputs.items()}
    return {"type": "command", "componentId": component, "inputs": given, "outputs": outputs or {}}


class World:
    """The services of a local Azure, and what a client would do with them."""

    def __init__(self, home: Path) -> None:
        self.store = Store(home / "state.db")
        principals = Principals(self.store)
        principals.seed(SUBSCRIPTION)
        self.services = Services(
            home=home,
            store=self.store,
            tokens=Tokens(b"0" * 32, "00000000-0000-0000-0000-00000000ad00"),
            principals=principals,
            subscription_id=SUBSCRIPTION,
        )
        self.services.blobs = BlobStorage(self.store, home / "blobs")
        self.services.plain_url = "http://127.0.0.1:9"
        self.services.proxy_url = "http://127.0.0.1:9"
        self.services.bundle = home / "bundle.pem"
        self.runs = Runs(self.store)
        self.place = "private"

    @property
    def context(self) -> Context:
        deployer = self.services.principals.by_name("deployer")
        return Context(
            store=self.store, caller=Caller(self.place, deployer), services=self.services
        )

    def request(self, method: str, id_: str, body: dict | None = None, **query: str) -> ArmRequest:
        return ArmRequest(
            method=method, path=id_, query=query, body=body, headers={}, ctx=self.context
        )

    def put(self, id_: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create or change a resource as ARM's plane does."""
        return plane.write(self.request("PUT", id_, body), ArmId.parse(id_))[0]

    async def ask(self, method: str, id_: str, body: dict | None = None, **query: str):
        """Send what Azure ML answers itself."""
        return await control.handle(self.request(method, id_, body, **query))

    def build(self, *, nodes: int = 2, role: str | None = CONTRIBUTOR) -> None:
        """Make a workspace with a cluster whose identity has `role` on the storage."""
        self.put(GROUP, {"location": "westeurope"})
        self.put(
            STORAGE,
            {"location": "westeurope", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"},
        )
        self.store.put({"id": VAULT, "location": "westeurope", "properties": {}})
        identity = self.put(IDENTITY, {"location": "westeurope"})
        self.put(
            WORKSPACE,
            {
                "location": "westeurope",
                "identity": {"type": "SystemAssigned"},
                "properties": {
                    "storageAccount": STORAGE,
                    "keyVault": VAULT,
                    "systemDatastoresAuthMode": "identity",
                },
            },
        )
        if role is not None:
            self.grant(identity["properties"]["principalId"], role)
        self.put(
            f"{WORKSPACE}/computes/cpu",
            {
                "location": "westeurope",
                "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
                "properties": {
                    "computeType": "AmlCompute",
                    "properties": {
                        "vmSize": "STANDARD_DS3_V2",
                        "scaleSettings": {"minNodeCount": 0, "maxNodeCount": nodes},
                    },
                },
            },
        )
        self.put(f"{WORKSPACE}/environments/steps", {"properties": {}})
        self.put(
            f"{WORKSPACE}/environments/steps/versions/1",
            {"properties": {"image": "base", "condaFile": CONDA}},
        )

    def grant(self, principal: str, role: str, scope: str = STORAGE) -> None:
        base = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization"
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"{principal} {role}")
        self.store.put(
            {
                "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
                "properties": {
                    "roleDefinitionId": f"{base}/roleDefinitions/{role}",
                    "principalId": principal,
                },
            }
        )

    def revoke(self) -> None:
        """Take all roles on the storage away."""
        base = f"{STORAGE}/providers/Microsoft.Authorization/roleAssignments"
        for assignment in self.store.under(base):
            self.store.delete(assignment["id"])

    def component(self, name: str, command: str, **spec: object) -> str:
        """Register a command component; gives its id."""
        self.put(f"{WORKSPACE}/components/{name}", {"properties": {}})
        id_ = f"{WORKSPACE}/components/{name}/versions/1"
        body = {
            "type": "command",
            "name": name,
            "command": command,
            "environment": f"azureml:{WORKSPACE}/environments/steps/versions/1",
            **spec,
        }
        self.put(id_, {"properties": {"componentSpec": body}})
        return id_

    def pipeline_component(
        self, name: str, nodes: dict[str, Any], version: str = "1", **spec: object
    ) -> str:
        """Register a pipeline component; gives its id."""
        self.put(f"{WORKSPACE}/components/{name}", {"properties": {}})
        id_ = f"{WORKSPACE}/components/{name}/versions/{version}"
        body = {"type": "pipeline", "name": name, "jobs": nodes, **spec}
        self.put(id_, {"properties": {"componentSpec": body}})
        return id_

    def pipeline(self, name: str, nodes: dict[str, Any], **more: object) -> Run:
        """Submit a pipeline of nodes on the cluster."""
        own = more.pop("settings", {})
        settings = {"default_compute": "cpu"} | (own if isinstance(own, dict) else {})
        body = {"jobType": "Pipeline", "jobs": nodes, "settings": settings, **more}
        return self.submit(name, body)

    def command(self, name: str, command: str, **more: object) -> Run:
        """Submit a command job on the cluster."""
        body = {
            "jobType": "Command",
            "command": command,
            "computeId": "cpu",
            "environmentId": f"{WORKSPACE}/environments/steps/versions/1",
            **more,
        }
        return self.submit(name, body)

    def submit(self, name: str, properties: dict[str, Any]) -> Run:
        workspace = self.store.get(WORKSPACE)
        assert workspace is not None
        jobs.submit(self.context, workspace, name, {"properties": properties})
        return self.run(name)

    def run(self, name: str) -> Run:
        found = self.runs.get(WORKSPACE, name)
        assert found is not None
        return found

    def ended(self, name: str, seconds: float = 20.0) -> Run:
        """Wait for a job's end."""
        deadline = time.monotonic() + seconds
        while not self.run(name).terminal:
            assert time.monotonic() < deadline, f"{name} is {self.run(name).status}"
            time.sleep(0.01)
        return self.run(name)

    def steps(self, name: str) -> dict[str, Run]:
        """The steps of a pipeline by their name."""
        return {str(r.display_name): r for r in self.runs.children(WORKSPACE, name)}

    def text(self, run: str, path: str) -> str:
        """An artifact of a run as text."""
        blob = f"ExperimentRun/dcid.{run}/{path}"
        info = self.services.blobs.info("mlstore", "azureml", blob)
        return "" if info is None else self.services.blobs.content(info).read_text()

    def read(self, uri: str) -> bytes:
        """A blob of the default datastore by its address."""
        container = self.store.get(f"{WORKSPACE}/datastores/workspaceblobstore")
        assert container is not None
        path = uri.partition("/paths/")[2]
        info = self.services.blobs.info("mlstore", container["properties"]["containerName"], path)
        assert info is not None, uri
        return self.services.blobs.content(info).read_bytes()
