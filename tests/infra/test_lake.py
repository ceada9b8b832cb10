"""The data lake: zones, who opens which, and how data ages."""

import json

from infra.__main__ import main
from infra.builtin_roles import Role
from tests.infra.recorder import Recording, record
from tests.infra.stacks import PROJECT, stack_config


def dev_with(**keys: object) -> Recording:
    given = {f"{PROJECT}:{key}": json.dumps(value) for key, value in keys.items()}
    return record(main, config={**stack_config("dev"), **given})


def held(made: Recording, identity: str) -> set[tuple[str, str]]:
    """The roles of an identity on the lake, each with the container it is for."""
    return {
        (Role(r.inputs["roleDefinitionId"].rpartition("/")[2]).name, r.inputs["scope"])
        for r in made.all("RoleAssignment")
        if r.inputs["principalId"] == f"principal-of-identity-weu-{identity}"
        and "lake" in r.inputs["scope"]
    }


def test_the_lake_has_folders_and_neither_keys_nor_a_public_door(dev):
    (lake,) = (a for a in dev.all("storage:StorageAccount") if a.name == "lake-weu")
    assert lake.inputs["isHnsEnabled"] is True
    assert lake.inputs["allowSharedKeyAccess"] is False
    assert lake.inputs["isSftpEnabled"] is False
    assert lake.inputs["publicNetworkAccess"] == "Disabled"
    assert lake.inputs["minimumTlsVersion"] == "TLS1_2"


def test_a_cluster_reads_raw_data_and_cannot_change_it(dev):
    on = "/id/storage:BlobContainer/lake-weu-"
    assert held(dev, "cluster-cpu") == {
        ("STORAGE_BLOB_DATA_READER", f"{on}raw"),
        ("STORAGE_BLOB_DATA_CONTRIBUTOR", f"{on}curated"),
        ("STORAGE_BLOB_DATA_CONTRIBUTOR", f"{on}features"),
        ("STORAGE_BLOB_DATA_CONTRIBUTOR", f"{on}scratch-cpu"),
    }


def test_two_clusters_share_the_zones_but_not_their_scratch_containers():
    made = dev_with(clusters={"cpu": {}, "gpu": {"vm_size": "Standard_NC4as_T4_v3"}})
    scratch = {
        identity: {scope for _, scope in held(made, identity) if "scratch" in scope}
        for identity in ("cluster-cpu", "cluster-gpu")
    }
    assert len(scratch["cluster-cpu"]) == len(scratch["cluster-gpu"]) == 1
    assert scratch["cluster-cpu"].isdisjoint(scratch["cluster-gpu"])


def test_raw_data_cools_and_stays_unless_the_settings_let_it_go():
    def actions(**lake: object) -> dict:
        policy = dev_with(lake=lake).one("storage:ManagementPolicy").inputs["policy"]
        return policy["rules"][0]["definition"]["actions"]["baseBlob"]

    assert actions(cool_after_days=40) == {"tierToCool": {"daysAfterModificationGreaterThan": 40}}
    assert actions(delete_raw_after_days=900)["delete"] == {"daysAfterModificationGreaterThan": 900}


def test_the_workspace_shows_each_zone_without_credentials(dev):
    stores = {d.inputs["name"]: d.inputs for d in dev.all("machinelearningservices:Datastore")}
    assert {"lake_raw", "lake_curated", "lake_features"} <= stores.keys()
    for store in stores.values():
        assert store["properties"]["credentials"] == {"credentialsType": "None"}


def test_turning_the_lake_off_leaves_the_workspaces_own_store_as_it_is(dev):
    without = dev_with(lake={"enabled": False}, data={"factory": False})
    (kept,) = without.all("storage:StorageAccount")
    (before,) = (a for a in dev.all("storage:StorageAccount") if a.name == kept.name)
    assert kept.inputs == before.inputs
    rules = without.one("machinelearningservices:Workspace").inputs["managedNetwork"]
    assert not any(name.startswith("lake") for name in rules["outboundRules"])
