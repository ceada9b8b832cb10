"""Names: Azure takes each of them, and no two things ask for the same."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.naming import LIMITS, Kind, Names
from infra.regions import REGIONS

words = st.from_regex(r"[a-z][a-z0-9]{1,7}", fullmatch=True)
purposes = st.sampled_from(
    ["", "private-endpoints", "access", "amlworkspace", "workspace", "cluster-cpu"]
)
names = st.builds(
    Names,
    subscription=st.uuids().map(str),
    project=st.from_regex(r"[a-z][a-z-]{1,20}", fullmatch=True),
    environment=words,
    workload=words,
    generation=st.integers(1, 99),
    region=st.one_of(st.none(), st.sampled_from(sorted(REGIONS))),
)
LOCAL = (
    Kind.RESOURCE_GROUP,
    Kind.VIRTUAL_NETWORK,
    Kind.SUBNET,
    Kind.NETWORK_SECURITY_GROUP,
    Kind.PRIVATE_ENDPOINT,
    Kind.NETWORK_INTERFACE,
    Kind.IDENTITY,
    Kind.LOG_ANALYTICS,
    Kind.APPLICATION_INSIGHTS,
)
EXAMPLE = Names(
    subscription="00000000-0000-0000-0000-00000000aaaa",
    project="azure-mlops",
    environment="dev",
    workload="mlops",
    region="westeurope",
)


@given(names, purposes, st.sampled_from(LOCAL))
def test_azure_takes_every_name_that_is_unique_in_its_group(made, purpose, kind):
    assert LIMITS[kind].accepts(made.of(kind, purpose))


@given(names)
def test_azure_takes_every_globally_unique_name(made):
    assert LIMITS[Kind.STORAGE_ACCOUNT].accepts(made.storage_account)
    assert LIMITS[Kind.KEY_VAULT].accepts(made.key_vault)
    assert LIMITS[Kind.REGISTRY].accepts(made.registry)
    assert LIMITS[Kind.WORKSPACE].accepts(made.workspace)


@given(names)
def test_names_are_a_function_of_what_they_are_made_of(made):
    again = replace(made)
    assert again.storage_account == made.storage_account
    assert again.role_assignment("a", "b", "c") == made.role_assignment("a", "b", "c")


@given(names, st.data())
def test_another_subscription_project_stack_or_region_never_asks_for_the_same_name(made, data):
    other = data.draw(names.filter(lambda candidate: candidate != made))
    differs = any(
        getattr(made, part) != getattr(other, part)
        for part in ("subscription", "project", "environment", "generation", "region")
    )
    if differs:
        assert made.storage_account != other.storage_account
        assert made.key_vault != other.key_vault
        assert made.registry != other.registry


def test_names_say_what_they_are_for():
    assert EXAMPLE.of(Kind.RESOURCE_GROUP) == "rg-mlops-dev-weu"
    assert EXAMPLE.workspace == "mlw-mlops-dev-weu"
    assert EXAMPLE.key_vault.startswith("kv-mlops-dev-weu-")
    assert EXAMPLE.storage_account.startswith("stmlopsdevweu")


def test_a_new_generation_leaves_the_names_of_deleted_vaults_and_workspaces_alone():
    second = replace(EXAMPLE, generation=2)
    assert second.workspace == "mlw-mlops-dev-weu-2"
    assert second.key_vault != EXAMPLE.key_vault
    assert second.of(Kind.RESOURCE_GROUP) == EXAMPLE.of(Kind.RESOURCE_GROUP)


def test_each_grant_has_its_own_name():
    made = {
        EXAMPLE.role_assignment(identity, role, scope)
        for identity in ("workspace", "cluster-cpu")
        for role in ("reader", "contributor")
        for scope in ("storage", "vault")
    }
    assert len(made) == 8


def test_no_two_regions_share_a_short_name():
    short = [region.short for region in REGIONS.values()]
    assert len(short) == len(set(short))
    assert all(len(a) <= 4 for a in short)
    assert not [pair for pair in combinations(short, 2) if pair[0] == pair[1]]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Kind.STORAGE_ACCOUNT, "Not_Allowed"),
        (Kind.STORAGE_ACCOUNT, "st"),
        (Kind.STORAGE_ACCOUNT, "a" * 25),
        (Kind.KEY_VAULT, "1starts-with-a-digit"),
        (Kind.KEY_VAULT, "two--hyphens"),
        (Kind.KEY_VAULT, "ends-with-hyphen-"),
        (Kind.REGISTRY, "no-hyphens"),
        (Kind.CONTAINER, "Upper"),
        (Kind.CONTAINER, "a--b"),
        (Kind.WORKSPACE, "_begins"),
        (Kind.CLUSTER, "has space"),
        (Kind.RESOURCE_GROUP, "ends-with-dot."),
        (Kind.DATASTORE, "with-hyphen"),
    ],
)
def test_the_limits_refuse_what_azure_refuses(kind, name):
    assert not LIMITS[kind].accepts(name)
