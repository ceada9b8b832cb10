"""Public access, firewalls, private endpoints and managed networks decide who gets through."""

import pytest

from emulator.access import network
from emulator.arm.store import Store

RG = "/subscriptions/s1/resourceGroups/rg/providers"
ACCOUNT = f"{RG}/Microsoft.Storage/storageAccounts/st"
NET = f"{RG}/Microsoft.Network/virtualNetworks/vnet"
OTHER = f"{RG}/Microsoft.Network/virtualNetworks/other"
WORKSPACE = f"{RG}/Microsoft.MachineLearningServices/workspaces/mlw"


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "state.db")
    for net, name in ((NET, "pe"), (NET, "access"), (OTHER, "elsewhere")):
        opened.put({"id": f"{net}/subnets/{name}", "properties": {}})
    yield opened
    opened.close()


def account(store, **properties):
    return store.put({"id": ACCOUNT, "properties": properties})


def endpoint(store, group="blob", target=ACCOUNT, status="Approved"):
    connection = {
        "privateLinkServiceId": target,
        "groupIds": [group],
        "privateLinkServiceConnectionState": {"status": status},
    }
    store.put(
        {
            "id": f"{RG}/Microsoft.Network/privateEndpoints/pe-{group}",
            "properties": {
                "subnet": {"id": f"{NET}/subnets/pe"},
                "privateLinkServiceConnections": [{"properties": connection}],
            },
        }
    )


def reached(store, place, resource, group="blob"):
    return network.reaches(store, place, resource, group) is None


def test_an_open_account_answers_everybody(store):
    found = account(store)
    assert all(reached(store, place, found) for place in ("internet", "private", "elsewhere"))


def test_a_closed_account_without_an_endpoint_answers_nobody(store):
    found = account(store, publicNetworkAccess="Disabled")
    assert not any(reached(store, place, found) for place in ("internet", "private", "access"))


def test_an_endpoint_opens_it_inside_its_network_only(store):
    found = account(store, publicNetworkAccess="Disabled")
    endpoint(store)
    assert reached(store, "private", found)
    assert reached(store, "access", found)
    assert reached(store, f"{NET}/subnets/access", found)
    assert not reached(store, "elsewhere", found)
    assert not reached(store, "internet", found)


def test_another_group_does_not_open_the_blobs(store):
    found = account(store, publicNetworkAccess="Disabled")
    endpoint(store, group="file")
    assert not reached(store, "private", found)
    assert reached(store, "private", found, group="file")


def test_a_connection_that_waits_for_approval_opens_nothing(store):
    found = account(store, publicNetworkAccess="Disabled")
    endpoint(store, status="Pending")
    assert not reached(store, "private", found)


def test_a_shared_private_zone_joins_networks(store):
    found = account(store, publicNetworkAccess="Disabled")
    endpoint(store)
    zone = f"{RG}/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net"
    for name, net in (("a", NET), ("b", OTHER)):
        store.put(
            {
                "id": f"{zone}/virtualNetworkLinks/{name}",
                "properties": {"virtualNetwork": {"id": net}},
            }
        )
    assert reached(store, "elsewhere", found)


def test_a_firewall_lets_named_subnets_in(store):
    rules = {"defaultAction": "Deny", "virtualNetworkRules": [{"id": f"{NET}/subnets/access"}]}
    found = account(store, publicNetworkAccess="Enabled", networkAcls=rules)
    assert not reached(store, "access", found)  # the subnet has no service endpoint yet
    endpoints = [{"service": "Microsoft.Storage"}]
    store.put({"id": f"{NET}/subnets/access", "properties": {"serviceEndpoints": endpoints}})
    assert reached(store, "access", found)
    assert not reached(store, "elsewhere", found)
    assert not reached(store, "internet", found)


def workspace(store, mode, rules=None):
    store.put(
        {
            "id": WORKSPACE,
            "properties": {
                "storageAccount": ACCOUNT,
                "managedNetwork": {"isolationMode": mode, "outboundRules": rules or {}},
            },
        }
    )


@pytest.mark.parametrize("mode", ["AllowInternetOutbound", "AllowOnlyApprovedOutbound"])
def test_a_managed_network_reaches_the_workspaces_own_stores(store, mode):
    found = account(store, publicNetworkAccess="Disabled")
    workspace(store, mode)
    assert reached(store, f"workspace:{WORKSPACE}", found)


def test_a_managed_network_reaches_another_store_by_a_rule_only(store):
    lake = store.put(
        {
            "id": f"{RG}/Microsoft.Storage/storageAccounts/lake",
            "properties": {"publicNetworkAccess": "Disabled"},
        }
    )
    workspace(store, "AllowOnlyApprovedOutbound")
    assert not reached(store, f"workspace:{WORKSPACE}", lake)
    destination = {"serviceResourceId": lake["id"], "subresourceTarget": "blob"}
    rule = {"lake": {"type": "PrivateEndpoint", "destination": destination}}
    workspace(store, "AllowOnlyApprovedOutbound", rule)
    assert reached(store, f"workspace:{WORKSPACE}", lake)


def test_a_refusal_names_the_resource_and_the_way_in(store):
    refusal = network.reaches(
        store, "internet", account(store, publicNetworkAccess="Disabled"), "blob"
    )
    assert refusal is not None
    assert refusal.code == "AuthorizationFailure"
    assert "does not answer internet" in refusal.message
    assert "private endpoint" in refusal.message
