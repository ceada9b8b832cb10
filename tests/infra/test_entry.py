"""Ways in: a bastion host with a machine behind it, and a VPN whose clients resolve our names."""

import pytest

from infra.builtin_roles import Role
from tests.infra.recorder import TENANT, Recording
from tests.infra.test_platform import dev_with

KEY = "ssh-ed25519 " + "A" * 68 + " jump"
GROUP = "11111111-2222-3333-4444-555555555555"
ENTRY = {
    "bastion": {"enabled": True, "ssh_public_key": KEY, "allowed_from": ["203.0.113.0/24"]},
    "vpn": {"enabled": True},
    "runners": True,
}


@pytest.fixture(scope="module")
def opened() -> Recording:
    return dev_with(entry=ENTRY, people={"data_scientists": [GROUP]})


def test_dev_has_no_way_in_unless_it_asks(dev):
    kinds = ("BastionHost", "VirtualMachine", "VirtualNetworkGateway", "DnsResolver", "NatGateway")
    assert not [r for kind in kinds for r in dev.all(f"network:{kind}")]
    assert dev.all("compute:VirtualMachine") == dev.all("dnsresolver:DnsResolver") == []


def test_the_bastion_host_tunnels_and_copies_nothing(opened):
    bastion = opened.one("network:BastionHost").inputs
    assert bastion["sku"] == {"name": "Standard"}
    assert bastion["enableTunneling"] is True
    for off in ("enableFileCopy", "enableShareableLink", "enableIpConnect"):
        assert bastion[off] is False


def test_the_jump_host_has_no_public_address_and_no_password(opened):
    (address,) = opened.one("network:NetworkInterface").inputs["ipConfigurations"]
    assert "publicIPAddress" not in address
    host = opened.one("compute:VirtualMachine").inputs
    linux = host["osProfile"]["linuxConfiguration"]
    assert linux["disablePasswordAuthentication"] is True
    assert [key["keyData"] for key in linux["ssh"]["publicKeys"]] == [KEY]
    assert "adminPassword" not in host["osProfile"]
    assert host["securityProfile"] == {
        "securityType": "TrustedLaunch",
        "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
        "encryptionAtHost": True,
    }
    assert linux["patchSettings"]["patchMode"] == "AutomaticByPlatform"


def test_people_sign_in_to_the_jump_host_with_entra(opened):
    extension = opened.one("compute:VirtualMachineExtension").inputs
    assert extension["type"] == "AADSSHLoginForLinux"
    assert opened.one("compute:VirtualMachine").inputs["identity"] == {"type": "SystemAssigned"}
    held = {
        r.inputs["scope"].split("/")[2]: r.inputs["roleDefinitionId"].rpartition("/")[2]
        for r in opened.all("authorization:RoleAssignment")
        if r.inputs["principalId"] == GROUP and "jump-host" in r.parent
    }
    assert held == {
        "compute:VirtualMachine": Role.VIRTUAL_MACHINE_USER_LOGIN.value,
        "network:NetworkInterface": Role.READER.value,
        "network:BastionHost": Role.READER.value,
    }


def test_the_vpn_takes_entras_sign_in_and_nothing_else(opened):
    gateway = opened.one("network:VirtualNetworkGateway").inputs
    assert gateway["sku"] == {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"}
    assert gateway["vpnClientConfiguration"] == {
        "vpnClientAddressPool": {"addressPrefixes": ["172.31.240.0/24"]},
        "vpnClientProtocols": ["OpenVPN"],
        "vpnAuthenticationTypes": ["AAD"],
        "aadTenant": f"https://login.microsoftonline.com/{TENANT}/",
        "aadAudience": "c632b3df-fb67-4d84-bdcf-b95ad541b5c8",
        "aadIssuer": f"https://sts.windows.net/{TENANT}/",
    }


def test_vpn_clients_have_a_resolver_inside_the_network_at_a_known_address(opened):
    (configuration,) = opened.one("dnsresolver:InboundEndpoint").inputs["ipConfigurations"]
    assert configuration["privateIpAllocationMethod"] == "Static"
    assert configuration["privateIpAddress"] == "10.10.2.100"
    stamp = opened.outputs["stamps"]["westeurope"]
    assert stamp["vpn_dns_server"] == "10.10.2.100"
    assert {"bastion", "jump_host_id", "vpn_gateway"} <= set(stamp)


def test_runners_leave_by_a_nat_gateway_and_nobody_calls_them(opened):
    runners = opened.one("network:Subnet", "network-weu-runners").inputs
    assert runners["natGateway"]["id"].endswith("network-weu-egress-nat")
    rules = opened.one("network:NetworkSecurityGroup", "network-weu-runners").inputs
    inward = [r for r in rules["securityRules"] if r["direction"] == "Inbound"]
    assert {r["access"] for r in inward} == {"Deny"}


def test_public_addresses_are_static_and_outlive_a_zone(opened):
    addresses = opened.all("network:PublicIPAddress")
    assert {a.name for a in addresses} == {"bastion-weu", "vpn-weu", "network-weu-egress-nat"}
    for address in addresses:
        assert address.inputs["publicIPAllocationMethod"] == "Static"
        assert address.inputs["sku"]["name"] == "Standard"
        assert address.inputs["zones"] == ["1", "2", "3"]


def test_ways_in_report_what_happens_on_them(opened):
    logged = {r.inputs["resourceUri"] for r in opened.all("monitor:DiagnosticSetting")}
    for kind in ("network:BastionHost/bastion-weu", "network:VirtualNetworkGateway/vpn-weu"):
        assert f"/id/{kind}" in logged
    groups = opened.all("network:NetworkSecurityGroup")
    assert all(f"/id/network:NetworkSecurityGroup/{g.name}" in logged for g in groups)
    # Security groups have no metrics, and Azure refuses settings that ask for them.
    for setting in opened.all("monitor:DiagnosticSetting"):
        is_group = "NetworkSecurityGroup" in setting.inputs["resourceUri"]
        assert ("metrics" in setting.inputs) is not is_group


def test_a_way_in_changes_nothing_that_was_there_before(dev, opened):
    def inputs(recording: Recording) -> dict[str, dict]:
        # Clients of the VPN are let in to the endpoints: that rule is meant to change.
        skipped = ("network-weu-private-endpoints",)
        return {r.urn: r.inputs for r in recording.azure if r.name not in skipped}

    before, after = inputs(dev), inputs(opened)
    assert {urn: after[urn] for urn in before} == before
