"""No rule ever raises, whatever the tree holds and wherever it is unknown."""

import json

from google.protobuf import struct_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pulumi_policy import proxy

from policies.engine.findings import Finding
from policies.engine.requirements import requirements
from policies.engine.resource import Facts, Resource
from policies.engine.rule import GraphRule, ResourceRule
from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.engine.waivers import Waivers
from policies.engine.wire import decode, put
from policies.rules import RULES
from policies.scan.items import Item
from policies.scan.judging import Configuration, judge
from tests.policies.asking import Stack, arguments, resource_of, token, urn
from tests.policies.proxies import snapshot

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


TOKENS = sorted({token(kind) for rule in RULES for kind in rule.types})
EDGES = ["", "scope", "privateLinkServiceConnections", "resourceUri", "workspaceName", "properties"]


@settings(thorough, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(TOKENS),
            roots,
            st.dictionaries(st.sampled_from(EDGES), st.lists(st.integers(0, 5), max_size=2)),
        ),
        max_size=6,
    )
)
def test_a_scan_of_any_resources_with_any_edges_answers_for_each_rule(drawn):
    urns = [urn(kind, f"r{index}") for index, (kind, _, _) in enumerate(drawn)]
    items = [
        Item(
            Facts(kind, f"r{index}", urns[index]),
            snapshot(proxy.unknown_checking_proxy(tree)),
            "file",
            needs={key: tuple(f"{urns[i % len(urns)]}" for i in at) for key, at in edges.items()},
        )
        for index, (kind, tree, edges) in enumerate(drawn)
    ]
    answers = list(judge(items, RULES, Configuration(), Waivers()))
    concerned = sum(rule.concerns(kind) for rule in RULES for kind, _, _ in drawn)
    assert len(answers) <= concerned
    for answer in answers:
        assert answer.message or answer.word in {"pass", "not-applicable"}


MENDING = [rule for rule in RULES if isinstance(rule, ResourceRule) and rule.mend]


@thorough
@given(roots, st.sampled_from(MENDING))
def test_what_is_mended_passes_whatever_else_the_resource_holds(tree, rule):
    resource = resource_of(arguments(token(rule.types[0]), tree), rule.settings())
    if rule(resource).outcome is not FAIL:
        return
    struct = struct_pb2.Struct()
    for path, value in rule.mend(resource).items():
        put(struct, path, value)
    mended = decode(struct)
    folded = {key.casefold() for key in mended}
    kept = {key: value for key, value in resource.value.items() if key.casefold() not in folded}
    after = Resource(resource.facts, kept | mended, resource.settings)
    assert rule(after).outcome is PASS
