"""Endpoints' traffic, registries, attached clusters, instances, outbound rules and own keys."""

import copy
from typing import Any

import pytest

from emulator.arm import plane
from emulator.arm.errors import ArmError
from emulator.arm.ids import ArmId
from tests.emulator.azureml_world import GROUP, IDENTITY, STORAGE, SUBSCRIPTION, VAULT, WORKSPACE

ONLINE = f"{WORKSPACE}/onlineEndpoints/flights"
BATCH = f"{WORKSPACE}/batchEndpoints/flights"
REGISTRY = f"{GROUP}/providers/Microsoft.MachineLearningServices/registries/models"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks"
EXTENSION = f"{CLUSTER}/providers/Microsoft.KubernetesConfiguration/extensions/azureml"
ATTACHED = f"{WORKSPACE}/computes/aks"
INSTANCE = f"{WORKSPACE}/computes/somebody"
MANAGED = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/managed"
KEYS = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-keys"


def refuses(world, id_: str, body: dict[str, Any], message: str) -> ArmError:
    before = world.store.get(id_)
    with pytest.raises(ArmError, match=message) as caught:
        world.put(id_, body)
    assert world.store.get(id_) == before
    return caught.value


def twice(world, id_: str, body: dict[str, Any]) -> dict[str, Any]:
    first = world.put(id_, copy.deepcopy(body))
    assert world.put(id_, copy.deepcopy(body)) == first
    return first


def endpoint(*identities: str, **properties: object) -> dict[str, Any]:
    body = {"location": "westeurope", "properties": {"authMode": "AADToken"} | properties}
    if identities:
        body["identity"] = {
            "type": "UserAssigned",
            "userAssignedIdentities": {id_: {} for id_ in identities},
        }
    return body


def deploy(world, endpoint_id: str, *names: str) -> None:
    """What a release makes; the local Azure stores no deployment that it does not run."""
    for name in names:
        world.store.put({"id": f"{endpoint_id}/deployments/{name}", "properties": {}})


def test_a_body_without_traffic_takes_it_away(world):
    twice(world, ONLINE, endpoint())
    deploy(world, ONLINE, "blue", "green")
    moved = twice(world, ONLINE, endpoint(traffic={"blue": 90, "green": 10}))["properties"]
    assert moved["traffic"] == {"blue": 90, "green": 10}
    assert moved["swaggerUri"].endswith(".westeurope.inference.ml.azure.com/swagger.json")
    assert world.put(ONLINE, endpoint())["properties"]["traffic"] == {}


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"traffic": {"blue": 90}}, "sums up to 90"),
        ({"traffic": {"blue": 100, "green": 10}}, "sums up to 110"),
        ({"traffic": {"red": 100}}, "names red"),
        ({"traffic": {"blue": -1, "green": 101}}, "give a whole number"),
        ({"mirrorTraffic": {"blue": 60}}, "one deployment gets at most 50"),
        ({"mirrorTraffic": {"blue": 10, "green": 10}}, "one deployment gets"),
        ({"publicNetworkAccess": "Disabled"}, "cannot be changed"),
        ({"authMode": "Key"}, "cannot be changed"),
        ({"compute": f"{WORKSPACE}/computes/cpu"}, "the id of a Kubernetes compute"),
    ],
)
def test_shares_make_a_whole_and_other_things_stay(world, properties, message):
    world.put(ONLINE, endpoint())
    deploy(world, ONLINE, "blue", "green")
    refuses(world, ONLINE, endpoint(**properties), message)


def test_an_endpoint_keeps_its_identity_and_its_name_is_its_own(world):
    world.put(ONLINE, endpoint(IDENTITY))
    refuses(world, ONLINE, endpoint(), "identity of endpoint 'flights' cannot be changed")
    second = WORKSPACE.replace("mlws", "other")
    world.store.put({"id": second, "properties": {}})
    refuses(world, f"{second}/onlineEndpoints/flights", endpoint(), "is taken in westeurope")


def test_a_batch_endpoint_names_a_deployment_that_it_has(world):
    body = endpoint(defaults={"deploymentName": "score"})
    refuses(world, BATCH, body, "is no deployment of the endpoint")
    world.put(BATCH, endpoint())
    deploy(world, BATCH, "score")
    made = twice(world, BATCH, body)["properties"]
    assert made["defaults"] == {"deploymentName": "score"}
    assert made["scoringUri"].endswith("/jobs")


def registry(*regions: str, **properties: object) -> dict[str, Any]:
    details = [
        {
            "location": region,
            "acrDetails": [{"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}],
            "storageAccountDetails": [
                {"systemCreatedStorageAccount": {"storageAccountType": "Standard_ZRS"}}
            ],
        }
        for region in regions
    ]
    return {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {"regionDetails": details, "publicNetworkAccess": "Disabled"} | properties,
    }


def test_a_registry_gets_its_addresses_and_a_group_of_the_services_own(world):
    made = twice(world, REGISTRY, registry("westeurope"))
    shown = made["properties"]
    assert shown["discoveryUrl"].startswith("https://westeurope.api.azureml.ms/")
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/azureml-rg-models"
    assert shown["managedResourceGroup"] == {"resourceId": group}
    assert shown["publicNetworkAccess"] == "Disabled"
    assert made["identity"]["principalId"]
    world.put(REGISTRY, registry("westeurope", "northeurope"))
    refuses(world, REGISTRY, registry("westeurope"), "loses northeurope")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (registry(), "give a list"),
        (registry("northeurope"), "own region westeurope"),
        (registry("westeurope", "westeurope"), "each region once"),
        ({**registry("westeurope"), "identity": None}, "has no identity"),
        (registry("westeurope", publicNetworkAccess="Maybe"), "give one of Enabled"),
        (registry(regionDetails=[{"location": "westeurope"}]), "acrDetails is missing"),
    ],
)
def test_a_bad_registry_is_refused(world, body, message):
    refuses(world, REGISTRY, body, message)


def attach(**own: object) -> dict[str, Any]:
    return {
        "location": "westeurope",
        "properties": {
            "computeType": "Kubernetes",
            "resourceId": CLUSTER,
            "properties": {"namespace": "azureml-models"} | own,
        },
    }


def test_a_cluster_is_attached_when_it_lets_the_workspace_in(world):
    refuses(world, ATTACHED, attach(), "was not found")
    kind = "Microsoft.ContainerService/managedClusters"
    world.store.put({"id": CLUSTER, "type": kind, "properties": {"disableLocalAccounts": True}})
    refuses(world, ATTACHED, attach(), "has no extension")
    installed = {"extensionType": "Microsoft.AzureML.Kubernetes"}
    world.store.put({"id": EXTENSION, "properties": installed})
    refuses(world, ATTACHED, attach(), "no trusted access role binding")
    binding = {
        "sourceResourceId": WORKSPACE,
        "roles": ["Microsoft.MachineLearningServices/workspaces/mlworkload"],
    }
    id_ = f"{CLUSTER}/trustedAccessRoleBindings/azureml"
    world.store.put({"id": id_, "properties": binding})
    made = twice(world, ATTACHED, attach())["properties"]
    assert (made["isAttachedCompute"], made["properties"]["namespace"]) == (True, "azureml-models")
    refuses(world, ATTACHED, attach(namespace="other"), "cannot be changed")
    refuses(world, ATTACHED, attach(defaultInstanceType="big"), "none of instanceTypes")
    world.put(f"{WORKSPACE}/onlineEndpoints/inside", endpoint(compute=ATTACHED))


def instance(**own: object) -> dict[str, Any]:
    needed = {"vmSize": "STANDARD_DS3_V2", "idleTimeBeforeShutdown": "PT30M"}
    return {
        "location": "westeurope",
        "properties": {"computeType": "ComputeInstance", "properties": needed | own},
    }


def test_an_instance_stops_when_nobody_works(world):
    own = twice(world, INSTANCE, instance())["properties"]["properties"]
    assert own["sshSettings"] == {"sshPublicAccess": "Disabled"}
    assert (own["state"], own["enableSSO"]) == ("Running", True)
    request = world.request("POST", INSTANCE, {})
    plane.act(request, ArmId.parse(INSTANCE), "stop")
    assert world.put(INSTANCE, instance())["properties"]["properties"]["state"] == "Stopped"


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"vmSize": ""}, "vmSize is missing"),
        ({"idleTimeBeforeShutdown": "PT5M"}, "give PT15M to P3D"),
        ({"idleTimeBeforeShutdown": "P4D"}, "give PT15M to P3D"),
        ({"idleTimeBeforeShutdown": "soon"}, "ISO 8601"),
        ({"enableSSO": "yes"}, "give true or false"),
        ({"sshSettings": {"sshPublicAccess": "Enabled"}}, "adminPublicKey is missing"),
        ({"subnet": {"id": f"{GROUP}/nowhere"}}, "create the subnet first"),
        ({"enableNodePublicIp": False}, "has no subnet"),
        ({"applicationSharingPolicy": "All"}, "give one of Personal"),
    ],
)
def test_a_bad_instance_is_refused(world, own, message):
    refuses(world, INSTANCE, instance(**own), message)


def test_an_instance_keeps_its_size(world):
    world.put(INSTANCE, instance())
    refuses(world, INSTANCE, instance(vmSize="STANDARD_NC6"), "vmSize of compute")


def workspace(mode: str, **properties: object) -> dict[str, Any]:
    current = {"storageAccount": STORAGE, "keyVault": VAULT}
    return {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {**current, "managedNetwork": {"isolationMode": mode}, **properties},
    }


def rule(kind: str, destination: object) -> dict[str, Any]:
    return {"properties": {"type": kind, "destination": destination}}


def test_rules_lead_to_what_is_there(world):
    world.put(MANAGED, workspace("AllowInternetOutbound"))
    store = {"serviceResourceId": STORAGE, "subresourceTarget": "blob"}
    made = twice(world, f"{MANAGED}/outboundRules/store", rule("PrivateEndpoint", store))
    assert made["properties"]["category"] == "UserDefined"
    ghost = {"serviceResourceId": f"{STORAGE}x", "subresourceTarget": "blob"}
    kind = {"serviceResourceId": STORAGE, "subresourceTarget": "sofa"}
    tag = {"serviceTag": "DataFactory", "protocol": "SMOKE", "portRanges": "443"}
    for body, message in (
        (rule("FQDN", "pypi.org"), "needs isolationMode AllowOnlyApprovedOutbound"),
        (rule("PrivateEndpoint", ghost), "was not found"),
        (rule("PrivateEndpoint", kind), "give one of blob"),
        (rule("ServiceTag", tag), "give one of"),
        (rule("Tunnel", "x"), "give one of FQDN"),
    ):
        refuses(world, f"{MANAGED}/outboundRules/other", body, message)
    world.put(MANAGED, workspace("AllowOnlyApprovedOutbound"))
    world.put(f"{MANAGED}/outboundRules/pypi", rule("FQDN", "pypi.org"))
    for mode in ("AllowInternetOutbound", "Disabled"):
        refuses(world, MANAGED, workspace(mode), "isolationMode cannot")


def test_a_workspace_without_a_managed_network_has_no_rules(world):
    refuses(world, f"{WORKSPACE}/outboundRules/a", rule("FQDN", "pypi.org"), "is Disabled")


def own_key(version: str = "", vault: str = KEYS) -> dict[str, Any]:
    name = vault.rpartition("/")[2]
    key = {
        "keyVaultArmId": vault,
        "keyIdentifier": f"https://{name}.vault.azure.net/keys/data{version}",
    }
    return {"status": "Enabled", "keyVaultProperties": key}


def test_an_own_key_is_given_at_creation_and_rotated_later(world):
    world.store.put({"id": KEYS, "properties": {"enablePurgeProtection": True}})
    body = workspace("Disabled", encryption=own_key())
    made = world.put(MANAGED, body)["properties"]
    assert made["encryption"]["keyVaultProperties"]["keyVaultArmId"] == KEYS
    world.put(MANAGED, workspace("Disabled", encryption=own_key("/2")))
    refuses(world, MANAGED, workspace("Disabled"), "after the workspace was created")
    other = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-other"
    world.store.put({"id": other, "properties": {"enablePurgeProtection": True}})
    body = workspace("Disabled", encryption=own_key(vault=other))
    refuses(world, MANAGED, body, "after the workspace was created")


def test_a_workspace_made_without_a_key_gets_none(world):
    world.store.put({"id": KEYS, "properties": {"enablePurgeProtection": True}})
    world.put(MANAGED, workspace("Disabled"))
    body = workspace("Disabled", encryption=own_key())
    refuses(world, MANAGED, body, "after the workspace was created")


def test_a_key_that_could_be_lost_is_refused(world):
    body = workspace("Disabled", encryption=own_key())
    refuses(world, MANAGED, body, "was not found")
    world.store.put({"id": KEYS, "properties": {}})
    refuses(world, MANAGED, body, "has no purge protection")
    world.store.put({"id": KEYS, "properties": {"enablePurgeProtection": True}})
    foreign = own_key()
    foreign["keyVaultProperties"]["keyIdentifier"] = "https://kv-other.vault.azure.net/keys/data"
    refuses(world, MANAGED, workspace("Disabled", encryption=foreign), "a key of the vault")
    stranger = {**own_key(), "identity": {"userAssignedIdentity": IDENTITY}}
    refuses(world, MANAGED, workspace("Disabled", encryption=stranger), "is not one of identity")
