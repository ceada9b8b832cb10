"""Role assignments."""

import uuid
from typing import ClassVar

from typing_extensions import override

from emulator.access import rbac
from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource, now
from emulator.login.principals import MANAGED_IDENTITY, SERVICE_PRINCIPAL
from emulator.providers.checks import carry, guid, one_of, required

TYPE = "Microsoft.Authorization/roleAssignments"
_KINDS = ("User", "Group", SERVICE_PRINCIPAL, "ForeignGroup", "Device")
_CODE = "InvalidRoleAssignmentRequest"
_FIXED = ("roleDefinitionId", "principalId")


@behaviour
class RoleAssignment(Behaviour):
    """One principal plays one role at one scope; a change of any of the three is refused."""

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        try:
            uuid.UUID(resource["name"])
        except ValueError as error:
            raise ArmError(
                400,
                "InvalidRoleAssignmentId",
                f"The role assignment ID '{resource['name']}' is not valid. The role assignment ID "
                "must be a GUID.",
                "name",
            ) from error
        properties = resource["properties"]
        role_id = required(resource, "properties.roleDefinitionId", "the id of a role", _CODE)
        principal_id = required(resource, "properties.principalId", "an object id", _CODE)
        principal_id = guid(principal_id, "properties.principalId", "InvalidPrincipalId")
        scope = parse(resource["id"]).scope
        assignable = rbac.assignable(ctx.store, str(role_id), scope)
        if assignable is None:
            raise ArmError(
                404,
                "RoleDefinitionDoesNotExist",
                f"The specified role definition with ID '{role_id}' does not exist.",
                "properties.roleDefinitionId",
            )
        if not assignable:
            raise ArmError(
                400,
                "RoleDefinitionNotAssignableAtScope",
                f"The role definition '{role_id}' cannot be assigned at '{scope}', which is not "
                "within its assignable scopes.",
                "properties.roleDefinitionId",
            )
        given = properties.get("scope")
        if given and str(given).strip("/").lower() != scope.strip("/").lower():
            sentence = f"properties.scope is '{given}', the assignment stands at '{scope}'."
            raise ArmError(400, "InvalidScope", sentence, "properties.scope")
        properties |= {"scope": scope or "/", "principalId": principal_id}
        properties["principalType"] = _kind_of(ctx, principal_id, properties.get("principalType"))
        if previous is not None:
            _check_same(resource, previous)
        else:
            _check_new(ctx, resource)
        carry(resource, previous, {"createdOn": now()})
        properties["updatedOn"] = properties["createdOn"]


def _kind_of(ctx: Context, principal_id: str, given: object) -> str:
    kind = one_of(given, _KINDS, "properties.principalType", _CODE) if given else None
    principal = ctx.services.principals.by_object_id(principal_id)
    if principal is None:
        # People and groups live in a directory that the local Azure does not imitate.
        if kind is not None and kind != SERVICE_PRINCIPAL:
            return kind
        raise ArmError(
            400,
            "PrincipalNotFound",
            f"Principal {principal_id.replace('-', '')} does not exist in the directory "
            f"{ctx.services.tokens.tenant_id}. Check that you have the correct principal ID. If "
            "you are creating this principal and then immediately assigning a role, this error "
            "might be related to a replication delay.",
            "properties.principalId",
        )
    actual = SERVICE_PRINCIPAL if principal.kind == MANAGED_IDENTITY else principal.kind
    if kind is not None and kind != actual:
        raise ArmError(
            400,
            "UnmatchedPrincipalType",
            f"The PrincipalId '{principal_id}' has type '{actual}', which is different from "
            f"specified PrincipalType '{kind}'.",
            "properties.principalType",
        )
    return actual


def _last(role_id: object) -> str:
    return str(role_id).rstrip("/").rpartition("/")[2].lower()


def _check_same(resource: Resource, previous: Resource) -> None:
    for name in _FIXED:
        before, after = previous["properties"].get(name), resource["properties"].get(name)
        if _last(before) != _last(after):
            raise ArmError(
                403,
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, role definition ID and scope are not "
                f"allowed to be updated: properties.{name} is '{before}', found '{after}'; delete "
                "the assignment and create another one.",
                f"properties.{name}",
            )


def _check_new(ctx: Context, resource: Resource) -> None:
    mine = resource["properties"]
    for other in ctx.store.children(mine["scope"], TYPE):
        theirs = other["properties"]
        if theirs.get("principalId") == mine["principalId"] and _last(
            theirs.get("roleDefinitionId")
        ) == _last(mine["roleDefinitionId"]):
            raise ArmError(
                409,
                "RoleAssignmentExists",
                "The role assignment already exists. The ID of the existing role assignment is "
                f"{other['name'].replace('-', '')}.",
            )
