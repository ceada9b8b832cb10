"""No rule ever raises, whatever the tree holds and wherever it is unknown."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pulumi_policy import proxy

from policies.engine.findings import Finding
from policies.engine.requirements import requirements
from policies.engine.rule import GraphRule, ResourceRule
from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import RULES
from tests.policies.asking import Stack, arguments, resource_of, token

UNKNOWNS = [value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")]
# The words that rules look at, so that the fuzz meets their branches and not only their doors.
PATHS = {one.input for one in requirements().values()}
KEYS = sorted(
    {word for path in PATHS for word in path.replace("[]", "").replace(",", ".").split(".") if word}
    | {
        "access",
        "actions",
        "assignableScopes",
        "bypass",
        "computeType",
        "defaultAction",
        "destinationPortRange",
        "destinationPortRanges",
        "direction",
        "groupIds",
        "id",
        "keys",
        "kind",
        "name",
        "permissions",
        "principalType",
        "privateLinkServiceConnections",
        "privateLinkServiceId",
        "properties",
        "protocol",
        "roleDefinitionId",
        "scope",
        "secrets",
        "securityRules",
        "sourceAddressPrefix",
        "sourceAddressPrefixes",
        "subnetName",
        "subnets",
        "type",
        "userAssignedIdentities",
    }
)
WORDS = [
    "Disabled", "Enabled", "enabled", "Allow", "Deny", "Inbound", "*", "0.0.0.0/0", "::/0", "22",
    "1-", "-", "1-2-3", "9" * 5000, "٣", "²", "/", "//", "AmlCompute", "ComputeInstance", "Project",
    "blob", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "/subscriptions/x", "",
]  # fmt: skip
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.text()
    | st.sampled_from(WORDS)
    | st.sampled_from(UNKNOWNS)
)
keys = st.sampled_from(KEYS) | st.text()
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5)
)
roots = st.dictionaries(keys, trees, max_size=8)
thorough = settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@thorough
@given(
    roots, st.sampled_from([rule for rule in RULES if isinstance(rule, ResourceRule)]), st.data()
)
def test_no_rule_raises_and_every_finding_can_be_told(tree, rule, data):
    kind = data.draw(st.sampled_from(rule.types))
    args = arguments(token(kind), tree)
    resource = resource_of(args, rule.settings())
    verdict = rule(resource)
    assert verdict.outcome in {PASS, FAIL, UNDECIDED, NOT_APPLICABLE}
    if verdict.outcome in {FAIL, UNDECIDED}:
        assert verdict.evidence
        message = Finding(rule, resource, verdict).message()
        assert rule.fix in message
        json.dumps(message)


@settings(thorough, max_examples=40)
@given(st.lists(st.tuples(roots, st.integers(0, 3)), max_size=4), st.data())
def test_no_graph_rule_raises(trees_and_sources, data):
    for rule in (rule for rule in RULES if isinstance(rule, GraphRule)):
        kinds = [*rule.types, "network:PrivateEndpoint"]
        stack = Stack()
        for index, (tree, source) in enumerate(trees_and_sources):
            made_from = dict(enumerate(stack.resources)).get(source)
            edges = {"privateLinkServiceConnections": made_from} if made_from else {}
            stack.add(data.draw(st.sampled_from(kinds)), f"r{index}", tree, **edges)
        assert set(stack.ask(rule).values()) <= {PASS, FAIL, UNDECIDED, NOT_APPLICABLE}


@thorough
@given(roots, st.sampled_from([rule for rule in RULES if isinstance(rule, ResourceRule)]))
def test_no_text_of_a_resource_is_told_unless_the_rule_knows_it(tree, rule):
    secret = "hunter2-correct-horse"

    def hide(value):
        if isinstance(value, dict):
            return {key: hide(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [hide(inner) for inner in value]
        return secret if isinstance(value, str) and value not in UNKNOWNS else value

    args = arguments(token(rule.types[0]), {key: hide(value) for key, value in tree.items()})
    resource = resource_of(args, rule.settings())
    message = Finding(rule, resource, rule(resource)).message()
    assert secret not in message
