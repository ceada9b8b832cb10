"""Private endpoints, their addresses and the records in private zones."""

import pytest

from emulator.arm.errors import ArmError
from tests.emulator.providers.world import located

ENDPOINT = "Microsoft.Network/privateEndpoints/pe"
ZONE = "Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net"


@pytest.fixture
def account(azure):
    azure.subnet()
    return azure.account()["id"]


def test_endpoint_is_approved_and_has_an_address_of_its_subnet(azure, account):
    properties = azure.endpoint(account, "blob")["properties"]
    connection = properties["privateLinkServiceConnections"][0]["properties"]
    assert connection["privateLinkServiceConnectionState"]["status"] == "Approved"
    assert properties["customDnsConfigs"] == [
        {"fqdn": "stmlops.blob.core.windows.net", "ipAddresses": ["10.0.1.4"]}
    ]
    interface = properties["networkInterfaces"][0]["id"]
    assert azure.store.get(interface)["properties"]["privateEndpoint"]["id"].endswith("/pe")
    second = azure.endpoint(account, "file", "pe2")["properties"]
    assert second["customDnsConfigs"][0]["ipAddresses"] == ["10.0.1.5"]


def test_identical_endpoint_keeps_everything(azure, account):
    assert azure.endpoint(account, "blob") == azure.endpoint(account, "blob")


def test_target_and_subnet_show_the_endpoint(azure, account):
    endpoint = azure.endpoint(account, "blob")
    shown = azure.get(account)["properties"]["privateEndpointConnections"]
    assert [one["privateEndpoint"]["id"] for one in (c["properties"] for c in shown)] == [
        endpoint["id"]
    ]
    subnet = azure.get("Microsoft.Network/virtualNetworks/vnet/subnets/endpoints")
    assert subnet["properties"]["privateEndpoints"] == [{"id": endpoint["id"]}]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"subnet": None}, "InvalidRequestFormat"),
        ({"subnet": {"id": "/subscriptions/s/nothing"}}, "InvalidResourceReference"),
        ({"privateLinkServiceConnections": []}, "InvalidRequestFormat"),
    ],
)
def test_bad_endpoint_is_refused(azure, account, change, code):
    body = azure.endpoint_body(account, "blob")
    body["properties"] |= change
    assert azure.refuses(ENDPOINT, body).code == code


def test_endpoint_leads_to_an_existing_target_and_a_group_that_it_has(azure, account):
    wrong = azure.endpoint_body(account, "vault")
    assert azure.refuses(ENDPOINT, wrong).code == "PrivateEndpointGroupIdInvalid"
    ghost = azure.endpoint_body(f"{account}x", "blob")
    assert azure.refuses(ENDPOINT, ghost).code == "InvalidResourceReference"
    network = azure.endpoint_body(azure.network()["id"], "blob")
    assert azure.refuses(ENDPOINT, network).code == "PrivateLinkServiceTypeNotSupported"


def test_endpoint_stands_in_the_region_of_its_network(azure, account):
    body = azure.endpoint_body(account, "blob") | {"location": "northeurope"}
    assert azure.refuses(ENDPOINT, body).target == "location"


def test_connection_of_an_endpoint_is_fixed(azure, account):
    azure.endpoint(account, "blob")
    refusal = azure.refuses(ENDPOINT, azure.endpoint_body(account, "file"))
    assert refusal.code == "PropertyChangeNotAllowed"


def test_interface_dies_with_its_endpoint_only(azure, account):
    endpoint = azure.endpoint(account, "blob", customNetworkInterfaceName="nic")
    interface = "Microsoft.Network/networkInterfaces/nic"
    assert endpoint["properties"]["networkInterfaces"] == [{"id": azure.id(interface)}]
    with pytest.raises(ArmError, match="in use"):
        azure.delete(interface)
    azure.delete(ENDPOINT)
    assert azure.store.get(azure.id(interface)) is None


def test_full_subnet_takes_no_more_endpoints(azure):
    azure.subnet("10.0.1.0/29")
    account = azure.account()["id"]
    for index, group in enumerate(("blob", "file", "queue")):
        azure.endpoint(account, group, f"pe{index}")
    assert azure.refuses(ENDPOINT, azure.endpoint_body(account, "table")).code == "SubnetIsFull"


def zone_group(azure, zone=ZONE):
    config = {"name": "blob", "properties": {"privateDnsZoneId": azure.id(zone)}}
    return {"properties": {"privateDnsZoneConfigs": [config]}}


def test_zone_group_keeps_the_records_of_its_endpoint(azure, account):
    azure.endpoint(account, "blob")
    azure.put(ZONE, {"location": "global"})
    group = f"{ENDPOINT}/privateDnsZoneGroups/default"
    azure.put(group, zone_group(azure))
    record = azure.get(f"{ZONE}/A/stmlops")["properties"]
    assert record["aRecords"] == [{"ipv4Address": "10.0.1.4"}]
    assert record["fqdn"] == "stmlops.privatelink.blob.core.windows.net."
    assert azure.get(ZONE)["properties"]["numberOfRecordSets"] == 2
    azure.delete(ENDPOINT)
    assert azure.store.get(azure.id(f"{ZONE}/A/stmlops")) is None


def test_zone_group_needs_existing_zones_and_is_alone(azure, account):
    azure.endpoint(account, "blob")
    group = f"{ENDPOINT}/privateDnsZoneGroups/default"
    assert azure.refuses(group, zone_group(azure)).code == "InvalidResourceReference"
    azure.put(ZONE, {"location": "global"})
    azure.put(group, zone_group(azure))
    second = f"{ENDPOINT}/privateDnsZoneGroups/second"
    assert azure.refuses(second, zone_group(azure)).code == "PrivateDnsZoneGroupLimitExceeded"


def test_zone_is_global_and_stays_while_linked(azure):
    assert azure.refuses(ZONE, {"location": "westeurope"}).target == "location"
    azure.put(ZONE, {"location": "global"})
    network = azure.network()["id"]
    link = f"{ZONE}/virtualNetworkLinks/vnet"
    body = located("global", virtualNetwork={"id": network})
    assert azure.put(link, body)["properties"]["registrationEnabled"] is False
    with pytest.raises(ArmError) as refusal:
        azure.delete(ZONE)
    assert refusal.value.code == "CannotDeleteResource"
    assert azure.refuses(f"{ZONE}/virtualNetworkLinks/again", body).code == "Conflict"
    ghost = located("global", virtualNetwork={"id": f"{network}x"})
    other = f"{ZONE}/virtualNetworkLinks/other"
    assert azure.refuses(other, ghost).code == "InvalidResourceReference"


def test_record_needs_addresses(azure):
    azure.put(ZONE, {"location": "global"})
    azure.refuses(f"{ZONE}/A/host", {"properties": {"aRecords": [{"ipv4Address": "x"}]}})
    good = {"properties": {"aRecords": [{"ipv4Address": "10.0.0.4"}]}}
    assert azure.put(f"{ZONE}/A/host", good)["properties"]["ttl"] == 3600
