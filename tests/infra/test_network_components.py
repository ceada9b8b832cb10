"""Network components: each subnet has its rules, each endpoint its zones."""

from collections.abc import Sequence
from ipaddress import IPv4Network
from itertools import pairwise

from infra.addresses import KUBERNETES_PODS, LEAVING, SLOTS, Purpose, plan
from infra.components.network import Network, NetworkArgs
from infra.components.private_link import (
    ZONES,
    PrivateLink,
    PrivateLinkArgs,
    PrivateZones,
    PrivateZonesArgs,
    ZoneLinks,
    ZoneLinksArgs,
    zones_of,
)
from infra.components.security_rules import Place
from infra.naming import Names
from tests.infra.recorder import SUBSCRIPTION, Recording, record

NAMES = Names(
    subscription=SUBSCRIPTION,
    project="azure-mlops",
    environment="dev",
    workload="mlops",
    region="westeurope",
)
HERE = {"location": "westeurope", "resource_group_name": "rg"}


SPACE = IPv4Network("10.0.0.0/20")
ALWAYS = (Purpose.PRIVATE_ENDPOINTS, Purpose.ACCESS)


def network(
    *options: Purpose,
    allowed_hosts: Sequence[str] = (),
    private_monitoring: bool = True,
    high_business_impact: bool = False,
) -> Recording:
    """A network with some subnets; a firewall's among them brings a firewall."""
    addresses = plan(SPACE, [*ALWAYS, *options])
    args = NetworkArgs(
        **HERE,
        names=NAMES,
        addresses=addresses,
        place=Place(
            region="westeurope",
            space=SPACE,
            subnets=addresses.subnets,
            bastion_clients=[IPv4Network("203.0.113.0/24"), IPv4Network("198.51.100.7/32")],
            vpn_clients=IPv4Network("172.31.240.0/24") if Purpose.GATEWAY in options else None,
            pods=KUBERNETES_PODS if Purpose.AKS_NODES in options else None,
            high_business_impact=high_business_impact,
        ),
        zones=["1", "2", "3"],
        dns_servers=[],
        allowed_hosts=allowed_hosts,
        private_monitoring=private_monitoring,
    )
    return record(lambda: Network("network", args))


def subnet(recording: Recording, purpose: Purpose) -> dict:
    return recording.one("network:Subnet", f"network-{purpose}").inputs


def rules(recording: Recording, purpose: Purpose, direction: str, access: str = "Allow") -> list:
    group = recording.one("network:NetworkSecurityGroup", f"network-{purpose}").inputs
    found = [
        r for r in group["securityRules"] if (r["direction"], r["access"]) == (direction, access)
    ]
    return sorted(found, key=lambda rule: rule["priority"])


def ports(rule: dict) -> set[str]:
    return set(rule.get("destinationPortRanges") or [rule["destinationPortRange"]])


def test_each_subnet_has_its_own_rules_and_no_default_way_out():
    recording = network(*Purpose)
    subnets = recording.all("network:Subnet")
    assert len(subnets) == len(Purpose)
    for one in subnets:
        assert one.inputs["defaultOutboundAccess"] is False
        assert one.inputs["privateEndpointNetworkPolicies"] == "Enabled"
        if one.inputs["subnetName"] not in {"GatewaySubnet", "AzureFirewallSubnet"}:
            assert one.inputs["networkSecurityGroup"]["id"].endswith(one.name)
    for purpose in (Purpose.GATEWAY, Purpose.FIREWALL):
        assert "networkSecurityGroup" not in subnet(recording, purpose)


def test_subnets_are_made_one_after_the_other():
    # Azure refuses two changes of one network at a time.
    subnets = {one.name: one for one in network(*Purpose).all("network:Subnet")}
    order = [purpose for purpose in SLOTS if purpose not in LEAVING]
    # Those with a way out wait for what stands in the others.
    order += [purpose for purpose in SLOTS if purpose in LEAVING]
    for before, after in pairwise(f"network-{purpose}" for purpose in order):
        assert any(urn.endswith(f"::{before}") for urn in subnets[after].depends_on)


def test_security_rules_end_in_deny_and_nobody_hears_the_whole_internet():
    recording = network(*Purpose)
    for group in recording.all("network:NetworkSecurityGroup"):
        purpose = Purpose(group.name.removeprefix("network-"))
        # Azure documents nothing of what an API server in a network sends.
        directions = ["Inbound"] if purpose is Purpose.AKS_API_SERVER else ["Inbound", "Outbound"]
        for direction in directions:
            denied = rules(recording, purpose, direction, "Deny")
            allowed = rules(recording, purpose, direction)
            last = denied[-1]
            assert (last["protocol"], last["priority"]) == ("*", 4096)
            assert last["destinationAddressPrefix"] == last["sourceAddressPrefix"] == "*"
            priorities = [r["priority"] for r in allowed]
            assert len(set(priorities)) == len(priorities)
        sources = {r["sourceAddressPrefix"] for r in rules(recording, purpose, "Inbound")}
        assert not sources & {"Internet", "*", "0.0.0.0/0"}


def test_machines_cannot_log_in_to_their_neighbours():
    recording = network(*Purpose)
    for group in recording.all("network:NetworkSecurityGroup"):
        purpose = Purpose(group.name.removeprefix("network-"))
        others = rules(recording, purpose, "Outbound")
        shut = [
            r for r in rules(recording, purpose, "Outbound", "Deny") if ports(r) == {"22", "3389"}
        ]
        # Bastion hosts log in by trade; who sends nothing is shut anyway.
        sends = [r for r in others if r not in shut and r["access"] == "Allow"]
        talks = sends or purpose is Purpose.AKS_API_SERVER  # Azure's own rules let it
        assert len(shut) == (1 if talks and purpose is not Purpose.BASTION else 0)
        for rule in shut:
            assert rule["destinationAddressPrefix"] == "VirtualNetwork"
            assert all(rule["priority"] < other["priority"] for other in others)


def test_subnets_that_azure_looks_for_have_its_names():
    recording = network(*Purpose)
    assert subnet(recording, Purpose.BASTION)["subnetName"] == "AzureBastionSubnet"
    assert subnet(recording, Purpose.GATEWAY)["subnetName"] == "GatewaySubnet"
    assert subnet(recording, Purpose.FIREWALL)["subnetName"] == "AzureFirewallSubnet"
    assert subnet(recording, Purpose.TRAINING)["subnetName"] == "snet-mlops-dev-weu-training"


def test_subnets_of_one_service_are_delegated_to_it():
    recording = network(*Purpose)
    delegated = {
        one.name.removeprefix("network-"): one.inputs["delegations"][0]["serviceName"]
        for one in recording.all("network:Subnet")
        if "delegations" in one.inputs
    }
    assert delegated == {
        "dns-inbound": "Microsoft.Network/dnsResolvers",
        "aks-api-server": "Microsoft.ContainerService/managedClusters",
        "container-instances": "Microsoft.ContainerInstance/containerGroups",
        "api-gateway": "Microsoft.Web/serverFarms",
    }


def test_training_nodes_reach_all_that_azure_machine_learning_documents():
    allowed = rules(network(Purpose.TRAINING), Purpose.TRAINING, "Outbound")
    found = {
        (r["destinationAddressPrefix"], r["protocol"], port) for r in allowed for port in ports(r)
    }
    assert found >= {
        ("AzureActiveDirectory", "Tcp", "80"),
        ("AzureActiveDirectory", "Tcp", "443"),
        ("AzureMachineLearning", "Tcp", "443"),
        ("AzureMachineLearning", "Tcp", "8787"),
        ("AzureMachineLearning", "Tcp", "18881"),
        ("AzureMachineLearning", "Udp", "5831"),
        ("BatchNodeManagement.westeurope", "*", "443"),
        ("AzureResourceManager", "Tcp", "443"),
        ("Storage.westeurope", "Tcp", "443"),
        ("Storage.westeurope", "Tcp", "445"),
        ("AzureFrontDoor.Frontend", "Tcp", "443"),
        ("AzureFrontDoor.FirstParty", "Tcp", "443"),
        ("MicrosoftContainerRegistry", "Tcp", "443"),
        ("AzureMonitor", "Tcp", "443"),
        (str(SPACE), "Tcp", "443"),
        (str(SPACE), "Tcp", "445"),
    }
    assert {r["sourceAddressPrefix"] for r in allowed} == {"10.0.4.0/22"}


def test_nobody_but_their_fellows_talks_to_training_nodes():
    (rule,) = rules(network(Purpose.TRAINING), Purpose.TRAINING, "Inbound")
    assert rule["sourceAddressPrefix"] == rule["destinationAddressPrefix"] == "10.0.4.0/22"


def test_nodes_of_sensitive_workspaces_reach_the_services_keys():
    def tags(*, sensitive: bool) -> set[str]:
        made = network(Purpose.TRAINING, high_business_impact=sensitive)
        out = rules(made, Purpose.TRAINING, "Outbound")
        return {r["destinationAddressPrefix"] for r in out}

    assert tags(sensitive=True) - tags(sensitive=False) == {"AzureKeyVault.westeurope"}


def test_the_file_share_opens_to_training_nodes_only():
    (files,) = [
        r
        for r in rules(network(Purpose.TRAINING), Purpose.PRIVATE_ENDPOINTS, "Inbound")
        if "445" in ports(r)
    ]
    assert files["sourceAddressPrefix"] == "10.0.4.0/22"
    plain = rules(network(), Purpose.PRIVATE_ENDPOINTS, "Inbound")
    assert [ports(r) for r in plain] == [{"443"}]


def test_vpn_clients_reach_the_endpoints_and_the_resolver():
    recording = network(Purpose.GATEWAY, Purpose.DNS_INBOUND)
    for purpose in (Purpose.PRIVATE_ENDPOINTS, Purpose.DNS_INBOUND):
        sources = {r["sourceAddressPrefix"] for r in rules(recording, purpose, "Inbound")}
        assert "172.31.240.0/24" in sources


def test_the_jump_host_answers_the_bastion_hosts_only():
    recording = network(Purpose.BASTION, Purpose.JUMP_HOST)
    (rule,) = rules(recording, Purpose.JUMP_HOST, "Inbound")
    assert (rule["sourceAddressPrefix"], ports(rule)) == ("10.0.1.128/26", {"22"})


def test_bastion_has_the_rules_without_which_azure_refuses_it():
    recording = network(Purpose.BASTION)
    inside = {
        (r["sourceAddressPrefix"], *sorted(ports(r)))
        for r in rules(recording, Purpose.BASTION, "Inbound")
    }
    assert inside == {
        ("203.0.113.0/24", "443"),
        ("198.51.100.7/32", "443"),
        ("GatewayManager", "443"),
        ("AzureLoadBalancer", "443"),
        ("VirtualNetwork", "5701", "8080"),
    }
    outside = {
        (r["destinationAddressPrefix"], *sorted(ports(r)))
        for r in rules(recording, Purpose.BASTION, "Outbound")
    }
    assert outside == {
        ("VirtualNetwork", "22", "3389"),
        ("AzureCloud", "443"),
        ("VirtualNetwork", "5701", "8080"),
        ("Internet", "80"),
    }


def test_the_workspaces_endpoint_is_in_both_zones():
    zone_ids = {zone: f"/zone/{zone}" for zones in ZONES.values() for zone in zones}
    args = PrivateLinkArgs(
        **HERE,
        names=NAMES,
        subnet_id="/subnet",
        target_id="/workspace",
        groups=["amlworkspace"],
        purpose="",
        zone_ids=zone_ids,
    )
    recording = record(lambda: PrivateLink("link", args))
    endpoint = recording.one("network:PrivateEndpoint")
    # Azure lets no endpoint change its target, and the new one takes the old one's name.
    assert endpoint.delete_before_replace
    assert endpoint.replace_on_changes == ("privateLinkServiceConnections",)
    (connection,) = endpoint.inputs["privateLinkServiceConnections"]
    assert connection["groupIds"] == ["amlworkspace"]
    assert connection["privateLinkServiceId"] == "/workspace"
    configs = recording.one("network:PrivateDnsZoneGroup").inputs["privateDnsZoneConfigs"]
    assert [c["privateDnsZoneId"] for c in configs] == [
        "/zone/privatelink.api.azureml.ms",
        "/zone/privatelink.notebooks.azure.net",
    ]


def test_every_zone_is_made_once_and_linked_without_registration():
    zones = record(
        lambda: PrivateZones(
            "zones", PrivateZonesArgs(resource_group_name="rg", zones=zones_of(list(ZONES)))
        )
    )
    names = [zone.inputs["privateZoneName"] for zone in zones.all("privatedns:PrivateZone")]
    assert sorted(names) == sorted({zone for group in ZONES.values() for zone in group})
    args = ZoneLinksArgs(
        names=NAMES,
        resource_group_name="rg",
        zone_names={name: name for name in names},
        network_id="/network",
    )
    links = record(lambda: ZoneLinks("links", args)).all("privatedns:VirtualNetworkLink")
    assert len(links) == len(names)
    assert not any(link.inputs["registrationEnabled"] for link in links)
