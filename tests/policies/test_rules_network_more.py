"""Security rules by port and direction, devices in a network, and what stands before Front Door."""

import pytest

from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import front_door, network, network_devices, network_rules
from tests.policies.asking import UNKNOWN, Stack, ask, evaluate, token
from tests.policies.tables import Row, hold

ALLOW = {
    "name": "r",
    "access": "Allow",
    "direction": "Inbound",
    "protocol": "Tcp",
    "priority": 100,
    "sourceAddressPrefix": "*",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "*",
}
WEB, UDP, SENSITIVE, OUT = (
    network_rules.no_web_from_internet,
    network_rules.no_udp_from_internet,
    network_rules.no_sensitive_ports_from_internet,
    network_rules.no_outbound_to_anywhere,
)
DEVICES = [
    Row(network_devices.no_forwarding, "enableIPForwarding", [False], [True], PASS),
    Row(network_devices.no_shareable_links, "enableShareableLink", [False], [True], PASS),
    Row(
        network_devices.denies_known_threats,
        "threatIntelMode",
        ["Deny"],
        ["Alert", "Off", ""],
        FAIL,
    ),
    Row(
        network_devices.denies_known_threats,
        "threatIntelMode",
        ["Deny"],
        ["Alert", "Off"],
        FAIL,
        kind=network_devices.FIREWALL_POLICY,
    ),
    Row(front_door.firewall_blocks, "policySettings.mode", ["Prevention"], ["Detection"], FAIL),
    Row(
        front_door.firewall_blocks,
        "policySettings.enabledState",
        ["Enabled"],
        ["Disabled", ""],
        PASS,
        {"policySettings.mode": "Prevention"},
    ),
]


def both_forms(rule, entry):
    """The verdicts of a rule as a resource, inline alone, and inline after a good one."""
    alone = evaluate(rule, entry, type_token=token(network.SECURITY_RULE))
    inline = evaluate(rule, {"securityRules": [entry]})
    later = evaluate(rule, {"securityRules": [{**ALLOW, "access": "Deny"}, entry]})
    return {alone, inline, later}


@pytest.mark.parametrize("row", DEVICES, ids=lambda row: f"{row} {row.kind}")
def test_a_property_of_a_device_has_a_verdict_in_every_state(row):
    hold(row)


@pytest.mark.parametrize("rule", [WEB, UDP, SENSITIVE])
@pytest.mark.parametrize("source", ["*", "0.0.0.0/0", "internet", "ANY", "::/0", "0.0.0.0/1"])
def test_everyone_is_found_under_every_name(rule, source):
    entry = {**ALLOW, "protocol": "*", "sourceAddressPrefix": source}
    assert both_forms(rule, entry) == {FAIL}
    plural = {**entry, "sourceAddressPrefix": None, "sourceAddressPrefixes": ["10.0.0.0/8", source]}
    assert both_forms(rule, plural) == {FAIL}
    for harmless in ({"access": "deny"}, {"direction": "outbound"}):
        assert both_forms(rule, {**entry, **harmless}) == {PASS}
    named = {**entry, "sourceAddressPrefix": "AzureFrontDoor.Backend"}
    assert both_forms(rule, named) == {PASS}
    assert both_forms(rule, {**entry, "sourceAddressPrefix": UNKNOWN}) == {UNDECIDED}


@pytest.mark.parametrize(
    ("changes", "web", "udp", "sensitive"),
    [
        ({"destinationPortRange": "443"}, FAIL, PASS, PASS),
        ({"destinationPortRange": "80-90"}, FAIL, PASS, PASS),
        ({"destinationPortRange": "1433"}, PASS, PASS, FAIL),
        ({"destinationPortRanges": ["8443", "27000-28000"]}, PASS, PASS, FAIL),
        ({"destinationPortRange": "8443"}, PASS, PASS, PASS),
        ({"destinationPortRange": "443", "protocol": "Udp"}, PASS, FAIL, PASS),
        ({"destinationPortRange": "443", "protocol": "*"}, FAIL, FAIL, PASS),
        ({"destinationPortRange": "443", "protocol": "icmp"}, PASS, PASS, PASS),
        ({"destinationPortRange": UNKNOWN}, UNDECIDED, PASS, UNDECIDED),
        ({"destinationPortRange": "443", "protocol": UNKNOWN}, UNDECIDED, UNDECIDED, PASS),
        ({"destinationPortRange": "443", "access": UNKNOWN}, UNDECIDED, PASS, PASS),
    ],
)
def test_ports_and_protocols_decide(changes, web, udp, sensitive):
    entry = {key: value for key, value in ALLOW.items() if key != "destinationPortRange"} | changes
    assert both_forms(WEB, entry) == {web}
    assert both_forms(UDP, entry) == {udp}
    assert both_forms(SENSITIVE, entry) == {sensitive}


def test_the_ports_are_parameters():
    entry = {**ALLOW, "destinationPortRange": "8443"}
    verdict = ask(WEB, {"securityRules": [entry]}, ports=["8443"])
    assert verdict.outcome == FAIL
    assert "8443 (named by the setting)" in str(verdict.evidence)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, FAIL),
        ({"destinationAddressPrefix": "Internet"}, FAIL),
        ({"destinationAddressPrefix": "0.0.0.0/0"}, FAIL),
        ({"destinationAddressPrefix": "", "destinationAddressPrefixes": ["::/0"]}, FAIL),
        ({"destinationAddressPrefix": "VirtualNetwork"}, PASS),
        ({"destinationAddressPrefix": "AzureActiveDirectory"}, PASS),
        ({"destinationAddressPrefix": "10.0.0.0/8"}, PASS),
        ({"destinationAddressPrefix": UNKNOWN}, UNDECIDED),
        ({"access": "Deny"}, PASS),
        ({"direction": "inbound"}, PASS),
        ({"direction": UNKNOWN}, UNDECIDED),
    ],
)
def test_no_rule_lets_everything_out(changes, verdict):
    assert both_forms(OUT, {**ALLOW, "direction": "Outbound", **changes}) == {verdict}


def test_a_group_without_rules_of_its_own_opens_nothing():
    for rule in (WEB, UDP, SENSITIVE, OUT):
        assert evaluate(rule, {}) == PASS
        assert evaluate(rule, {"securityRules": None}) == PASS
        assert evaluate(rule, {"securityRules": UNKNOWN}) == UNDECIDED


DENY = {
    **ALLOW,
    "direction": "Outbound",
    "access": "Deny",
    "protocol": "*",
    "priority": 200,
    "destinationAddressPrefix": "VirtualNetwork",
}


def lateral(*inline, alone=()):
    stack = Stack()
    group = stack.add(network.GROUP, "g", {"securityRules": list(inline)})
    for index, entry in enumerate(alone):
        stack.add(network.SECURITY_RULE, f"r{index}", entry, networkSecurityGroupName=group)
    return stack.ask(network_rules.no_lateral_logins)["g"]


@pytest.mark.parametrize(
    ("entries", "verdict"),
    [
        ([], FAIL),
        ([DENY], PASS),
        ([{**DENY, "destinationAddressPrefix": "*"}], PASS),
        ([{**DENY, "destinationAddressPrefix": "virtualnetwork"}], PASS),
        ([{**DENY, "destinationAddressPrefix": "10.0.0.0/24"}], FAIL),
        ([{**DENY, "direction": "Inbound"}], FAIL),
        ([{**DENY, "access": "Allow"}], FAIL),
        ([{**DENY, "protocol": "Udp"}], FAIL),
        ([{**DENY, "destinationPortRange": "22"}], FAIL),
        (
            [
                {**DENY, "destinationPortRange": "22"},
                {**DENY, "destinationPortRange": "3389"},
            ],
            PASS,
        ),
        ([{**DENY, "destinationPortRange": None, "destinationPortRanges": ["22", "3389"]}], PASS),
        ([{**DENY, "destinationAddressPrefix": UNKNOWN}], UNDECIDED),
        ([UNKNOWN], UNDECIDED),
        # A rule with a lower number goes first.
        ([{**DENY, "access": "Allow", "priority": 150}, DENY], FAIL),
        ([{**DENY, "access": "Allow", "priority": 250}, DENY], PASS),
        ([{**DENY, "access": "Allow", "priority": UNKNOWN}, DENY], UNDECIDED),
        ([{**DENY, "access": "Allow"}, {**DENY, "priority": UNKNOWN}], UNDECIDED),
        (
            [
                {**DENY, "access": "Allow", "priority": 150, "destinationAddressPrefix": "Sql"},
                DENY,
            ],
            PASS,
        ),
    ],
)
def test_logins_to_neighbours_are_denied_inline_or_alone(entries, verdict):
    assert lateral(*entries) == verdict
    if UNKNOWN not in entries:
        assert lateral(alone=entries) == verdict


@pytest.mark.parametrize(
    ("configurations", "verdict"),
    [
        ([{"name": "a"}], PASS),
        ([{"publicIPAddress": None}], PASS),
        ([{"publicIPAddress": {"id": "/ip"}}], FAIL),
        ([{"publicIPAddress": {"id": UNKNOWN}}], FAIL),
        ([{"name": "a"}, {"publicipaddress": {"id": "/ip"}}], FAIL),
        ([{"publicIPAddress": UNKNOWN}], UNDECIDED),
        ([UNKNOWN], UNDECIDED),
        (UNKNOWN, UNDECIDED),
        (None, PASS),
    ],
)
def test_machines_have_no_public_address(configurations, verdict):
    props = {"ipConfigurations": configurations}
    assert evaluate(network_devices.no_public_address, props) == verdict


@pytest.mark.parametrize(
    ("props", "verdict"),
    [
        ({"firewallPolicy": {"id": "/p"}}, PASS),
        ({"firewallPolicy": {"id": UNKNOWN}}, PASS),
        ({"firewallPolicy": UNKNOWN}, UNDECIDED),
        ({"sku": {"tier": "Basic"}}, PASS),
        ({"sku": {"tier": UNKNOWN}}, UNDECIDED),
        ({"sku": {"tier": "Premium"}, "threatIntelMode": "Alert"}, FAIL),
    ],
)
def test_a_firewall_does_what_its_policy_or_tier_lets_it(props, verdict):
    assert evaluate(network_devices.denies_known_threats, props) == verdict


def test_a_flow_log_is_found_by_its_edge_and_by_a_known_id():
    rule, log = network_devices.flow_log, network_devices.FLOW_LOG
    for enabled, verdict in ((True, PASS), (False, FAIL), (None, FAIL), (UNKNOWN, UNDECIDED)):
        stack = Stack()
        net = stack.add(network.NETWORK, "net", {})
        props = {"enabled": enabled, "targetResourceId": UNKNOWN}
        stack.add(log, "log", props, targetResourceId=net)
        assert stack.ask(rule) == {"net": verdict}
    stack = Stack()
    stack.add(network.NETWORK, "net", {"virtualNetworkName": "vnet"})
    stack.add(network.NETWORK, "other", {"virtualNetworkName": "other"})
    target = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/VNET"
    stack.add(log, "log", {"enabled": True, "targetResourceId": target})
    assert stack.ask(rule) == {"net": PASS, "other": FAIL}


def test_a_flow_log_of_the_subnets_group_is_one_of_the_network():
    stack = Stack()
    net = stack.add(network.NETWORK, "net", {})
    group = stack.add(network.GROUP, "group", {})
    stack.add(
        network.SUBNET,
        "subnet",
        {"networkSecurityGroup": {"id": UNKNOWN}},
        virtualNetworkName=net,
        networkSecurityGroup=group,
    )
    props = {"enabled": True, "targetResourceId": UNKNOWN}
    stack.add(network_devices.FLOW_LOG, "log", props, targetResourceId=group)
    assert stack.ask(network_devices.flow_log) == {"net": PASS}


def test_front_doors_endpoints_stand_behind_a_firewall():
    rule, waf = front_door.behind_firewall, {"wafPolicy": {"id": UNKNOWN}}
    stack = Stack()
    endpoint = stack.add(front_door.ENDPOINT, "edge", {"endpointName": "edge"})
    stack.add(front_door.ENDPOINT, "bare", {"endpointName": "bare"})
    stack.add(front_door.ENDPOINT, "off", {"endpointName": "off", "enabledState": "disabled"})
    stack.add(front_door.PROTECTION, "p", {"parameters": waf}, parameters=endpoint)
    assert stack.ask(rule) == {"edge": PASS, "bare": FAIL, "off": NOT_APPLICABLE}
    stack = Stack()
    stack.add(front_door.ENDPOINT, "edge", {"endpointName": "Edge"})
    target = "/subscriptions/s/providers/Microsoft.Cdn/profiles/p/afdEndpoints/edge"
    waf["associations"] = [{"domains": [{"id": target}]}]
    stack.add(front_door.PROTECTION, "p", {"parameters": waf})
    assert stack.ask(rule) == {"edge": PASS}


WEB_OUT = {
    "direction": "Outbound",
    "access": "Allow",
    "protocol": "Tcp",
    "destinationAddressPrefix": "Internet",
    "destinationPortRange": "443",
}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, PASS),
        ({"destinationAddressPrefix": "internet"}, PASS),
        ({"protocol": "*"}, PASS),
        ({"protocol": None}, PASS),
        ({"destinationPortRange": None, "destinationPortRanges": ["80", "443"]}, PASS),
        ({"destinationPortRange": 443.0}, PASS),
        ({"protocol": "Udp"}, FAIL),
        ({"destinationPortRange": "*"}, FAIL),
        ({"destinationPortRange": "443-444"}, FAIL),
        ({"destinationPortRange": None}, FAIL),
        ({"destinationPortRange": "8443"}, FAIL),
        ({"destinationAddressPrefix": "*"}, FAIL),
        ({"destinationAddressPrefix": "0.0.0.0/0"}, FAIL),
        ({"destinationPortRange": UNKNOWN}, UNDECIDED),
        ({"protocol": UNKNOWN}, UNDECIDED),
    ],
)
def test_the_web_is_open_where_a_parameter_says_so(changes, verdict):
    rule, entry = network_rules.no_outbound_to_anywhere, WEB_OUT | changes
    for form, kind in (
        (entry, network.SECURITY_RULE),
        ({"securityRules": [entry]}, network.GROUP),
    ):
        asked = {"type_token": token(kind)}
        assert ask(rule, form, **asked, open_ports=["80", "443"]).outcome == verdict
        assert ask(rule, form, **asked).outcome == FAIL


def test_which_targets_are_open_is_a_parameter_too():
    rule = network_rules.no_outbound_to_anywhere
    asked = {"type_token": token(network.SECURITY_RULE), "open_ports": ["443"]}
    assert ask(rule, WEB_OUT, **asked, open_targets=["0.0.0.0/0"]).outcome == FAIL
    everywhere = WEB_OUT | {"destinationAddressPrefix": "0.0.0.0/0"}
    assert ask(rule, everywhere, **asked, open_targets=["0.0.0.0/0"]).outcome == PASS


BASTION_IN = {
    "direction": "Inbound",
    "access": "Allow",
    "protocol": "Tcp",
    "sourceAddressPrefix": "GatewayManager",
    "destinationPortRange": "443",
}
BASTION_OUT = WEB_OUT | {"protocol": "*", "destinationPortRange": "80"}


def test_the_way_out_that_azure_asks_of_a_bastion_host_is_no_hole():
    rule = network_rules.no_outbound_to_anywhere
    assert evaluate(rule, {"securityRules": [BASTION_IN, BASTION_OUT]}) == PASS
    for entries in (
        [BASTION_OUT],
        [BASTION_IN | {"access": "Deny"}, BASTION_OUT],
        [BASTION_IN | {"sourceAddressPrefix": "10.0.0.0/8"}, BASTION_OUT],
        [BASTION_IN, BASTION_OUT | {"destinationPortRange": "443"}],
        [BASTION_IN, BASTION_OUT | {"destinationAddressPrefix": "*"}],
    ):
        verdict = ask(rule, {"securityRules": entries})
        assert verdict.outcome == FAIL
        # Not a word of bastion hosts to who has none.
        assert [one.wanted for one in verdict.evidence] == ['"Inbound"', '"Deny"', "named sources"]


def test_a_bastion_host_may_log_in_to_its_neighbours():
    rule = network_rules.no_lateral_logins
    for entries, verdict in (([BASTION_IN], NOT_APPLICABLE), ([BASTION_OUT], FAIL), ([], FAIL)):
        stack = Stack()
        stack.add(network.GROUP, "group", {"securityRules": entries})
        assert stack.ask(rule) == {"group": verdict}
