"""Network settings that exclude each other are refused, with what to do instead."""

import pytest

from tests.infra.test_settings_mistakes import mistakes, settings

KEY = "ssh-ed25519 " + "A" * 68
GROUP = "/subscriptions/00000000-0000-0000-0000-00000000aaaa/resourceGroups/rg-hub"
HUB = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/hub"


@pytest.mark.parametrize(
    ("keys", "where", "hint"),
    [
        (
            {"isolation": "own_vnet", "workspace": {"outbound": "approved"}},
            "workspace.outbound",
            "network.egress: firewall",
        ),
        (
            {"isolation": "own_vnet", "workspace": {"firewall_sku": "Standard"}},
            "workspace.firewall_sku",
            "network.egress: firewall",
        ),
        (
            {"network": {"allowed_hosts": ["pypi.org"]}},
            "network.allowed_hosts",
            "remove the list",
        ),
        (
            {"network": {"hub": GROUP}},
            "network.hub",
            "correct it",
        ),
        (
            {"network": {"zones_group": HUB}},
            "network.zones_group",
            "correct it",
        ),
        (
            {"network": {"hub_gateway": True}},
            "network.hub_gateway",
            "add the hub's id",
        ),
        (
            {"network": {"hub": HUB, "hub_gateway": True}, "entry": {"vpn": {"enabled": True}}},
            "network.hub_gateway",
            "turn one of the two off",
        ),
        (
            {"network": {"zones_group": GROUP}, "regions": ["westeurope", "northeurope"]},
            "monitoring.private",
            "the hub's scope",
        ),
        (
            {"entry": {"bastion": {"enabled": True, "allowed_from": ["203.0.113.0/24"]}}},
            "entry.bastion.ssh_public_key",
            "ssh-keygen",
        ),
        (
            {"entry": {"bastion": {"enabled": True, "ssh_public_key": KEY}}},
            "entry.bastion.allowed_from",
            "the office's",
        ),
        (
            {"entry": {"bastion": {"ssh_public_key": "-----BEGIN PRIVATE KEY-----"}}},
            "entry.bastion.ssh_public_key",
            "never the private key",
        ),
        (
            {"entry": {"vpn": {"enabled": True, "clients": "10.10.3.0/24"}}},
            "entry.vpn.clients",
            "choose another",
        ),
        (
            {
                "entry": {"vpn": {"enabled": True, "clients": "192.168.9.0/24"}},
                "network": {"reserved": ["192.168.0.0/16"]},
            },
            "entry.vpn.clients",
            "choose another",
        ),
        (
            {"kubernetes": {"enabled": True}, "network": {"address_space": "192.168.0.0/16"}},
            "network",
            "another range",
        ),
        (
            {"network": {"dns_servers": ["ten.0.0.4"]}},
            "network.dns_servers.0",
            "correct it",
        ),
        (
            {
                "entry": {
                    "bastion": {
                        "enabled": True,
                        "ssh_public_key": KEY,
                        "allowed_from": ["203.0.113.0/24"],
                    }
                },
                "network": {"stamps": {"westeurope": {"bastion": "10.10.3.0/28"}}},
            },
            "network.stamps.westeurope.bastion",
            "widen it",
        ),
        (
            {
                "entry": {"runners": True},
                "network": {"stamps": {"westeurope": {"runners": "10.10.0.0/26"}}},
            },
            "network.stamps.westeurope.private_endpoints",
            "move one of the two",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_its_key_and_a_way_out(keys, where, hint):
    (problem,) = mistakes(**keys)
    key, _, rest = problem.partition(": ")
    assert key == f"azure-mlops:{where}"
    assert hint in rest


def test_each_setting_of_the_managed_network_is_refused_by_itself():
    found = mistakes(
        isolation="own_vnet",
        workspace={
            "outbound": "approved",
            "allowed_hosts": ["pypi.org"],
            "allowed_services": ["AzureMonitor"],
        },
    )
    assert len(found) == 3


def test_what_is_off_may_overlap():
    settings(entry={"vpn": {"clients": "10.10.3.0/24"}})
    settings(network={"stamps": {"westeurope": {"training": "10.10.1.0/26"}}})


def test_a_firewall_may_have_hosts_and_a_hub_may_have_a_gateway():
    made = settings(
        isolation="own_vnet",
        network={
            "egress": "firewall",
            "allowed_hosts": ["pypi.org"],
            "hub": HUB,
            "hub_gateway": True,
        },
    )
    assert made.network.allowed_hosts == ("pypi.org",)
