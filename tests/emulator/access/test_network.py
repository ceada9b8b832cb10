"""Public access, firewalls, private endpoints and managed networks decide who gets through."""

import pytest

from emulator.access import network
from emulator.arm.store import Store

RG = "/subscriptions/s1/resourceGroups/rg/providers"
ACCOUNT = f"{RG}/Microsoft.Storage/storageAccounts/st"
VAULT = f"{RG}/Microsoft.KeyVault/vaults/kv"
NET = f"{RG}/Microsoft.Network/virtualNetworks/vnet"
OTHER = f"{RG}/Microsoft.Network/virtualNetworks/other"
WORKSPACE = f"{RG}/Microsoft.MachineLearningServices/workspaces/mlw"
JOB = f"workspace:{WORKSPACE}"
SUBNETS = (
    (NET, "pe", "10.0.0.0/24"),
    (NET, "access", "10.0.1.0/24"),
    (OTHER, "elsewhere", "10.1.0.0/24"),
)


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "state.db")
    for net, name, prefix in SUBNETS:
        services = [{"service": "Microsoft.Storage"}] if name == "access" else []
        properties = {"addressPrefix": prefix, "serviceEndpoints": services}
        opened.put({"id": f"{net}/subnets/{name}", "properties": properties})
    yield opened
    opened.close()


def account(store, id_=ACCOUNT, **properties):
    return store.put({"id": id_, "location": "westeurope", "properties": properties})


def endpoint(store, group="blob", target=ACCOUNT, status="Approved", subnet=f"{NET}/subnets/pe"):
    connection = {
        "privateLinkServiceId": target,
        "groupIds": [group],
        "privateLinkServiceConnectionState": {"status": status},
    }
    store.put(
        {
            "id": f"{RG}/Microsoft.Network/privateEndpoints/pe-{group}",
            "properties": {
                "subnet": {"id": subnet},
                "privateLinkServiceConnections": [{"properties": connection}],
            },
        }
    )


def reached(store, place, resource, group="blob"):
    return network.reaches(store, place, resource, group) is None


def test_an_open_account_answers_everybody(store):
    found = account(store)
    places = ("internet", "private", "elsewhere", "203.0.113.7", "10.0.1.4")
    assert all(reached(store, place, found) for place in places)


def test_a_closed_account_without_an_endpoint_answers_nobody(store):
    found = account(store, publicNetworkAccess="Disabled")
    places = ("internet", "private", "access", "203.0.113.7", "10.0.1.4", "no-such-subnet")
    assert not any(reached(store, place, found) for place in places)


def test_an_endpoint_opens_it_inside_its_network_only(store):
    found = account(store, publicNetworkAccess="Disabled")
    endpoint(store)
    for place in ("private", "access", f"{NET}/subnets/access", NET.upper() + "/SUBNETS/PE"):
        assert reached(store, place, found)
    assert reached(store, "10.0.1.4", found)
    for place in ("elsewhere", "10.1.0.4", "internet", "203.0.113.7"):
        assert not reached(store, place, found)


def test_another_group_does_not_open_the_blobs(store):
    found = account(store, publicNetworkAccess="Disabled")
    endpoint(store, group="file")
    assert not reached(store, "private", found)
    assert reached(store, "private", found, group="file")


def test_a_connection_that_waits_for_approval_opens_nothing(store):
    found = account(store, publicNetworkAccess="Disabled")
    endpoint(store, status="Pending")
    assert not reached(store, "private", found)
    endpoint(store)
    assert reached(store, "private", found)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("privatelink.blob.core.windows.net", True),
        ("privatelink.file.core.windows.net", False),
        ("privatelink.vaultcore.azure.net", False),
    ],
)
def test_a_shared_zone_of_the_right_name_joins_networks(store, zone, expected):
    found = account(store, publicNetworkAccess="Disabled")
    endpoint(store)
    for name, net in (("a", NET), ("b", OTHER)):
        store.put(
            {
                "id": f"{RG}/Microsoft.Network/privateDnsZones/{zone}/virtualNetworkLinks/{name}",
                "properties": {"virtualNetwork": {"id": net}},
            }
        )
    assert reached(store, "elsewhere", found) is expected


def test_a_firewall_lets_named_subnets_in_that_have_the_service_endpoint(store):
    rules = [{"id": f"{NET}/subnets/access"}, {"id": f"{NET}/subnets/pe"}]
    acls = {"defaultAction": "Deny", "virtualNetworkRules": rules}
    found = account(store, publicNetworkAccess="Enabled", networkAcls=acls)
    assert reached(store, "access", found)
    for place in ("pe", "elsewhere", "internet"):
        assert not reached(store, place, found)
    refusal = network.reaches(store, "pe", found, "blob")
    assert refusal is not None
    assert "no service endpoint Microsoft.Storage" in refusal.message


@pytest.mark.parametrize("value", ["203.0.113.7", "203.0.113.0/24"])
def test_a_firewall_lets_named_addresses_in(store, value):
    acls = {"defaultAction": "Deny", "ipRules": [{"value": value, "action": "Allow"}]}
    found = account(store, networkAcls=acls)
    assert reached(store, "203.0.113.7", found)
    for place in ("203.0.114.7", "internet", "2001:db8::1"):
        assert not reached(store, place, found)


@pytest.mark.parametrize("closed", [{}, {"publicNetworkAccess": "Disabled"}])
def test_exceptions_let_a_service_in_however_closed_the_account_is(store, closed):
    service = f"service:{WORKSPACE}"
    acls = {"defaultAction": "Deny", "bypass": "None"}
    assert not reached(store, service, account(store, networkAcls=acls, **closed))
    trusted = acls | {"bypass": "Logging, AzureServices"}
    assert reached(store, service, account(store, networkAcls=trusted, **closed))
    for pattern, expected in ((WORKSPACE, True), (WORKSPACE[:-3] + "*", True), (VAULT, False)):
        named = acls | {"resourceAccessRules": [{"resourceId": pattern.upper()}]}
        assert reached(store, service, account(store, networkAcls=named, **closed)) is expected
    assert not reached(store, JOB, account(store, networkAcls=trusted, **closed))


def workspace(store, mode, rules=None, **properties):
    store.put(
        {
            "id": WORKSPACE,
            "properties": {
                "storageAccount": ACCOUNT,
                "keyVault": VAULT,
                "managedNetwork": {"isolationMode": mode, "outboundRules": rules or {}},
                **properties,
            },
        }
    )


@pytest.mark.parametrize("mode", ["AllowInternetOutbound", "AllowOnlyApprovedOutbound"])
def test_a_managed_network_reaches_the_workspaces_own_stores(store, mode):
    found = account(store, publicNetworkAccess="Disabled")
    vault = account(store, VAULT, publicNetworkAccess="Disabled")
    workspace(store, mode)
    assert reached(store, JOB, found)
    assert reached(store, JOB, found, "file")
    assert not reached(store, JOB, found, "dfs")
    assert reached(store, JOB, vault, "vault")


def test_without_a_managed_network_jobs_come_from_the_internet(store):
    workspace(store, "Disabled")
    assert reached(store, JOB, account(store))
    assert not reached(store, JOB, account(store, publicNetworkAccess="Disabled"))
    assert not reached(store, "workspace:/subscriptions/s1/none", account(store))


LAKE = f"{RG}/Microsoft.Storage/storageAccounts/lake"


def private_rule(target=LAKE, group="blob"):
    destination = {"serviceResourceId": target, "subresourceTarget": group}
    return {"lake": {"type": "PrivateEndpoint", "destination": destination}}


def test_a_managed_network_reaches_another_store_by_a_rule_only(store):
    lake = account(store, LAKE, publicNetworkAccess="Disabled")
    for rules, expected in (
        ({}, False),
        (private_rule(), True),
        (private_rule(group="file"), False),
        (private_rule(ACCOUNT), False),
    ):
        workspace(store, "AllowOnlyApprovedOutbound", rules)
        assert reached(store, JOB, lake) is expected


def test_a_rule_may_be_a_resource_of_its_own(store):
    lake = account(store, LAKE, publicNetworkAccess="Disabled")
    workspace(store, "AllowOnlyApprovedOutbound")
    store.put({"id": f"{WORKSPACE}/outboundRules/lake", "properties": private_rule()["lake"]})
    assert reached(store, JOB, lake)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"type": "ServiceTag", "destination": {"serviceTag": "Storage"}}, True),
        ({"type": "ServiceTag", "destination": {"serviceTag": "Storage.WestEurope"}}, True),
        ({"type": "ServiceTag", "destination": {"serviceTag": "Storage.NorthEurope"}}, False),
        ({"type": "ServiceTag", "destination": {"serviceTag": "AzureKeyVault"}}, False),
        ({"type": "FQDN", "destination": "lake.blob.core.windows.net"}, True),
        ({"type": "FQDN", "destination": "*.blob.core.windows.net"}, True),
        ({"type": "FQDN", "destination": "pypi.example"}, False),
    ],
)
def test_a_rule_lets_out_to_a_public_store_and_never_to_a_closed_one(store, rule, expected):
    workspace(store, "AllowOnlyApprovedOutbound", {"rule": rule})
    assert reached(store, JOB, account(store, LAKE)) is expected
    assert not reached(store, JOB, account(store, LAKE, publicNetworkAccess="Disabled"))


def test_internet_outbound_reaches_all_that_is_public(store):
    workspace(store, "AllowInternetOutbound")
    assert reached(store, JOB, account(store, LAKE))
    acls = {"defaultAction": "Deny"}
    assert not reached(store, JOB, account(store, LAKE, networkAcls=acls))


@pytest.mark.parametrize(
    ("kind", "group", "closed", "filtered"),
    [
        ("Microsoft.Storage/storageAccounts", "blob", "AuthorizationFailure", None),
        ("Microsoft.KeyVault/vaults", "vault", "ForbiddenByConnection", "ForbiddenByFirewall"),
        ("Microsoft.ContainerRegistry/registries", "registry", "DENIED", None),
        (
            "Microsoft.MachineLearningServices/workspaces",
            "amlworkspace",
            "PublicNetworkAccessDisabled",
            None,
        ),
    ],
)
def test_each_service_refuses_with_its_own_code(store, kind, group, closed, filtered):
    id_ = f"{RG}/{kind}/x"
    for properties, code in (
        ({"publicNetworkAccess": "Disabled"}, closed),
        ({"networkAcls": {"defaultAction": "Deny"}}, filtered or closed),
    ):
        refusal = network.reaches(store, "internet", account(store, id_, **properties), group)
        assert refusal is not None
        assert refusal.code == code


def test_a_refusal_names_the_resource_the_place_and_the_way_in(store):
    found = account(store, publicNetworkAccess="Disabled")
    refusal = network.reaches(store, "internet", found, "blob")
    assert refusal is not None
    assert refusal.message.startswith("This request is not authorized to perform this operation.")
    assert "st (blob) does not answer internet: publicNetworkAccess is Disabled" in refusal.message
    assert "no approved private endpoint of group blob" in refusal.message
    endpoint(store)
    refusal = network.reaches(store, "internet", found, "blob")
    assert refusal is not None
    assert "private endpoint in vnet" in refusal.message
    workspace(store, "AllowOnlyApprovedOutbound")
    lake = account(store, LAKE, publicNetworkAccess="Disabled")
    refusal = network.reaches(store, JOB, lake, "blob")
    assert refusal is not None
    assert "PrivateEndpoint rule to lake (subresource blob)" in refusal.message
