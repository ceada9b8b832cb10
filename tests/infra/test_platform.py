"""Whole stacks: what hangs together across components, for dev, staging and prod."""

import json
from collections import Counter
from ipaddress import ip_network
from itertools import combinations

from infra.__main__ import main
from infra.builtin_roles import Role
from tests.infra.recorder import DEPLOYER, Recording, physical_name, record
from tests.infra.stacks import STACKS, stack_config

OUTPUTS = {
    "subscription_id",
    "resource_group",
    "workspace",
    "workspace_id",
    "location",
    "storage_account",
    "cpu_cluster",
    "key_vault",
    "registry",
    "environment",
    "endpoint_flights",
    "batch_endpoint_retrain",
    "lake",
    "event_queue",
    "autoscale",
    "release_approval",
    "data_factory",
    "data_trigger",
    "gate_cluster",
    "verdict_key",
    "stamps",
    "model_registry_id",
    "delivery_client_ids",
}
# What a stack's own options add.
MORE = {
    "dev": set(),
    "staging": {"endpoint_flights-k8s"},
    "prod": {"endpoint_flights-k8s"},
}
# What tells the parts of one resource apart.
PARTS = (
    "computeName",
    "endpointName",
    "keyName",
    "agentPoolName",
    "configName",
    "extensionName",
    "associationName",
)
GLOBALLY_UNIQUE = ("storage:StorageAccount", "keyvault:Vault", "containerregistry:Registry")


def dev_with(**keys: object) -> Recording:
    given = {
        f"azure-mlops:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in keys.items()
    }
    return record(main, config={**stack_config("dev"), **given})


def test_no_two_resources_of_a_stack_share_a_urn(platform):
    assert [u for u, n in Counter(r.urn for r in platform.resources).items() if n > 1] == []


def test_no_two_resources_of_a_stack_share_a_physical_name(platform):
    seen = Counter(
        (
            r.type,
            str(r.inputs.get("resourceGroupName") or r.inputs.get("scope")),
            str(r.inputs.get("virtualNetworkName") or r.inputs.get("privateZoneName")),
            str(r.inputs.get("privateEndpointName") or r.inputs.get("resourceUri")),
            physical_name(r.inputs) or str(r.inputs.get("roleAssignmentName")),
            *(str(r.inputs.get(part)) for part in PARTS),
            str(r.inputs.get("virtualNetworkLinkName") or r.inputs.get("subnetName")),
            str(r.inputs.get("accountName")),
        )
        for r in platform.azure
    )
    assert [key for key, count in seen.items() if count > 1] == []


def test_globally_unique_names_differ_between_all_stacks_and_regions(recordings):
    for kind in GLOBALLY_UNIQUE:
        names = [physical_name(r.inputs) for s in STACKS for r in recordings[s].all(kind)]
        assert len(set(names)) == len(names) >= 4


def test_role_assignments_have_names_of_their_own_in_all_stacks(recordings):
    names = [
        r.inputs["roleAssignmentName"]
        for stack in STACKS
        for r in recordings[stack].all("authorization:RoleAssignment")
    ]
    assert len(set(names)) == len(names)


def test_addresses_never_overlap_in_and_across_stacks(recordings):
    networks = [
        ip_network(prefix)
        for stack in STACKS
        for r in recordings[stack].all("network:VirtualNetwork")
        for prefix in r.inputs["addressSpace"]["addressPrefixes"]
    ]
    assert len(networks) == 4
    assert not any(a.overlaps(b) for a, b in combinations(networks, 2))


def test_a_second_region_is_a_second_stamp_beside_shared_zones(recordings):
    prod, staging = recordings["prod"], recordings["staging"]
    assert len(prod.all("machinelearningservices:Workspace")) == 2
    assert len(prod.all("resources:ResourceGroup")) == 3
    zones = {z.name for z in prod.all("privatedns:PrivateZone")}
    assert {z.name for z in staging.all("privatedns:PrivateZone")} <= zones
    # Azure Monitor's names mean another endpoint in each region, so those zones are the stamps'.
    own = {name for name in zones if name.startswith(("weu-", "neu-"))}
    assert len(own) == 8
    assert len(prod.all("VirtualNetworkLink")) == 2 * len(zones - own) + len(own)


def test_everything_that_can_be_private_has_an_endpoint(platform):
    targets = {
        connection["privateLinkServiceId"]
        for endpoint in platform.all("network:PrivateEndpoint")
        for connection in endpoint.inputs["privateLinkServiceConnections"]
    }
    kinds = ("StorageAccount", "Vault", "Registry", "Factory", "PrivateLinkScope")
    private = [r for kind in kinds for r in platform.azure if r.type.endswith(f":{kind}")]
    private += platform.all("machinelearningservices:Workspace")
    private += platform.all("machinelearningservices:Registry")
    private += platform.all("purview:Account")
    private = list({(r.type, r.name): r for r in private}.values())
    ingestion = {target for target in targets if "ingestion-of" in target}  # of the catalogue
    assert len(private) == len(targets - ingestion)
    for resource in private:
        kind = resource.type.removeprefix("azure-native:")
        assert f"/id/{kind}/{resource.name}" in targets


def test_each_taggable_resource_carries_the_stacks_tags(recordings):
    for stack in STACKS:
        tagged = [r for r in recordings[stack].azure if "tags" in r.inputs]
        assert {r.type.rpartition(":")[2] for r in tagged} >= {
            "ResourceGroup",
            "StorageAccount",
            "Vault",
            "Registry",
            "Workspace",
            "Compute",
            "VirtualNetwork",
            "PrivateEndpoint",
            "PrivateZone",
            "VirtualNetworkLink",
            "UserAssignedIdentity",
            "Component",
            "NetworkSecurityGroup",
        }
        for resource in tagged:
            assert resource.inputs["tags"]["environment"] == stack
            assert resource.inputs["tags"]["owner"] == "ml-platform"


def test_protection_covers_what_holds_data_in_prod_and_nothing_in_dev(recordings):
    protected = {r.type.rpartition(":")[2] for r in recordings["prod"].azure if r.protect}
    assert protected == {
        "StorageAccount",
        "BlobContainer",
        "Vault",
        "Registry",
        "Workspace",
        "Account",
    }
    assert not any(r.protect for r in recordings["dev"].azure)


def test_runtime_identities_are_separate(platform):
    holders = {
        # All questions to the logs are asked by one identity, which only reads them.
        r.parent if r.type.endswith(":ScheduledQueryRule") else r.urn: r.inputs["identity"]
        for r in platform.azure
        if "identity" in r.inputs
    }
    used = [identity.get("userAssignedIdentities", []) for identity in holders.values()]
    flat = [identity for identities in used for identity in identities]
    assert len(set(flat)) == len(flat)
    # The nodes' identity is named in the cluster's profile, not as the cluster's own.
    kubelets = [r for r in platform.all("UserAssignedIdentity") if r.name.endswith("aks-kubelet")]
    assert len(flat) == len(platform.all("UserAssignedIdentity")) - len(kubelets)


def test_the_workspace_waits_for_its_grants_and_the_cluster_for_its_own(dev):
    workspace = dev.one("machinelearningservices:Workspace")
    clusters = {c.name: c for c in dev.all("machinelearningservices:Compute")}
    cluster = clusters["cluster-cpu-weu"]
    assert any("storage-blob-data-contributor-storage" in urn for urn in workspace.depends_on)
    assert any("cluster-cpu-acr-pull-registry" in urn for urn in cluster.depends_on)


def test_dev_grants_whoever_brings_it_up_and_prod_does_not(recordings):
    def held(stack: str) -> set[str]:
        return {
            r.inputs["roleDefinitionId"].rpartition("/")[2]
            for r in recordings[stack].all("authorization:RoleAssignment")
            if r.inputs["principalId"] == DEPLOYER
        }

    assert held("dev") == {
        Role.AZUREML_DATA_SCIENTIST.value,
        Role.STORAGE_BLOB_DATA_CONTRIBUTOR.value,
        Role.KEY_VAULT_READER.value,
    }
    assert held("staging") == held("prod") == set()


def test_a_deployer_who_is_an_operator_too_is_granted_once():
    made = dev_with(operators=[{"object_id": DEPLOYER, "type": "User"}])
    grants = [
        r for r in made.all("authorization:RoleAssignment") if r.inputs["principalId"] == DEPLOYER
    ]
    assert len(grants) == 3
    assert {r.inputs["principalType"] for r in grants} == {"User"}


def test_a_second_cluster_has_an_identity_and_grants_of_its_own():
    made = dev_with(clusters={"cpu": {}, "gpu": {"vm_size": "Standard_NC4as_T4_v3"}})
    assert len(made.all("machinelearningservices:Compute")) == 3
    identities = {r.name for r in made.all("UserAssignedIdentity")}
    assert {"identity-weu-cluster-cpu", "identity-weu-cluster-gpu"} <= identities
    names = [r.name for r in made.all("authorization:RoleAssignment")]
    assert any("cluster-gpu-acr-pull" in name for name in names)


def test_outputs_are_what_pipelines_read(recordings):
    for stack in STACKS:
        outputs = recordings[stack].outputs
        assert outputs.keys() == OUTPUTS | MORE[stack]
        assert outputs["environment"] == stack


def test_logs_of_every_store_and_workspace_are_kept(dev):
    settings = dev.all("monitor:DiagnosticSetting")
    sources = {s.inputs["resourceUri"] for s in settings}
    assert len(sources) == len(settings) >= 6
    assert {s.inputs["workspaceId"] for s in settings} == {
        "/id/operationalinsights:Workspace/monitoring-weu-logs"
    }
