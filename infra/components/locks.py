"""Locks on what holds data: whoever deletes it by hand has to take the lock away first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Resource, ResourceOptions
from pulumi_azure_native import authorization


@dataclass(frozen=True, kw_only=True)
class LocksArgs:
    """What `Locks` take from the rest of the stamp."""

    targets: Mapping[str, Input[str]]
    """Ids of what is locked, by a short name.

    Never a resource group, where the managed network could not remove its endpoints any more, and
    never a DNS zone, where the records of a removed endpoint could not go with it.
    """
    after: Sequence[Resource]
    """All that lies below the targets: a lock lets none of it be removed, so it goes first."""


class Locks(ComponentResource):
    """A lock against deletion on each target."""

    def __init__(self, name: str, args: LocksArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:security:Locks", name, None, opts)
        for target, scope in args.targets.items():
            authorization.ManagementLockByScope(
                f"{name}-{target}",
                lock_name="holds-data",
                scope=scope,
                level=authorization.LockLevel.CAN_NOT_DELETE,
                notes="Holds data that cannot be made again. Its stack takes the lock away.",
                opts=ResourceOptions(parent=self, depends_on=args.after),
            )
        self.register_outputs({})
