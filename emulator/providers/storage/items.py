"""Queues, tables and file shares of an account."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.store import Resource
from emulator.providers.checks import between, choice, default, flag, named
from emulator.providers.storage.accounts import TYPE

_MOST_GB = 102_400


@behaviour
class Queue(Behaviour):
    """A queue."""

    type: ClassVar[str] = f"{TYPE}/queueServices/queues"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]",
            "InvalidResourceName",
            "The queue name '{name}' is invalid: wanted are 3 to 63 lower-case letters, digits "
            "and single hyphens, a letter or digit first and last.",
        )
        default(resource["properties"], "metadata", {})


@behaviour
class Table(Behaviour):
    """A table."""

    type: ClassVar[str] = f"{TYPE}/tableServices/tables"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z][A-Za-z0-9]{2,62}",
            "InvalidResourceName",
            "The table name '{name}' is invalid: wanted are 3 to 63 letters and digits, a letter "
            "first.",
        )
        resource["properties"]["tableName"] = resource["name"]


@behaviour
class Share(Behaviour):
    """A share of files."""

    type: ClassVar[str] = f"{TYPE}/fileServices/shares"
    immutable: ClassVar[tuple[str, ...]] = ("properties.enabledProtocols",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]",
            "InvalidResourceName",
            "The share name '{name}' is invalid: wanted are 3 to 63 lower-case letters, digits "
            "and single hyphens, a letter or digit first and last.",
        )
        properties = resource["properties"]
        between(default(properties, "shareQuota", 5120), 1, _MOST_GB, "properties.shareQuota")
        choice(properties, "enabledProtocols", ("SMB", "NFS"), "SMB")
        tiers = ("TransactionOptimized", "Hot", "Cool", "Premium")
        choice(properties, "accessTier", tiers, "TransactionOptimized")
        if properties.get("fileSharePaidBursting"):
            flag(properties["fileSharePaidBursting"], "paidBurstingEnabled", initial=False)
