"""Who is granted what, where, and how many: more of role assignments."""

from policies.engine.levels import Severity
from policies.engine.resource import Graph, Node, Resource
from policies.engine.rule import graph_rule, rule
from policies.engine.settings import Parameter, texts
from policies.engine.values import Value
from policies.engine.verdict import FAIL, PASSED, Evidence, Verdict, not_applicable, only_if
from policies.rules.rbac import (
    ACCESS_ADMINISTRATOR,
    ASSIGNMENT,
    is_wide,
    role_of,
    scope_is_a_resource,
)

_DOCS = "https://learn.microsoft.com/azure/role-based-access-control"
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_GRANTERS = {
    ACCESS_ADMINISTRATOR: "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
# Roles that read or change what a store holds, not the store.
_DATA_ROLES = frozenset(
    {
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",  # Key Vault Administrator
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",  # Key Vault Secrets Officer
        "4633458b-17de-408a-b874-0445c86b69e6",  # Key Vault Secrets User
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",  # Key Vault Crypto Officer
        "12338af0-0e69-4776-bea7-57ae8d297424",  # Key Vault Crypto User
        "a4417e6f-fecd-4de8-b567-7b0420556985",  # Key Vault Certificates Officer
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",  # Storage Blob Data Owner
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",  # Storage Blob Data Contributor
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",  # Storage Blob Data Reader
        "69566ab7-960f-475b-8e7c-b3118f30c6bd",  # Storage File Data Privileged Contributor
        "0c867c2a-1d8c-454a-a3db-ab2ea1bdc8bb",  # Storage File Data SMB Share Contributor
        "974c5e8b-45b9-4653-ba55-5f855dd0fb88",  # Storage Queue Data Contributor
        "19e7f393-937e-4f77-808e-94535e297925",  # Storage Queue Data Reader
        "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",  # Storage Table Data Contributor
        "76199698-9eea-4c19-bc75-cec21354c6b6",  # Storage Table Data Reader
    }
)


@graph_rule(
    "rbac-few-owners",
    types=[ASSIGNMENT],
    severity=Severity.HIGH,
    requirements=["A-03"],
    title="A subscription has few owners",
    fix="Grant Contributor or a narrower role, or raise the rule's parameter.",
    url=f"{_DOCS}/best-practices",
    parameters={
        "most": Parameter(
            "How many assignments of Owner there may be at a subscription.",
            3,
            {"type": "number", "minimum": 0},
        )
    },
)
def few_owners(assignment: Node) -> Verdict:
    """Each of them can lose his password, and then the subscription."""
    most = int(assignment.settings.number("most"))
    place = assignment.graph.cached(_owners).get(assignment.facts.urn)
    if place is None:
        return not_applicable("it makes nobody the owner of a subscription")
    number = Evidence("roleDefinitionId", f"Owner number {place}", f"{most} owners at most")
    return PASSED if place <= most else Verdict(FAIL, (number,))


def _owners(graph: Graph) -> dict[str, int]:
    """Assignments of Owner at subscriptions with their number at the scope."""
    counts: dict[str, int] = {}
    places: dict[str, int] = {}
    for one in graph.of(ASSIGNMENT):
        scope = one["scope"].text
        if scope and is_wide(scope) and role_of(one["roleDefinitionId"].known) == _OWNER:
            key = scope.casefold().strip("/ ")
            counts[key] = places[one.facts.urn] = counts.get(key, 0) + 1
    return places


@rule(
    "rbac-no-single-people",
    types=[ASSIGNMENT],
    severity=Severity.MEDIUM,
    requirements=["A-05"],
    title="Roles are granted to groups and identities, not to single people",
    fix="Grant the role to a group and pass principal_type=PrincipalType.GROUP.",
    url=f"{_DOCS}/best-practices",
    parameters={"single_people_in": texts("Environments in which single people are fine.", "dev")},
)
def no_single_people(assignment: Resource) -> Verdict:
    """Who changes jobs leaves his groups; nobody thinks of his assignments."""
    if assignment.environment in assignment.settings.texts("single_people_in"):
        return not_applicable("single people are fine in this environment")
    kind = assignment["principalType"]
    if not kind.given:
        return not_applicable("it does not say what kind of principal it is for")
    return kind.must_not_equal("User")


@rule(
    "rbac-narrow-scope",
    types=[ASSIGNMENT],
    severity=Severity.MEDIUM,
    requirements=["A-06"],
    title="A role is granted at a resource group or below",
    fix="Pass the id of a resource group or a resource as the scope.",
    url=f"{_DOCS}/scope-overview",
    parameters={"roles": texts("Ids of roles that may be granted at a subscription.")},
    resolve=scope_is_a_resource,
)
def narrow_scope(assignment: Resource) -> Verdict:
    """What is granted above holds for all that will ever be made there."""
    allowed = [one.casefold() for one in assignment.settings.texts("roles")]
    narrow = assignment["scope"].must(
        lambda value: not is_wide(value), wanted="a resource group or a resource"
    )
    excused = assignment["roleDefinitionId"].must(
        lambda value: role_of(value) in allowed, wanted="a role of the setting"
    )
    return (narrow | excused).because(*narrow.evidence) if allowed else narrow


@rule(
    "rbac-data-roles-at-stores",
    types=[ASSIGNMENT],
    severity=Severity.MEDIUM,
    requirements=["U-27"],
    title="Roles on data are granted at the store or at what is in it",
    fix="Pass the id of the account, the vault or the container as the scope.",
    url=f"{_DOCS}/scope-overview",
    resolve=scope_is_a_resource,
)
def data_roles_at_stores(assignment: Resource) -> Verdict:
    """Granted above, they open the next store that someone puts there, too."""
    data = assignment["roleDefinitionId"].must(
        lambda value: role_of(value) in _DATA_ROLES, wanted="a role on data"
    )
    scope = assignment["scope"].must(_is_a_resource, wanted="a resource")
    return only_if(data, lambda: scope, "it is no role on data")


@rule(
    "rbac-granters-are-bound",
    types=[ASSIGNMENT],
    severity=Severity.HIGH,
    requirements=["U-43"],
    title="Who may grant roles may grant named ones only",
    fix='Pass condition="..." that names the roles, and condition_version="2.0".',
    url=f"{_DOCS}/delegate-role-assignments-overview",
)
def granters_are_bound(assignment: Resource) -> Verdict:
    """Without a condition he makes himself the owner."""
    granter = assignment["roleDefinitionId"].must(
        lambda value: role_of(value) in _GRANTERS, wanted="a role that grants roles"
    )
    return only_if(granter, assignment["condition"].must_be_set, "it does not grant roles")


def _is_a_resource(value: Value) -> bool:
    """Whether a scope is below a resource group: `/subscriptions/s/resourceGroups/g` is one."""
    parts = value.casefold().strip("/ ").split("/") if isinstance(value, str) else []
    group = len(parts) == 4 and parts[2] == "resourcegroups"
    return bool(parts) and not group and not is_wide(value)
