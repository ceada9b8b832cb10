"""User-assigned identities."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.identities import USER_ASSIGNED
from emulator.arm.store import Resource
from emulator.login.principals import MANAGED_IDENTITY
from emulator.providers.checks import located, named


@behaviour
class UserAssignedIdentity(Behaviour):
    """A principal of the directory with a life of its own; its ids stay for as long as it does."""

    type: ClassVar[str] = USER_ASSIGNED

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z0-9][\w-]{2,127}",
            "InvalidResourceName",
            "The identity name '{name}' is not valid: wanted are 3 to 128 letters, digits, hyphens "
            "and underscores, a letter or digit first.",
        )
        located(resource)
        principals = ctx.services.principals
        principal = principals.of_resource(resource["id"])
        principal = principal or principals.add(resource["name"], MANAGED_IDENTITY, resource["id"])
        resource["properties"] |= {
            "principalId": principal.object_id,
            "clientId": principal.client_id,
            "tenantId": ctx.services.tokens.tenant_id,
        }
