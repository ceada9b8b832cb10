"""Network Watcher: Azure makes one for each region in which a subscription has a network.

https://learn.microsoft.com/azure/network-watcher/network-watcher-create
"""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import bad, flag, located, refer, required

TYPE = "Microsoft.Network/networkWatchers"
_GROUP = "NetworkWatcherRG"
_TARGETS = (
    "microsoft.network/virtualnetworks",
    "microsoft.network/virtualnetworks/subnets",
    "microsoft.network/networkinterfaces",
    "microsoft.network/networksecuritygroups",
)


def watch(ctx: Context, network: Resource) -> None:
    """Make the watcher of a network's region, unless it is there."""
    region = str(network["location"])
    subscription = f"/subscriptions/{parse(network['id']).subscription}"
    if any(one.get("location") == region for one in ctx.store.find(TYPE)):
        return
    group = f"{subscription}/resourceGroups/{_GROUP}"
    made = {"provisioningState": "Succeeded"}
    if ctx.store.get(group) is None:
        ctx.store.put({"id": group, "location": region, "properties": dict(made)})
    watcher = f"{group}/providers/{TYPE}/NetworkWatcher_{region}"
    ctx.store.put({"id": watcher, "location": region, "properties": dict(made)})


@behaviour
class NetworkWatcher(Behaviour):
    """A watcher; a second one in a region is refused."""

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        region = located(resource)
        others = [
            one
            for one in ctx.store.find(TYPE)
            if one.get("location") == region and one["id"].lower() != resource["id"].lower()
        ]
        if others:
            sentence = (
                f"The subscription has a network watcher in '{region}' already, {others[0]['id']}; "
                "it can have one in each region."
            )
            raise ArmError(400, "NetworkWatcherCountLimitReached", sentence, "location")
        resource["properties"]["provisioningState"] = "Succeeded"


@behaviour
class FlowLog(Behaviour):
    """A record of the connections of a network, in the region of both."""

    type: ClassVar[str] = f"{TYPE}/flowLogs"
    immutable: ClassVar[tuple[str, ...]] = ("properties.targetResourceId",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        region = located(resource)
        path = "properties.targetResourceId"
        target_id = required(resource, path, "the id of a virtual network")
        target = ctx.store.get(str(target_id))
        if target is None or target["type"].lower() not in _TARGETS:
            sentence = (
                f"'{path}' is {target_id!r}; wanted: the id of a virtual network, subnet, network "
                "interface or network security group that exists."
            )
            raise bad(path, sentence, "InvalidResourceReference")
        account = refer(ctx, resource, "properties.storageId", "Microsoft.Storage/storageAccounts")
        if account is None:
            sentence = "'properties.storageId' is missing; wanted: the id of a storage account."
            raise bad("properties.storageId", sentence)
        if account.get("location") != region:
            sentence = (
                f"The storage account '{account['name']}' is in '{account.get('location')}', the "
                f"flow log in '{region}'; both have to be in the region of the network."
            )
            raise bad("properties.storageId", sentence, "StorageAccountLocationMismatch")
        self._check_writer(resource, account)
        flag(resource["properties"], "enabled", initial=True)
        resource["properties"]["provisioningState"] = "Succeeded"

    @staticmethod
    def _check_writer(resource: Resource, account: Resource) -> None:
        identities = (resource.get("identity") or {}).get("userAssignedIdentities")
        if account["properties"].get("allowSharedKeyAccess") is False and not identities:
            sentence = (
                f"The storage account '{account['name']}' takes no keys, so a flow log that writes "
                "to it needs a user-assigned identity with Storage Blob Data Contributor on it."
            )
            raise bad("identity", sentence, "FlowLogIdentityRequired")
