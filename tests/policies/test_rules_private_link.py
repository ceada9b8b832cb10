"""The graph rule about private endpoints, at preview and after the deployment."""

import pytest

from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import key_vault, machine_learning, registry, storage
from policies.rules.private_link import ENDPOINT, endpoint_for_what_is_private
from tests.policies.asking import UNKNOWN, Stack

TARGETS = [
    (storage.ACCOUNT, {"accountName": "it"}, "dfs", "Microsoft.Storage/storageAccounts"),
    (key_vault.VAULT, {"vaultName": "it"}, "vault", "Microsoft.KeyVault/vaults"),
    (
        machine_learning.WORKSPACE,
        {"workspaceName": "it"},
        "amlworkspace",
        "Microsoft.MachineLearningServices/workspaces",
    ),
    (
        registry.REGISTRY,
        {"registryName": "it"},
        "registry",
        "Microsoft.ContainerRegistry/registries",
    ),
]


def private(kind, props, access="Disabled"):
    switch = {"publicNetworkAccess": access}
    return props | ({"properties": switch} if kind == key_vault.VAULT else switch)


def connection(group, target=UNKNOWN):
    return [{"name": "c", "groupIds": [group], "privateLinkServiceId": target}]


@pytest.mark.parametrize(("kind", "props", "group", "arm"), TARGETS)
def test_an_endpoint_is_found_by_its_edge_before_ids_are_known(kind, props, group, arm):
    stack = Stack()
    target = stack.add(kind, "it", private(kind, props))
    stack.add(
        ENDPOINT,
        "endpoint",
        {"privateLinkServiceConnections": connection(group)},
        privateLinkServiceConnections=target,
    )
    assert stack.ask(endpoint_for_what_is_private) == {"it": PASS}


@pytest.mark.parametrize(("kind", "props", "group", "arm"), TARGETS)
@pytest.mark.parametrize(
    "key", ["privateLinkServiceConnections", "manualPrivateLinkServiceConnections"]
)
def test_an_endpoint_is_found_by_a_known_id(kind, props, group, arm, key):
    stack = Stack()
    stack.add(kind, "it", private(kind, props))
    target = f"/subscriptions/s/resourceGroups/g/providers/{arm}/IT"
    stack.add(ENDPOINT, "endpoint", {key: connection(group, target)})
    assert stack.ask(endpoint_for_what_is_private) == {"it": PASS}


@pytest.mark.parametrize(("kind", "props", "group", "arm"), TARGETS)
def test_endpoints_of_others_and_of_other_groups_do_not_count(kind, props, group, arm):
    stack = Stack()
    target = stack.add(kind, "it", private(kind, props))
    other = f"/subscriptions/s/resourceGroups/g/providers/{arm}/another"
    stack.add(ENDPOINT, "one", {"privateLinkServiceConnections": connection(group, other)})
    stack.add(
        ENDPOINT,
        "two",
        {"privateLinkServiceConnections": connection("sites")},
        privateLinkServiceConnections=target,
    )
    # Made after the target, but not leading to it.
    stack.add(
        ENDPOINT, "three", {"privateLinkServiceConnections": connection(group, other)}, tags=target
    )
    assert stack.ask(endpoint_for_what_is_private) == {"it": FAIL}


@pytest.mark.parametrize(("kind", "props", "group", "arm"), TARGETS)
@pytest.mark.parametrize(
    ("access", "verdict"),
    [("Enabled", NOT_APPLICABLE), (None, NOT_APPLICABLE), (UNKNOWN, UNDECIDED), ("disabled", FAIL)],
)
def test_only_what_is_private_needs_one(kind, props, group, arm, access, verdict):
    stack = Stack()
    stack.add(kind, "it", private(kind, props, access))
    assert stack.ask(endpoint_for_what_is_private) == {"it": verdict}


def test_an_endpoint_with_unknown_groups_leaves_it_undecided():
    stack = Stack()
    target = stack.add(storage.ACCOUNT, "it", private(storage.ACCOUNT, {}))
    stack.add(
        ENDPOINT,
        "endpoint",
        {"privateLinkServiceConnections": UNKNOWN},
        privateLinkServiceConnections=target,
    )
    assert stack.ask(endpoint_for_what_is_private) == {"it": UNDECIDED}
