"""Role definitions that the platform brings: custom roles."""

from typing import ClassVar

from typing_extensions import override

from emulator.access import rbac, roles
from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource, now
from emulator.providers.checks import bad, carry, default, guid, required

TYPE = rbac.DEFINITIONS
_CODE = "InvalidRoleDefinition"
_CUSTOM = "CustomRole"
_PARTS = ("actions", "notActions", "dataActions", "notDataActions")


@behaviour
class RoleDefinition(Behaviour):
    """A custom role, which can be assigned at and below its scopes."""

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        _check_name(resource)
        properties = resource["properties"]
        required(resource, "properties.roleName", "a name", _CODE)
        if properties.get("type") not in {None, _CUSTOM}:
            path = "properties.type"
            raise bad(path, f"'{path}' is {properties['type']!r}; wanted: {_CUSTOM}.", _CODE)
        properties["type"] = _CUSTOM
        _check_scopes(resource)
        _check_permissions(resource)
        for other in ctx.store.find(TYPE):
            same = other["properties"]["roleName"].lower() == properties["roleName"].lower()
            if same and other["name"].lower() != resource["name"].lower():
                raise ArmError(
                    409,
                    "RoleDefinitionWithSameNameExists",
                    f"A custom role with the name {properties['roleName']} already exists in this "
                    "directory. Use a different name.",
                    "properties.roleName",
                )
        carry(resource, previous, {"createdOn": now()})
        properties["updatedOn"] = properties["createdOn"]

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        for each in ctx.store.find(rbac.ASSIGNMENTS):
            role = str(each["properties"]["roleDefinitionId"]).rpartition("/")[2]
            if role.lower() == resource["name"].lower():
                raise ArmError(
                    400,
                    "RoleDefinitionHasAssignments",
                    f"There are existing role assignments referencing role {resource['name']}, "
                    f"such as {each['id']}; delete them first.",
                )


def _check_name(resource: Resource) -> None:
    guid(resource["name"], "name", "InvalidRoleDefinitionId")
    if roles.find(resource["name"]) is not None:
        sentence = f"'{resource['name']}' is a built-in role, which cannot be changed."
        raise ArmError(403, "RoleDefinitionUpdateNotPermitted", sentence, "name")


def _check_scopes(resource: Resource) -> None:
    path = "properties.assignableScopes"
    scopes = required(resource, path, "the scopes at which it can be assigned", _CODE)
    if not isinstance(scopes, list) or not all(
        str(scope).startswith("/subscriptions/") for scope in scopes
    ):
        sentence = f"'{path}' is {scopes!r}; wanted: subscriptions, or resources of one."
        raise bad(path, sentence, "InvalidAssignableScopes")


def _check_permissions(resource: Resource) -> None:
    path = "properties.permissions"
    permissions = required(resource, path, "a list of what it allows", _CODE)
    if not isinstance(permissions, list) or len(permissions) != 1:
        raise bad(path, f"'{path}' must be a list of one entry.", _CODE)
    for part in _PARTS:
        for action in default(permissions[0], part, []):
            if action != "*" and str(action).count("/") < 2:
                sentence = f"'{action}' does not match any of the actions supported by Azure."
                raise bad(f"{path}[0].{part}", sentence, "InvalidActionOrNotAction")
