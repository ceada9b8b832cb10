"""Network components: each subnet has its rules, each endpoint its zones."""

from ipaddress import IPv4Network

from infra.addresses import Purpose, plan
from infra.components.network import Network, NetworkArgs
from infra.components.private_link import (
    ZONES,
    PrivateLink,
    PrivateLinkArgs,
    PrivateZones,
    PrivateZonesArgs,
    ZoneLinks,
    ZoneLinksArgs,
)
from infra.naming import Names
from tests.infra.recorder import SUBSCRIPTION, record

NAMES = Names(
    subscription=SUBSCRIPTION,
    project="azure-mlops",
    environment="dev",
    workload="mlops",
    region="westeurope",
)
HERE = {"location": "westeurope", "resource_group_name": "rg"}


def test_each_subnet_has_its_own_rules_and_no_default_way_out():
    args = NetworkArgs(**HERE, names=NAMES, addresses=plan(IPv4Network("10.0.0.0/20")))
    recording = record(lambda: Network("network", args))
    subnets = sorted(recording.all("network:Subnet"), key=lambda s: len(s.depends_on))
    assert len(subnets) == len(Purpose)
    for subnet in subnets:
        assert subnet.inputs["defaultOutboundAccess"] is False
        assert subnet.inputs["networkSecurityGroup"]["id"].endswith(subnet.name)
        assert subnet.inputs["privateEndpointNetworkPolicies"] == "Enabled"
    # One after the other: Azure refuses two changes of one network at a time.
    assert any(subnets[0].name in urn for urn in subnets[1].depends_on)


def test_security_rules_end_in_deny_and_let_nobody_in_from_the_internet():
    args = NetworkArgs(**HERE, names=NAMES, addresses=plan(IPv4Network("10.0.0.0/20")))
    groups = record(lambda: Network("network", args)).all("network:NetworkSecurityGroup")
    for group in groups:
        rules = group.inputs["securityRules"]
        for direction in ("Inbound", "Outbound"):
            ordered = sorted(
                (r for r in rules if r["direction"] == direction), key=lambda r: r["priority"]
            )
            assert (ordered[-1]["access"], ordered[-1]["protocol"]) == ("Deny", "*")
            assert len({r["priority"] for r in ordered}) == len(ordered)
        sources = {
            r["sourceAddressPrefix"]
            for r in rules
            if (r["direction"], r["access"]) == ("Inbound", "Allow")
        }
        assert sources <= {"VirtualNetwork"}


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
            "zones", PrivateZonesArgs(resource_group_name="rg", groups=list(ZONES))
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
