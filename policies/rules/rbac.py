"""Role assignments and role definitions."""

import re
from collections.abc import Callable

from policies.engine.levels import Severity
from policies.engine.props import Props
from policies.engine.resource import Node, Resource
from policies.engine.rule import rule
from policies.engine.values import Value
from policies.engine.verdict import NOT_APPLICABLE, PASSED, Evidence, Verdict

ASSIGNMENT, DEFINITION = "authorization:RoleAssignment", "authorization:RoleDefinition"
_DOCS = "https://learn.microsoft.com/azure/role-based-access-control"

ACCESS_ADMINISTRATOR = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
WIDE_ROLES = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    ACCESS_ADMINISTRATOR: "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
_WRITE_ROLES = "Microsoft.Authorization/roleDefinitions/write"
# The forms that a message may show: others are told without their text.
_ROLE_WRITERS = (
    _WRITE_ROLES,
    "Microsoft.Authorization/roleDefinitions/*",
    "Microsoft.Authorization/*/write",
    "Microsoft.Authorization/*",
    "*/write",
    "*",
)
# What a scope that is not known yet may be made from and still be a whole subscription or wider.
_WIDE_KINDS = (
    "subscription:Alias",
    "subscription:Subscription",
    "management:ManagementGroup",
    "management:ManagementGroupSubscription",
)


def scope_is_a_resource(node: Node) -> Verdict:
    """An unknown scope is narrow if resources that are not subscriptions made it."""
    sources = node.sources("scope")
    wide = [source for source in sources if source.kind.is_one_of(_WIDE_KINDS)]
    if sources and not wide and node["roleDefinitionId"].text is not None:
        return PASSED
    return Verdict(NOT_APPLICABLE)


@rule(
    "rbac-no-wide-role-for-identities",
    types=[ASSIGNMENT],
    severity=Severity.HIGH,
    requirements=["U-05"],
    title="No application or managed identity may change a whole subscription",
    fix="Grant the role on the resource group or resource that needs it, or a narrower role.",
    url=f"{_DOCS}/best-practices",
    resolve=scope_is_a_resource,
)
def no_wide_role_for_identities(assignment: Resource) -> Verdict:
    """Whoever runs code as the identity owns the subscription."""
    narrow_role = assignment["roleDefinitionId"].must(
        lambda value: role_of(value) not in WIDE_ROLES, wanted="a role that changes less"
    )
    kind = assignment["principalType"].must_equal("User", "Group", known=["ServicePrincipal"])
    narrow_scope = assignment["scope"].must(
        lambda value: not is_wide(value), wanted="a resource group or a resource"
    )
    return _explained(assignment, narrow_role | kind | narrow_scope)


@rule(
    "rbac-no-access-administrator-at-root",
    types=[ASSIGNMENT],
    severity=Severity.HIGH,
    requirements=["A-04"],
    title="Nobody administers access to the whole tenant",
    fix="Grant User Access Administrator on a subscription or below.",
    url=f"{_DOCS}/elevate-access-global-admin",
    resolve=scope_is_a_resource,
)
def no_access_administrator_at_root(assignment: Resource) -> Verdict:
    """At the root it reaches every subscription, also those to come."""
    other_role = assignment["roleDefinitionId"].must(
        lambda value: role_of(value) != ACCESS_ADMINISTRATOR, wanted="another role"
    )
    below = assignment["scope"].must(
        lambda value: not isinstance(value, str) or bool(value.strip("/ ")),
        wanted="a subscription or below",
        known=["/"],
    )
    return _explained(assignment, other_role | below)


@rule(
    "rbac-principal-type",
    types=[ASSIGNMENT],
    severity=Severity.LOW,
    requirements=["U-06"],
    title="A role assignment says what kind of principal it is for",
    fix="Pass principal_type=PrincipalType.SERVICE_PRINCIPAL (or USER, GROUP).",
    url=f"{_DOCS}/troubleshooting",
)
def principal_type(assignment: Resource) -> Verdict:
    """Otherwise Azure looks a new identity up, often before the directory knows it, and refuses."""
    return assignment["principalType"].must_be_set()


@rule(
    "rbac-no-custom-owner",
    types=[DEFINITION],
    severity=Severity.CRITICAL,
    requirements=["A-01"],
    title="No custom role may do everything in a subscription",
    fix="List the actions that are used, or make the role assignable in a resource group only.",
    url=f"{_DOCS}/custom-roles",
)
def no_custom_owner(definition: Resource) -> Verdict:
    """A second Owner under another name is missed by whoever counts the owners."""
    everything = _actions(definition, lambda action: action.must_not_equal("*"))
    scopes = definition["assignableScopes"].elements()
    narrow = scopes.all(
        lambda scope: scope.must(lambda value: not is_wide(value), wanted="a resource group")
    )
    nowhere = definition["assignableScopes"].must_be_set()
    return everything | (narrow & nowhere)


@rule(
    "rbac-no-custom-role-writer",
    types=[DEFINITION],
    severity=Severity.HIGH,
    requirements=["A-02"],
    title="No custom role may write roles",
    fix='Remove "Microsoft.Authorization/roleDefinitions/write" and wildcards that hold it.',
    url=f"{_DOCS}/custom-roles",
)
def no_custom_role_writer(definition: Resource) -> Verdict:
    """Who writes roles can give himself any right that he has not."""

    def permission(one: Props) -> Verdict:
        taken_away = (
            one["notActions"]
            .elements()
            .any(lambda action: action.must(_holds_role_writing, wanted=_WRITE_ROLES), _WRITE_ROLES)
        )
        granted = one["actions"].elements()
        harmless = granted.all(
            lambda action: action.must(
                lambda value: not _holds_role_writing(value),
                wanted=f"an action that does not hold {_WRITE_ROLES}",
                known=_ROLE_WRITERS,
            )
        )
        return (harmless | taken_away).because(*harmless.evidence)

    return definition["permissions"].elements().all(permission)


def _actions(definition: Resource, check: Callable[[Props], Verdict]) -> Verdict:
    return (
        definition["permissions"]
        .elements()
        .all(lambda permission: permission["actions"].elements().all(check))
    )


def _holds_role_writing(value: Value) -> bool:
    """Whether an action, with its wildcards, holds the right to write roles."""
    if not isinstance(value, str):
        return False
    pattern = ".*".join(map(re.escape, re.split(r"\*+", value.casefold())))
    return re.fullmatch(pattern, _WRITE_ROLES.casefold()) is not None


def role_of(value: Value) -> str:
    """The role's own id, of its full id at whatever scope."""
    return value.rstrip("/").rpartition("/")[2].casefold() if isinstance(value, str) else ""


def is_wide(value: Value) -> bool:
    """Whether a scope is a subscription, a management group or the tenant."""
    if not isinstance(value, str):
        return False
    parts = value.casefold().strip("/ ").split("/")
    if parts[0] == "subscriptions":
        return len(parts) <= 2
    return parts == [""] or parts[:2] == ["providers", "microsoft.management"]


def _explained(assignment: Resource, verdict: Verdict) -> Verdict:
    """Say which role it is: ids mean nothing to a reader."""
    name = WIDE_ROLES.get(role_of(assignment["roleDefinitionId"].known))
    if name is None:
        return verdict
    role = Evidence("roleDefinitionId", name, "a role that changes less")
    rest = [evidence for evidence in verdict.evidence if evidence.path != "roleDefinitionId"]
    return verdict.because(role, *rest)
