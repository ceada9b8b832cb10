"""What the tests of the unmodified client stand on: a platform, and steps to run on it."""

import uuid

import httpx

from emulator.access.roles import by_guid

ARM = "https://management.azure.com"
SCRIPT = """
import pathlib, sys
what, source, target, times = sys.argv[1:5]
print("step", what, flush=True)
if what == "bad":
    print("about to fail", flush=True)
    raise SystemExit(3)
found = pathlib.Path(source)
files = [found] if found.is_file() else sorted(found.iterdir())
text = "".join(f.read_text() for f in files) * int(times)
made = pathlib.Path(target)
(made / "x.txt" if made.is_dir() else made).write_text(text)
"""
CONDA = "name: steps\ndependencies:\n  - python=3.11\n"


def role_of(name: str) -> str:
    return next(guid for guid, role in by_guid().items() if role.name == name)


def platform(client: httpx.Client, subscription: str, tenant: str, deployer: str) -> None:
    """What infra would make: storage without keys, a vault, identities, a workspace, roles."""
    group = f"/subscriptions/{subscription}/resourceGroups/mlclient"

    def put(id_: str, body: dict) -> dict:
        answer = client.put(f"{ARM}{id_}?api-version=2024-10-01", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    put(group, {"location": "westeurope"})
    storage = f"{group}/providers/Microsoft.Storage/storageAccounts/mlclientstore"
    account = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    put(storage, account | {"properties": {"allowSharedKeyAccess": False}})
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/mlclientvault"
    kept = {"tenantId": tenant, "sku": {"family": "A", "name": "standard"}}
    put(vault, {"location": "westeurope", "properties": kept | {"enableRbacAuthorization": True}})
    identities = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    cluster = put(f"{identities}/cluster", {"location": "westeurope"})["properties"]["principalId"]
    stranger = f"{identities}/stranger"
    put(stranger, {"location": "westeurope"})
    workspace = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/mlws"
    put(
        workspace,
        {
            "location": "westeurope",
            "identity": {"type": "SystemAssigned"},
            "properties": {
                "storageAccount": storage,
                "keyVault": vault,
                "systemDatastoresAuthMode": "identity",
            },
        },
    )
    role = role_of("Storage Blob Data Contributor")
    definitions = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions"
    for principal in (cluster, deployer):
        name = uuid.uuid5(uuid.NAMESPACE_URL, principal)
        grant = {"roleDefinitionId": f"{definitions}/{role}", "principalId": principal}
        id_ = f"{storage}/providers/Microsoft.Authorization/roleAssignments/{name}"
        put(id_, {"properties": grant | {"principalType": "ServicePrincipal"}})
    for name, identity in (("cpu", f"{identities}/cluster"), ("other", stranger)):
        own = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": {"maxNodeCount": 2}}
        put(
            f"{workspace}/computes/{name}",
            {
                "location": "westeurope",
                "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
                "properties": {"computeType": "AmlCompute", "properties": own},
            },
        )
