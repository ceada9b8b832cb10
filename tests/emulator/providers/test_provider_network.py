"""Networks, subnets and security groups: two ways of writing children, one truth."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.arm.errors import ArmError
from emulator.providers.network.subnets import _holds
from tests.emulator.providers.world import located

VNET = "Microsoft.Network/virtualNetworks/vnet"
NSG = "Microsoft.Network/networkSecurityGroups/nsg"


def vnet(*subnets, prefixes=("10.0.0.0/16",)):
    listed = [{"name": n, "properties": {"addressPrefix": p}} for n, p in subnets]
    return located(addressSpace={"addressPrefixes": list(prefixes)}, subnets=listed)


def names(resource, kind="subnets"):
    return [one["name"] for one in resource["properties"][kind]]


def test_inline_subnets_are_child_resources(azure):
    assert names(azure.put(VNET, vnet(("a", "10.0.0.0/24")))) == ["a"]
    assert azure.get(f"{VNET}/subnets/a")["properties"]["addressPrefix"] == "10.0.0.0/24"


def test_child_subnets_show_in_the_network(azure):
    azure.network()
    azure.put(f"{VNET}/subnets/b", {"properties": {"addressPrefix": "10.0.1.0/24"}})
    assert names(azure.get(VNET)) == ["b"]


def test_network_without_a_list_keeps_its_subnets(azure):
    azure.put(VNET, vnet(("a", "10.0.0.0/24")))
    assert names(azure.network()) == ["a"]


def test_list_removes_what_it_does_not_name(azure):
    azure.put(VNET, vnet(("a", "10.0.0.0/24"), ("b", "10.0.1.0/24")))
    assert names(azure.put(VNET, vnet(("b", "10.0.0.0/24")))) == ["b"]
    assert names(azure.put(VNET, vnet())) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (located(), "InvalidRequestFormat"),
        (vnet(prefixes=["10.0.0.1/16"]), "InvalidCIDRNotation"),
        (vnet(prefixes=["not a range"]), "InvalidCIDRNotation"),
        (vnet(prefixes=["10.0.0.0/16", "10.0.1.0/24"]), "InvalidAddressPrefix"),
        (vnet(("a", "10.1.0.0/24")), "NetcfgInvalidSubnet"),
        (vnet(("a", "10.0.0.0/24"), ("b", "10.0.0.0/25")), "NetcfgSubnetRangesOverlap"),
        (vnet(("a", "10.0.0.0/30")), "NetcfgInvalidSubnetMask"),
        (vnet(("a", "10.0.0.0/24"), ("A", "10.0.1.0/24")), "InvalidRequestFormat"),
    ],
)
def test_bad_network_is_refused(azure, body, code):
    assert azure.refuses(VNET, body).code == code


def test_child_subnet_is_checked_like_an_inline_one(azure):
    azure.put(VNET, vnet(("a", "10.0.0.0/24")))
    for prefix, code in (
        ("10.0.0.128/25", "NetcfgSubnetRangesOverlap"),
        ("10.9.0.0/24", "NetcfgInvalidSubnet"),
    ):
        body = {"properties": {"addressPrefix": prefix}}
        assert azure.refuses(f"{VNET}/subnets/b", body).code == code


def test_address_space_cannot_leave_its_subnets_outside(azure):
    azure.put(VNET, vnet(("a", "10.0.0.0/24")))
    smaller = located(addressSpace={"addressPrefixes": ["10.0.128.0/17"]})
    assert azure.refuses(VNET, smaller).code == "NetcfgInvalidSubnet"


def test_subnet_in_use_stays(azure):
    azure.subnet()
    azure.endpoint(azure.account()["id"], "blob")
    for path in (f"{VNET}/subnets/endpoints", VNET):
        with pytest.raises(ArmError) as refusal:
            azure.delete(path)
        assert refusal.value.code == "InUseSubnetCannotBeDeleted"
    assert azure.refuses(VNET, vnet()).code == "InUseSubnetCannotBeDeleted"
    azure.delete("Microsoft.Network/privateEndpoints/pe")
    assert azure.delete(VNET) is True


def test_security_group_in_use_stays(azure):
    group = azure.put(NSG, located())
    azure.network()
    body = {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": group["id"]}}
    azure.put(f"{VNET}/subnets/a", {"properties": body})
    with pytest.raises(ArmError) as refusal:
        azure.delete(NSG)
    assert refusal.value.code == "InUseNetworkSecurityGroupCannotBeDeleted"


def test_subnet_names_only_what_exists(azure):
    azure.network()
    ghost = {"id": azure.id(NSG)}
    body = {"properties": {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": ghost}}
    assert azure.refuses(f"{VNET}/subnets/a", body).code == "InvalidResourceReference"


def rule(name="r", **changes):
    properties = {
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefix": "VirtualNetwork",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "10.0.0.0/24",
        "destinationPortRange": "443",
    }
    return {"name": name, "properties": properties | changes}


def test_rules_are_one_truth_beside_the_default_ones(azure):
    shown = azure.put(NSG, located(securityRules=[rule("a")]))
    assert len(shown["properties"]["defaultSecurityRules"]) == 6
    azure.put(f"{NSG}/securityRules/b", rule(priority=101))
    assert names(azure.get(NSG), "securityRules") == ["a", "b"]
    assert names(azure.put(NSG, located(securityRules=[rule("b")])), "securityRules") == ["b"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"priority": 99}, "SecurityRuleInvalidPriority"),
        ({"priority": 4097}, "SecurityRuleInvalidPriority"),
        ({"priority": None}, "SecurityRuleInvalidPriority"),
        ({"direction": "Sideways"}, "InvalidRequestFormat"),
        ({"access": None}, "InvalidRequestFormat"),
        ({"protocol": "Smoke"}, "InvalidRequestFormat"),
        ({"destinationPortRange": "70000"}, "SecurityRuleInvalidPortRange"),
        ({"destinationPortRange": "9-1"}, "SecurityRuleInvalidPortRange"),
        ({"destinationPortRange": None}, "SecurityRuleParameterNotSpecified"),
        ({"sourceAddressPrefix": "10.0.0.0/33"}, "SecurityRuleInvalidAddressPrefix"),
        ({"sourceAddressPrefix": None}, "SecurityRuleParameterNotSpecified"),
    ],
)
def test_bad_rule_is_refused_inline_and_alone(azure, changes, code):
    assert azure.refuses(NSG, located(securityRules=[rule(**changes)])).code == code
    azure.put(NSG, located())
    assert azure.refuses(f"{NSG}/securityRules/r", rule(**changes)).code == code


def test_priorities_are_unique_for_a_direction(azure):
    assert azure.refuses(NSG, located(securityRules=[rule("a"), rule("b")])).code == (
        "SecurityRuleConflict"
    )
    azure.put(NSG, located(securityRules=[rule("a"), rule("b", direction="Outbound")]))
    assert azure.refuses(f"{NSG}/securityRules/c", rule()).code == "SecurityRuleConflict"


def test_gateway_keeps_its_address(azure):
    address = azure.put("Microsoft.Network/publicIPAddresses/ip", located())
    gateway = located(publicIpAddresses=[{"id": address["id"]}])
    azure.put("Microsoft.Network/natGateways/nat", gateway)
    with pytest.raises(ArmError) as refusal:
        azure.delete("Microsoft.Network/publicIPAddresses/ip")
    assert refusal.value.code == "PublicIPAddressCannotBeDeleted"


def test_peering_is_connected_from_both_sides(azure):
    one, other = azure.network(), azure.network("10.1.0.0/16", "hub")
    to = {"properties": {"remoteVirtualNetwork": {"id": other["id"]}}}
    first = azure.put(f"{VNET}/virtualNetworkPeerings/to-hub", to)
    assert first["properties"]["peeringState"] == "Initiated"
    back = {"properties": {"remoteVirtualNetwork": {"id": one["id"]}}}
    azure.put("Microsoft.Network/virtualNetworks/hub/virtualNetworkPeerings/back", back)
    shown = azure.get(f"{VNET}/virtualNetworkPeerings/to-hub")
    assert shown["properties"]["peeringState"] == "Connected"


@given(st.integers(0, 2**32 - 1), st.integers(8, 28), st.integers(0, 4))
def test_a_range_holds_its_parts_and_no_neighbour(address, length, finer):
    whole = ipaddress.ip_network((address, length), strict=False)
    part = next(iter(whole.subnets(new_prefix=length + finer)))
    assert _holds(whole, part)
    assert _holds(part, whole) == (finer == 0)
