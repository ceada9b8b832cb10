"""Network rules, in all the forms in which security rules and subnets are written."""

import pytest

from policies.engine.verdict import FAIL, PASS, UNDECIDED
from policies.rules import network
from tests.policies.asking import UNKNOWN, ask, evaluate, token

ALLOW = {"direction": "Inbound", "access": "Allow", "protocol": "Tcp", "priority": 100.0}


def both_forms(rule, entry):
    """The verdicts of one security rule as a resource of its own and inline in a group."""
    alone = evaluate(rule, entry, type_token=token(network.SECURITY_RULE))
    harmless = {**ALLOW, "access": "Deny", "sourceAddressPrefix": "*"}
    inline = {"securityRules": [harmless, entry]}
    return {alone, evaluate(rule, inline, type_token=token(network.GROUP))}


@pytest.mark.parametrize(
    "source",
    ["*", "Any", "internet", "Internet", "0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", " * "],
)
def test_everyone_is_found_under_every_name(source):
    one = {**ALLOW, "sourceAddressPrefix": source, "destinationPortRange": "443"}
    many = {**ALLOW, "sourceAddressPrefixes": ["10.0.0.0/8", source]}
    assert both_forms(network.no_inbound_from_anywhere, one) == {FAIL}
    assert both_forms(network.no_inbound_from_anywhere, many) == {FAIL}


@pytest.mark.parametrize(
    "source", ["10.0.0.0/8", "VirtualNetwork", "AzureLoadBalancer", "203.0.113.7", "fd00::/8"]
)
def test_named_sources_pass(source):
    entry = {**ALLOW, "sourceAddressPrefix": source, "destinationPortRange": "22"}
    assert both_forms(network.no_inbound_from_anywhere, entry) == {PASS}
    assert both_forms(network.no_management_from_internet, entry) == {PASS}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"access": "Deny"}, PASS),
        ({"access": "deny"}, PASS),
        ({"direction": "Outbound"}, PASS),
        ({"access": UNKNOWN}, UNDECIDED),
        ({"direction": UNKNOWN}, UNDECIDED),
        ({"direction": "inbound", "access": "allow"}, FAIL),
        ({"sourceAddressPrefix": UNKNOWN}, UNDECIDED),
        ({"sourceAddressPrefix": None}, PASS),
        ({"sourceAddressPrefixes": UNKNOWN}, FAIL),
        ({"access": "Deny", "sourceAddressPrefix": UNKNOWN}, PASS),
    ],
)
def test_only_what_lets_in_counts(changes, verdict):
    entry = {**ALLOW, "sourceAddressPrefix": "*", **changes}
    assert both_forms(network.no_inbound_from_anywhere, entry) == {verdict}


@pytest.mark.parametrize(
    "ports",
    [
        {"destinationPortRange": "22"},
        {"destinationPortRange": "3389"},
        {"destinationPortRange": "*"},
        {"destinationPortRange": "20-30"},
        {"destinationPortRange": "0 - 65535"},
        {"destinationPortRanges": ["443", "3000-4000"]},
        {"destinationPortRange": "443", "destinationPortRanges": ["22"]},
        {"destinationPortRange": 22.0},
    ],
)
def test_management_ports_are_found_in_every_spelling(ports):
    entry = {**ALLOW, "sourceAddressPrefix": "Internet", **ports}
    assert both_forms(network.no_management_from_internet, entry) == {FAIL}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"destinationPortRange": "443"}, PASS),
        ({"destinationPortRanges": ["80", "443", "8000-9000"]}, PASS),
        ({"destinationPortRange": "22", "protocol": "udp"}, PASS),
        ({"destinationPortRange": "22", "protocol": "*"}, FAIL),
        ({"destinationPortRange": UNKNOWN}, UNDECIDED),
        ({"destinationPortRanges": ["443", UNKNOWN]}, UNDECIDED),
        ({"destinationPortRanges": ["22", UNKNOWN]}, FAIL),
        ({"destinationPortRange": "22", "sourceAddressPrefix": UNKNOWN}, UNDECIDED),
        ({"destinationPortRange": "443", "sourceAddressPrefix": UNKNOWN}, PASS),
        ({"destinationPortRange": "22", "protocol": UNKNOWN}, UNDECIDED),
    ],
)
def test_management_ports_are_judged_with_source_and_protocol(changes, verdict):
    entry = {**ALLOW, "sourceAddressPrefix": "*", **changes}
    assert both_forms(network.no_management_from_internet, entry) == {verdict}


@pytest.mark.parametrize(
    ("props", "verdict"),
    [
        ({}, PASS),
        ({"securityRules": []}, PASS),
        ({"securityRules": None}, PASS),
        ({"securityRules": UNKNOWN}, UNDECIDED),
        ({"securityRules": [UNKNOWN]}, UNDECIDED),
    ],
)
def test_a_group_without_rules_of_its_own_lets_nobody_in(props, verdict):
    for rule in (network.no_inbound_from_anywhere, network.no_management_from_internet):
        assert evaluate(rule, props) == verdict


def test_the_evidence_names_the_rule_in_the_list_and_what_is_open():
    entry = {**ALLOW, "sourceAddressPrefixes": ["10.1.2.3", "0.0.0.0/1"]}
    verdict = ask(network.no_inbound_from_anywhere, {"securityRules": [entry]})
    told = "; ".join(map(str, verdict.evidence))
    assert 'securityRules[0].sourceAddressPrefixes[1] is "0.0.0.0/1"' in told
    assert "10.1.2.3" not in told


SUBNETS = [
    (network.subnet_security_group, {"networkSecurityGroup": {"id": "/g"}}, {}),
    (
        network.subnet_security_group,
        {"networkSecurityGroup": {"id": UNKNOWN}},
        {"networkSecurityGroup": {}},
    ),
    (
        network.subnet_no_default_way_out,
        {"defaultOutboundAccess": False},
        {"defaultOutboundAccess": True},
    ),
    (
        network.subnet_no_default_way_out,
        {"defaultOutboundAccess": False},
        {"defaultOutboundAccess": None},
    ),
]


@pytest.mark.parametrize(("rule", "good", "bad"), SUBNETS)
def test_subnets_are_judged_alone_and_inline(rule, good, bad):
    alone, inline = token(network.SUBNET), token(network.NETWORK)
    good, bad = {"name": "a", **good}, {"name": "b", **bad}
    assert evaluate(rule, {"subnetName": "a", **good}, type_token=alone) == PASS
    assert evaluate(rule, {"subnetName": "b", **bad}, type_token=alone) == FAIL
    assert evaluate(rule, bad, type_token=alone) == FAIL
    assert evaluate(rule, {"subnets": [good]}, type_token=inline) == PASS
    assert evaluate(rule, {"subnets": [good, bad]}, type_token=inline) == FAIL
    assert evaluate(rule, {"subnets": [good, UNKNOWN]}, type_token=inline) == UNDECIDED
    assert evaluate(rule, {"subnets": UNKNOWN}, type_token=inline) == UNDECIDED
    assert evaluate(rule, {}, type_token=inline) == PASS


@pytest.mark.parametrize(("rule", "good", "bad"), SUBNETS)
def test_gateways_and_named_exceptions_may_go_without(rule, good, bad):
    alone = token(network.SUBNET)
    for name in ("GatewaySubnet", "azurefirewallsubnet", "RouteServerSubnet"):
        assert evaluate(rule, {**bad, "subnetName": name}, type_token=alone) == PASS
        inline = {"subnets": [{**bad, "name": name}]}
        assert evaluate(rule, inline, type_token=token(network.NETWORK)) == PASS
    named = ask(rule, {**bad, "subnetName": "databricks"}, type_token=alone, subnets=["databricks"])
    assert named.outcome == PASS
    assert evaluate(rule, {**bad, "subnetName": UNKNOWN}, type_token=alone) == UNDECIDED


def test_a_whole_group_that_is_unknown_may_turn_out_to_be_none():
    props = {"subnetName": "a", "networkSecurityGroup": UNKNOWN}
    verdict = evaluate(network.subnet_security_group, props, type_token=token(network.SUBNET))
    assert verdict == UNDECIDED


@pytest.mark.parametrize("ports", ["9" * 5000, "-", "22-", "1-2-3", "²", "", "ssh"])
def test_ports_that_are_no_ports_are_left_to_azure(ports):
    entry = {**ALLOW, "sourceAddressPrefix": "*", "destinationPortRange": ports}
    assert both_forms(network.no_management_from_internet, entry) == {PASS}
