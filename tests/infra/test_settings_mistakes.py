"""Bad settings: every mistake is named with its key, what was found, what is wanted and the fix."""

import json

import pytest

from infra.config import parse
from infra.problems import SettingsError
from infra.settings import Settings
from tests.infra.stacks import PROJECT

GUID = "11111111-2222-3333-4444-555555555555"


def settings(stack: str = "dev", **keys: object) -> Settings:
    texts = {
        f"{PROJECT}:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in keys.items()
    }
    return parse(texts, project=PROJECT, stack=stack)


def mistakes(stack: str = "dev", **keys: object) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        settings(stack, **keys)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("key", "value", "where", "found", "hint"),
    [
        ("regoins", ["westeurope"], "regoins", "unknown key 'regoins'", "did you mean regions?"),
        ("location", "westeurope", "location", "unknown key", "did you mean regions?"),
        ("locaton", "westeurope", "locaton", "unknown key", "did you mean regions?"),
        ("regions", ["westeurop"], "regions.0", "'westeurop'", "write westeurope"),
        ("regions", ["West Europe"], "regions.0", "'West Europe'", "write westeurope"),
        ("regions", ["atlantis"], "regions.0", "'atlantis'", "infra/regions.py"),
        ("regions", [], "regions", "[]", "at least one"),
        ("regions", "westeurope", "regions", "'westeurope'", "a list"),
        ("regions", ["westeurope", "westeurope"], "regions", "westeurope twice", "remove one"),
        ("protect", "perhaps", "protect", "'perhaps'", "true or false"),
        ("generation", "many", "generation", "'many'", "a whole number"),
        ("generation", "0", "generation", "'0'", "1 or more"),
        ("workload", "My_Platform", "workload", "'My_Platform'", "2 to 8 lower-case letters"),
        (
            "network",
            {"address_space": "10.0.0.0/33"},
            "network.address_space",
            "'10.0.0.0/33'",
            "such as 10.10.0.0/16",
        ),
        (
            "network",
            {"address_space": "10.0.0.1/16"},
            "network.address_space",
            "'10.0.0.1/16'",
            "host bits",
        ),
        (
            "network",
            {"address_space": "10.0.0.0/24"},
            "network.address_space",
            "10.0.0.0/24",
            "a /20 for each region",
        ),
        (
            "network",
            {"address_space": "172.17.0.0/20"},
            "network.address_space (the part of westeurope)",
            "172.17.0.0/20",
            "outside 172.17.0.0/16",
        ),
        (
            "network",
            {"address_space": "8.8.0.0/16"},
            "network.address_space",
            "8.8.0.0/16",
            "private range",
        ),
        (
            "network",
            {"stamps": {"westeurope": {"access": "10.10.0.128/26"}}},
            "network.stamps.westeurope.private_endpoints",
            "10.10.0.0/24, which overlaps 10.10.0.128/26",
            "move one of the two",
        ),
        (
            "network",
            {"stamps": {"westeurope": {"access": "10.99.0.0/26"}}},
            "network.stamps.westeurope.access",
            "10.99.0.0/26",
            "10.10.0.0/20",
        ),
        (
            "network",
            {"stamps": {"northeurope": {"access": "10.10.1.0/26"}}},
            "network.stamps.northeurope",
            "a region without a stamp",
            "add the region",
        ),
        (
            "network",
            {"reserved": ["10.10.8.0/24"]},
            "network.address_space (the part of westeurope)",
            "overlaps 10.10.8.0/24",
            "move one of the two",
        ),
        (
            "clusters",
            {"cpu": {"vm_size": "D4s"}},
            "clusters.cpu.vm_size",
            "'D4s'",
            "Standard_D4s_v5",
        ),
        (
            "clusters",
            {"cpu": {"max_nods": 4}},
            "clusters.cpu.max_nods",
            "unknown key",
            "did you mean max_nodes?",
        ),
        ("clusters", {"cpu": {"max_nodes": 0}}, "clusters.cpu.max_nodes", "0", "1 or more"),
        (
            "clusters",
            {"cpu": {"min_nodes": 3, "max_nodes": 2}},
            "clusters.cpu.min_nodes",
            "3",
            "at most max_nodes",
        ),
        ("clusters", {"cpu": {}, "g p": {}}, "clusters.g p", "'g p'", "rename"),
        ("clusters", {"gpu": {}}, "clusters", "no cluster named cpu", "add `cpu: {}`"),
        (
            "storage",
            {"replication": "standard_zrs"},
            "storage.replication",
            "'standard_zrs'",
            "write Standard_ZRS",
        ),
        ("key_vault", {"retention_days": 3}, "key_vault.retention_days", "3", "7 or more"),
        ("monitoring", {"daily_cap_gb": 0}, "monitoring.daily_cap_gb", "0", "more than 0"),
        (
            "operators",
            [{"object_id": "me", "type": "User"}],
            "operators.0.object_id",
            "'me'",
            "object id of Entra",
        ),
        (
            "operators",
            [{"object_id": GUID, "type": "user"}],
            "operators.0.type",
            "'user'",
            "write User",
        ),
        ("operators", [{"object_id": GUID}], "operators.0.type", "nothing", "add it"),
        (
            "operators",
            [{"object_id": GUID, "type": "User"}, {"object_id": GUID, "type": "User"}],
            "operators",
            "twice",
            "remove one",
        ),
        (
            "workspace",
            {"outbound": "approved", "allowed_hosts": ["https://mirror.example.com/"]},
            "workspace.allowed_hosts.0",
            "'https://mirror.example.com/'",
            "remove the scheme",
        ),
        (
            "workspace",
            {"allowed_hosts": ["mirror.example.com"]},
            "workspace.allowed_hosts",
            "workspace.outbound is internet",
            "remove the list",
        ),
        ("tags", {"extra": {"a<b": "c"}}, "tags.extra.a<b", "'a<b'", "rename the tag"),
        ("tags", "mine", "tags", "'mine'", "indent"),
    ],
)
def test_a_mistake_is_named_with_key_found_wanted_and_fix(key, value, where, found, hint):
    (mistake,) = mistakes(**{key: value})
    assert mistake.startswith(f"{PROJECT}:{where}: found ")
    assert found in mistake
    assert hint in mistake
    assert "; wanted " in mistake
    assert "; fix: " in mistake


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ({"storage": {"replication": "Standard_ZRS"}}, "storage.replication"),
        ({"registry": {"zone_redundant": True}}, "registry.zone_redundant"),
    ],
)
def test_zone_redundancy_needs_a_region_with_zones(keys, where):
    (mistake,) = mistakes(regions=["westus"], **keys)
    assert mistake.startswith(f"{PROJECT}:{where}: found ")
    assert "westus, which has no zones" in mistake


def test_two_regions_need_room_for_two_stamps():
    (mistake,) = mistakes(
        regions=["westeurope", "northeurope"], network={"address_space": "10.0.0.0/20"}
    )
    assert "1 of the 2 /20" in mistake


def test_regions_with_spaces_of_their_own_must_not_overlap():
    (mistake,) = mistakes(
        regions=["westeurope", "northeurope"],
        network={
            "stamps": {
                "westeurope": {"address_space": "10.1.0.0/20"},
                "northeurope": {"address_space": "10.1.8.0/21"},
            }
        },
    )
    assert "10.1.0.0/20, which overlaps 10.1.8.0/21" in mistake


def test_all_mistakes_are_reported_at_once():
    found = mistakes(
        stack="Prod-1",
        regoins="x",
        protect="perhaps",
        network={"address_space": "10.0.0.0/33"},
        workspace={"allowed_hosts": ["mirror.example.com"]},
        clusters={"cpu": {"min_nodes": 3, "max_nodes": 2}},
        operators=[{"object_id": "me", "type": "user"}],
    )
    keys = {mistake.split(": found")[0].removeprefix(f"{PROJECT}:") for mistake in found}
    assert keys == {
        "stack name",
        "regoins",
        "protect",
        "network.address_space",
        "workspace.allowed_hosts",
        "clusters.cpu.min_nodes",
        "operators.0.object_id",
        "operators.0.type",
    }


def test_the_message_counts_the_mistakes_and_names_the_file():
    with pytest.raises(SettingsError, match=r"2 mistakes .*Pulumi\.dev\.yaml.*nothing was done"):
        settings(protect="perhaps", generation="many")


def test_a_key_under_a_mistyped_project_is_not_lost():
    with pytest.raises(SettingsError, match="write azure-mlops:protect"):
        parse({"azure-mlop:protect": "true"}, project=PROJECT, stack="dev")


def test_the_config_of_others_is_left_alone():
    config = {"azure-native:location": "westeurope", "policy:advisory": "x", "pulumi:tags": "{}"}
    assert parse(config, project=PROJECT, stack="dev") == settings()
