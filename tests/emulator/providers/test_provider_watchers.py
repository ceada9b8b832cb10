"""Network Watcher: there by itself, once a region; its flow logs name what exists."""

import pytest

from tests.emulator.providers.world import SUBSCRIPTION, located

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/NetworkWatcherRG"
WATCHER = f"{GROUP}/providers/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope"
LOG = f"{WATCHER}/flowLogs/log"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/logs"


def body(azure, *, identity: bool = True, **properties: object) -> dict:
    given = {"targetResourceId": azure.id("Microsoft.Network/virtualNetworks/vnet")}
    given["storageId"] = azure.id("Microsoft.Storage/storageAccounts/stmlops")
    made = located(**{**given, **properties})
    if identity:
        held = {azure.id(IDENTITY): {}}
        made["identity"] = {"type": "UserAssigned", "userAssignedIdentities": held}
    return made


@pytest.fixture
def watched(azure):
    azure.network()
    azure.account(allowSharedKeyAccess=False)
    azure.put(IDENTITY, located())
    return azure


def test_a_first_network_brings_the_watcher_of_its_region(watched):
    assert watched.get(WATCHER)["location"] == "westeurope"
    watched.network("10.1.0.0/16", "other")
    assert len(watched.store.find("Microsoft.Network/networkWatchers")) == 1


def test_a_second_watcher_in_a_region_is_refused(watched):
    refusal = watched.refuses("Microsoft.Network/networkWatchers/mine", located())
    assert refusal.code == "NetworkWatcherCountLimitReached"


def test_a_flow_log_is_there_and_on(watched):
    made = watched.put(LOG, body(watched))
    assert made["properties"]["enabled"] is True
    assert watched.put(LOG, body(watched))["properties"] == made["properties"]


def test_a_flow_log_into_an_account_without_keys_needs_an_identity(watched):
    assert watched.refuses(LOG, body(watched, identity=False)).code == "FlowLogIdentityRequired"


@pytest.mark.parametrize(
    ("key", "value"),
    [("targetResourceId", "/nothing"), ("storageId", "/nothing"), ("storageId", None)],
)
def test_a_flow_log_names_what_exists(watched, key, value):
    assert key in watched.refuses(LOG, body(watched, **{key: value})).message


def test_a_flow_log_stays_in_its_region(watched):
    far = {**body(watched), "location": "northeurope"}
    assert watched.refuses(LOG, far).code == "StorageAccountLocationMismatch"
