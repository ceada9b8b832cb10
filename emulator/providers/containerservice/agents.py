"""Pools of nodes written by themselves."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.providers.containerservice import pools


@behaviour
class AgentPool(Behaviour):
    """A pool of a cluster, which shows it in its own profiles too."""

    type: ClassVar[str] = f"{pools.CLUSTER}/{pools.KIND}"
    immutable: ClassVar[tuple[str, ...]] = pools.IMMUTABLE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        cluster = pools.cluster_of(ctx, resource)
        pools.complete(ctx, cluster, resource, previous)
        pools.check_together(cluster, [*_others(ctx, resource), resource])

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        if any(one["properties"]["mode"] == "System" for one in _others(ctx, resource)):
            return
        raise ArmError(
            400,
            "OperationNotAllowed",
            f"The agent pool '{resource['name']}' cannot be deleted: there has to be at least one "
            "system node pool in the cluster. Add another one first.",
        )


def _others(ctx: Context, pool: Resource) -> list[Resource]:
    cluster = pools.cluster_of(ctx, pool)
    return [
        one
        for one in ctx.store.children(cluster["id"], pools.KIND)
        if one["id"].lower() != pool["id"].lower()
    ]
