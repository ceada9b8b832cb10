"""Graph rules in the pack: what the engine shows of a whole stack, and what it showed before."""

from pulumi.runtime import proto

from policies.rules import defender
from policies.rules.private_link import ENDPOINT, ZONE, ZONE_GROUP
from tests.policies.asking import UNKNOWN, token
from tests.policies.test_pack import Pack, told

ENDPOINT_TYPE, ZONE_TYPE, GROUP_TYPE = token(ENDPOINT), token(ZONE[0]), token(ZONE_GROUP)
PLANS = ("Arm", "CloudPosture", "Containers", "KeyVaults", "StorageAccounts")


def private_link(zone: str) -> list[tuple]:
    """An endpoint, its zone group and zone: type, name, inputs, outputs at preview, edges."""
    connections = [{"groupIds": ["blob"], "privateLinkServiceId": UNKNOWN}]
    configs = [{"name": "one", "privateDnsZoneId": UNKNOWN}]
    endpoint = {"privateEndpointName": "e", "privateLinkServiceConnections": connections}
    group = {"privateEndpointName": UNKNOWN, "privateDnsZoneConfigs": configs}
    made_from = {
        "privateEndpointName": (ENDPOINT_TYPE, "e"),
        "privateDnsZoneConfigs": (ZONE_TYPE, "z"),
    }
    return [
        (ENDPOINT_TYPE, "e", endpoint, {"privateLinkServiceConnections": connections}, {}),
        (ZONE_TYPE, "z", {"privateZoneName": zone}, {"name": UNKNOWN}, {}),
        (GROUP_TYPE, "g", group, {"privateDnsZoneConfigs": configs, "name": UNKNOWN}, made_from),
    ]


def previewed(pack: Pack, resources: list[tuple]) -> list:
    """What is told of a whole stack, in the engine's order: inputs one by one, then outputs."""
    for kind, name, inputs, _, _ in resources:
        pack.analyze(kind, inputs, name)
    return pack.analyze_stack(
        *((kind, name, out, edges) for kind, name, _, out, edges in resources)
    )


def test_zones_are_known_at_preview_though_their_names_are_no_outputs():
    rule = "private-endpoint-has-right-zones"
    right = previewed(Pack("prod"), private_link("privatelink.blob.core.windows.net"))
    assert rule not in told(right)
    wrong = previewed(Pack("prod"), private_link("privatelink.file.core.windows.net"))
    assert told(wrong)[rule] == "mandatory"


def test_plans_are_known_by_names_that_are_no_outputs():
    kind = token(defender.PRICING)
    plans = [
        (kind, name, {"pricingName": name, "pricingTier": "Standard"}, {"name": UNKNOWN}, {})
        for name in PLANS
    ]
    assert "defender-plans-complete" not in told(previewed(Pack("prod"), plans))
    assert "defender-plans-complete" in told(previewed(Pack("prod"), plans[1:]))


def test_an_output_that_is_computed_does_not_hide_that_nothing_was_given():
    kind = "azure-native:storage:StorageAccount"
    account = (kind, "a", {"accountName": "a"}, {"publicNetworkAccess": UNKNOWN}, {})
    rule = "private-endpoint-for-what-is-private"
    assert rule not in told(previewed(Pack("prod"), [account]))


def test_a_stack_is_judged_by_its_outputs_where_its_inputs_were_never_shown():
    kind = "azure-native:storage:StorageAccount"
    found = Pack("prod").analyze_stack((kind, "a", {"publicNetworkAccess": "Disabled"}, {}))
    (one,) = [one for one in found if one.policyName == "private-endpoint-for-what-is-private"]
    assert one.enforcementLevel == proto.ADVISORY


def test_what_is_asked_once_in_a_stack_is_asked_of_the_same_resource_in_any_order():
    kind = token("network:NetworkSecurityGroup")
    groups = [(kind, name, {}, {}, {}) for name in ("b", "a", "c")]
    for order in (groups, groups[::-1]):
        found = previewed(Pack("prod"), order)
        named = [o.urn.rpartition("::")[2] for o in found if o.policyName.startswith("activity-")]
        assert named == ["a"]
