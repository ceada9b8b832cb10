"""What a change of inputs leads to: nothing, an update or a new resource."""

from __future__ import annotations

import pytest

from emulator.pulumi_provider.diff import difference
from emulator.pulumi_provider.values import UNKNOWN, Secret
from shapes import catalog

ACCOUNT = {
    "accountName": "mlopsdata",
    "resourceGroupName": "rg",
    "location": "westeurope",
    "kind": "StorageV2",
    "sku": {"name": "Standard_ZRS"},
    "networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"iPAddressOrRange": "1.2.3.4"}]},
    "tags": {"env": "dev"},
}
SUBNET = (
    "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Network/virtualNetworks/v/subnets/a"
)


def changes(token: str, old: dict, new: dict) -> dict[str, tuple[str, bool]]:
    return difference(old, new, catalog.resource(f"azure-native:{token}")).changes


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"location": "West Europe"},
        {"kind": Secret("StorageV2")},
        {"resourceGroupName": "RG"},
        {"largeFileSharesState": None},
    ],
)
def test_two_spellings_of_one_thing_are_no_change(change):
    assert changes("storage:StorageAccount", ACCOUNT, {**ACCOUNT, **change}) == {}


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"tags": {"env": "prod"}}, {"tags.env": ("update", False)}),
        ({"tags": {"env": "dev", "a.b": "c"}}, {'tags["a.b"]': ("add", False)}),
        ({"tags": None}, {"tags": ("delete", False)}),
        ({"allowSharedKeyAccess": False}, {"allowSharedKeyAccess": ("add", False)}),
        ({"networkRuleSet": {"defaultAction": "Allow",
                             "ipRules": [{"iPAddressOrRange": "1.1.1.1"}]}},
         {"networkRuleSet.defaultAction": ("update", False),
          "networkRuleSet.ipRules[0].iPAddressOrRange": ("update", False)}),
        ({"accountName": "other"}, {"accountName": ("update", True)}),
        ({"resourceGroupName": "other"}, {"resourceGroupName": ("update", True)}),
        ({"location": "northeurope"}, {"location": ("update", True)}),
        ({"isHnsEnabled": True}, {"isHnsEnabled": ("add", True)}),
        ({"encryption": {"requireInfrastructureEncryption": True}}, {"encryption": ("add", False)}),
        ({"accountName": UNKNOWN}, {"accountName": ("update", True)}),
    ],
)  # fmt: skip
def test_a_change_has_its_path_and_its_weight(change, wanted):
    assert changes("storage:StorageAccount", ACCOUNT, {**ACCOUNT, **change}) == wanted


def test_a_nested_immutable_property_forces_a_new_resource():
    old = {"encryption": {"requireInfrastructureEncryption": False}}
    new = {"encryption": {"requireInfrastructureEncryption": True}}
    assert changes("storage:StorageAccount", old, new) == {
        "encryption.requireInfrastructureEncryption": ("update", True)
    }


def test_rules_are_compared_by_name_and_not_by_place():
    rules = [
        {"name": "a", "priority": 100, "access": "Deny", "direction": "Inbound", "protocol": "*"},
        {
            "name": "b",
            "priority": 110,
            "access": "Allow",
            "direction": "Inbound",
            "protocol": "Tcp",
        },
    ]
    turned = [{**rules[1], "protocol": "TCP"}, rules[0]]
    assert (
        changes("network:NetworkSecurityGroup", {"securityRules": rules}, {"securityRules": turned})
        == {}
    )
    wanted = {"securityRules[1].priority": ("update", False)}
    turned = [rules[1], {**rules[0], "priority": 120}]
    assert (
        changes("network:NetworkSecurityGroup", {"securityRules": rules}, {"securityRules": turned})
        == wanted
    )


def test_ids_are_compared_without_case_and_zones_without_order():
    old = {"subnet": {"id": SUBNET}}
    assert changes("network:PrivateEndpoint", old, {"subnet": {"id": SUBNET.lower()}}) == {}
    assert changes("network:PublicIPAddress", {"zones": ["1", "2"]}, {"zones": ["2", "1"]}) == {}


def test_the_order_of_dns_servers_matters():
    old = {"dhcpOptions": {"dnsServers": ["10.0.0.4", "10.0.0.5"]}}
    new = {"dhcpOptions": {"dnsServers": ["10.0.0.5", "10.0.0.4"]}}
    assert len(changes("network:VirtualNetwork", old, new)) == 2


def test_the_old_resource_goes_first_only_when_the_id_stays():
    shape = catalog.resource("azure-native:storage:StorageAccount")
    moved = difference(ACCOUNT, {**ACCOUNT, "location": "northeurope"}, shape)
    assert (moved.replaces, moved.delete_before_replace) == (["location"], True)
    renamed = difference(ACCOUNT, {**ACCOUNT, "accountName": "other"}, shape)
    assert (renamed.replaces, renamed.delete_before_replace) == (["accountName"], False)


def test_a_role_assignment_cannot_be_changed_in_place():
    old = {
        "scope": "/subscriptions/s",
        "roleAssignmentName": "n",
        "principalId": "p",
        "roleDefinitionId": "r",
    }
    assert changes("authorization:RoleAssignment", old, {**old, "principalId": "q"}) == {
        "principalId": ("update", True)
    }


@pytest.mark.parametrize(
    ("ignored", "left"),
    [
        ("agentPoolProfiles", {"dnsPrefix"}),
        ("agentPoolProfiles[0].count", {"dnsPrefix", "agentPoolProfiles[0].maxCount"}),
        ("agentPoolProfiles[*].count", {"dnsPrefix", "agentPoolProfiles[0].maxCount"}),
        ("agentPool", {"dnsPrefix", "agentPoolProfiles[0].count", "agentPoolProfiles[0].maxCount"}),
        ("*", set()),
    ],
)
def test_a_change_that_the_program_ignores_is_none(ignored, left):
    shape = catalog.resource("azure-native:containerservice:ManagedCluster")
    old = {"agentPoolProfiles": [{"name": "system", "count": 1, "maxCount": 3}], "dnsPrefix": "a"}
    new = {"agentPoolProfiles": [{"name": "system", "count": 2, "maxCount": 4}], "dnsPrefix": "b"}
    assert set(difference(old, new, shape, [ignored]).changes) == left
