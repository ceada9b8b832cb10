"""Which services of Azure get into a cluster although its local accounts are off."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.providers.checks import bad, named, refer, required
from emulator.providers.containerservice.pools import CLUSTER, cluster_of

_KIND = "trustedAccessRoleBindings"
_WORKSPACE = "Microsoft.MachineLearningServices/workspaces"
_ROLES = ("mlworkload", "inference-v1")


@behaviour
class TrustedAccess(Behaviour):
    """A workspace with its roles; a workspace has one binding in a cluster."""

    type: ClassVar[str] = f"{CLUSTER}/{_KIND}"
    immutable: ClassVar[tuple[str, ...]] = ("properties.sourceResourceId",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z0-9]([A-Za-z0-9-]{0,34}[A-Za-z0-9])?",
            "InvalidParameter",
            "The binding name '{name}' is not valid: wanted are 1 to 36 letters, digits and "
            "hyphens, a letter or digit first and last.",
        )
        path = "properties.sourceResourceId"
        required(resource, path, f"the id of a {_WORKSPACE}")
        source = refer(ctx, resource, path, _WORKSPACE)
        roles = required(resource, "properties.roles", f"roles of {_WORKSPACE}")
        known: dict[str, str] = {
            f"{_WORKSPACE}/{role}".lower(): f"{_WORKSPACE}/{role}" for role in _ROLES
        }
        unknown = [role for role in roles if str(role).lower() not in known]
        if unknown:
            sentence = (
                f"The trusted access role {unknown[0]!r} is not found; wanted: roles of "
                f"{', '.join(known.values())}."
            )
            raise bad("properties.roles", sentence, "TrustedAccessRoleNotFound")
        resource["properties"]["roles"] = [known[str(role).lower()] for role in roles]
        cluster = cluster_of(ctx, resource)
        for other in ctx.store.children(cluster["id"], _KIND):
            theirs = str(other["properties"]["sourceResourceId"]).lower()
            same = source is not None and theirs == source["id"].lower()
            if same and other["id"].lower() != resource["id"].lower():
                sentence = (
                    f"'{theirs}' has the binding '{other['name']}' in this cluster already; add "
                    "the roles to that one."
                )
                raise ArmError(409, "TrustedAccessRoleBindingConflict", sentence, path)
