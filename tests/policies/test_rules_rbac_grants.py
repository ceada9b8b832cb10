"""Role assignments by their number, their principals and their places; federated credentials."""

import pytest
from pulumi_policy import StackValidationArgs

from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import identities, rbac
from policies.rules import rbac_grants as rules
from tests.policies.asking import UNKNOWN, Stack, ask, evaluate, graph_of
from tests.policies.tables import Row, hold

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SECRETS = "4633458b-17de-408a-b874-0445c86b69e6"
GRANTERS = ["18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "f58310d9-a9f6-439a-9e8d-f62e7b41a168"]
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/v"


def role(guid):
    return f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


def owners(*scopes, guid=OWNER):
    stack = Stack()
    for index, scope in enumerate(scopes):
        props = {"roleDefinitionId": role(guid), "scope": scope}
        stack.add(rbac.ASSIGNMENT, f"a{index}", props)
    return list(stack.ask(rules.few_owners).values())


def test_owners_of_a_subscription_are_counted():
    assert owners(SUBSCRIPTION, SUBSCRIPTION, SUBSCRIPTION) == [PASS] * 3
    assert owners(*[SUBSCRIPTION] * 3, SUBSCRIPTION.upper() + "/") == [PASS] * 3 + [FAIL]
    assert owners(*[GROUP] * 4) == [NOT_APPLICABLE] * 4
    assert owners(*[SUBSCRIPTION] * 4, guid=READER) == [NOT_APPLICABLE] * 4
    assert owners(*[SUBSCRIPTION] * 3, SUBSCRIPTION[:-1] + "2") == [PASS] * 4
    assert owners(UNKNOWN, None) == [NOT_APPLICABLE] * 2


@pytest.mark.parametrize(
    ("kind", "prod", "dev"),
    [
        ("User", FAIL, NOT_APPLICABLE),
        ("user", FAIL, NOT_APPLICABLE),
        ("Group", PASS, NOT_APPLICABLE),
        ("ServicePrincipal", PASS, NOT_APPLICABLE),
        (None, NOT_APPLICABLE, NOT_APPLICABLE),
        (UNKNOWN, UNDECIDED, NOT_APPLICABLE),
    ],
)
def test_single_people_are_for_dev(kind, prod, dev):
    props = {"principalType": kind}
    assert evaluate(rules.no_single_people, props) == prod
    assert evaluate(rules.no_single_people, props, stack="dev") == dev


@pytest.mark.parametrize(
    ("scope", "narrow", "data"),
    [
        (VAULT, PASS, PASS),
        (f"{VAULT}/secrets/s", PASS, PASS),
        (GROUP, PASS, FAIL),
        (GROUP.upper() + "/", PASS, FAIL),
        (SUBSCRIPTION, FAIL, FAIL),
        ("/", FAIL, FAIL),
        ("/providers/Microsoft.Management/managementGroups/mg", FAIL, FAIL),
        (UNKNOWN, UNDECIDED, UNDECIDED),
    ],
)
def test_the_place_of_a_grant(scope, narrow, data):
    props = {"roleDefinitionId": role(SECRETS), "scope": scope}
    assert evaluate(rules.narrow_scope, props) == narrow
    assert evaluate(rules.data_roles_at_stores, props) == data
    other = {"roleDefinitionId": role(READER), "scope": scope}
    assert evaluate(rules.data_roles_at_stores, other) == NOT_APPLICABLE
    unknown = {"roleDefinitionId": UNKNOWN, "scope": GROUP}
    assert evaluate(rules.data_roles_at_stores, unknown) == UNDECIDED


def test_roles_that_belong_at_a_subscription_are_a_parameter():
    props = {"roleDefinitionId": role(READER), "scope": SUBSCRIPTION}
    assert ask(rules.narrow_scope, props, roles=[READER.upper()]).outcome == PASS
    assert ask(rules.narrow_scope, props, roles=[OWNER]).outcome == FAIL


@pytest.mark.parametrize("guid", GRANTERS)
@pytest.mark.parametrize(
    ("condition", "verdict"),
    [("((x))", PASS), ("", FAIL), (None, FAIL), (UNKNOWN, UNDECIDED)],
)
def test_who_grants_roles_is_bound(guid, condition, verdict):
    props = {"roleDefinitionId": role(guid.upper()), "condition": condition}
    assert evaluate(rules.granters_are_bound, props) == verdict
    other = props | {"roleDefinitionId": role(READER)}
    assert evaluate(rules.granters_are_bound, other) == NOT_APPLICABLE


SUBJECT = "repo:owner/repository:environment:prod"
ROWS = [
    Row(
        identities.trusted_issuer,
        "issuer",
        [
            "https://token.actions.githubusercontent.com",
            "https://token.actions.githubusercontent.com/",
            "https://vstoken.dev.azure.com/organization",
            "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/",
        ],
        ["https://example.com", "https://token.actions.githubusercontent.com.example.com", ""],
        FAIL,
    ),
    Row(
        identities.narrow_subject,
        "subject",
        [SUBJECT, "system:serviceaccount:ml:scoring", "sc://organization/project/connection"],
        ["repo:owner/*:environment:prod", "repo:owner/repository:pull_request", "", "*"],
        FAIL,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_credential_has_a_verdict_in_every_state(row):
    hold(row)


def test_subjects_are_a_parameter():
    props = {"issuer": "https://token.actions.githubusercontent.com", "subject": SUBJECT}
    rule = identities.trusted_issuer
    assert ask(rule, props, subjects=["repo:owner/*"]).outcome == PASS
    assert ask(rule, props, subjects=["repo:other/*"]).outcome == FAIL


def test_an_issuer_that_a_cluster_made_is_the_clusters():
    for kind, verdict in (("containerservice:ManagedCluster", PASS), ("web:Site", NOT_APPLICABLE)):
        stack = Stack()
        made = stack.add(kind, "it", {})
        props = {"issuer": UNKNOWN, "subject": SUBJECT}
        stack.add(identities.CREDENTIAL, "c", props, issuer=made)
        settings = identities.trusted_issuer.settings()
        graph = graph_of(StackValidationArgs(stack.resources, {}, {}), settings)
        (node,) = graph.of(identities.CREDENTIAL)
        assert identities.trusted_issuer.resolve(node).outcome == verdict
