"""Network Watcher: Azure makes one for each region in which a subscription has a network.

https://learn.microsoft.com/azure/network-watcher/network-watcher-create
"""

import uuid
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.bodies import at
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import (
    bad,
    between,
    default,
    flag,
    located,
    one_of,
    refer,
    required,
)

TYPE = "Microsoft.Network/networkWatchers"
_GROUP = "NetworkWatcherRG"
_TARGETS = (
    "microsoft.network/virtualnetworks",
    "microsoft.network/virtualnetworks/subnets",
    "microsoft.network/networkinterfaces",
)
# https://learn.microsoft.com/azure/network-watcher/nsg-flow-logs-overview
_RETIRED = "microsoft.network/networksecuritygroups"
_LOGS = "Microsoft.OperationalInsights/workspaces"
_ANALYTICS = "properties.flowAnalyticsConfiguration.networkWatcherFlowAnalyticsConfiguration"
_INTERVALS = (10, 60)
_MOST_DAYS = 365


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
        target = self._target(ctx, resource)
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
        properties = resource["properties"]
        flag(properties, "enabled", initial=True)
        _complete(properties)
        _check_analytics(ctx, resource)
        guid = str(uuid.uuid5(uuid.NAMESPACE_URL, target["id"].lower()))
        properties |= {"targetResourceGuid": guid, "provisioningState": "Succeeded"}

    def _target(self, ctx: Context, resource: Resource) -> Resource:
        path = "properties.targetResourceId"
        wanted = str(required(resource, path, "the id of a virtual network"))
        target = ctx.store.get(wanted)
        if target is not None and target["type"].lower() == _RETIRED:
            sentence = f"'{path}' is a network security group, which gets no new flow logs."
            raise bad(path, sentence, "NsgFlowLogsRetired")
        if target is None or target["type"].lower() not in _TARGETS:
            sentence = (
                f"'{path}' is {wanted!r}; wanted: the id of a virtual network, subnet or network "
                "interface that exists."
            )
            raise bad(path, sentence, "InvalidResourceReference")
        for other in ctx.store.find(self.type):
            theirs = str(other["properties"]["targetResourceId"]).lower()
            if theirs == wanted.lower() and other["id"].lower() != resource["id"].lower():
                sentence = f"'{wanted}' has the flow log '{other['id']}' already."
                raise ArmError(409, "FlowLogAlreadyExists", sentence, path)
        return target

    @staticmethod
    def _check_writer(resource: Resource, account: Resource) -> None:
        identities = (resource.get("identity") or {}).get("userAssignedIdentities")
        if account["properties"].get("allowSharedKeyAccess") is False and not identities:
            sentence = (
                f"The storage account '{account['name']}' takes no keys, so a flow log that writes "
                "to it needs a user-assigned identity with Storage Blob Data Contributor on it."
            )
            raise bad("identity", sentence, "FlowLogIdentityRequired")


def _complete(properties: dict[str, Any]) -> None:
    path = "properties.format"
    form = default(properties, "format", {"type": "JSON", "version": 2})
    form["type"] = one_of(default(form, "type", "JSON"), ("JSON",), f"{path}.type")
    between(default(form, "version", 2), 1, 2, f"{path}.version")
    kept = default(properties, "retentionPolicy", {"enabled": False, "days": 0})
    between(default(kept, "days", 0), 0, _MOST_DAYS, "properties.retentionPolicy.days")
    default(kept, "enabled", False)


def _check_analytics(ctx: Context, resource: Resource) -> None:
    analytics = at(resource, _ANALYTICS)
    if not isinstance(analytics, dict) or analytics.get("enabled") is False:
        return
    path = f"{_ANALYTICS}.workspaceResourceId"
    required(resource, path, f"the id of a {_LOGS}")
    workspace = refer(ctx, resource, path, _LOGS)
    if workspace is None:
        return
    analytics["workspaceId"] = workspace["properties"]["customerId"]
    analytics["workspaceRegion"] = workspace["location"]
    default(analytics, "enabled", True)
    interval = default(analytics, "trafficAnalyticsInterval", max(_INTERVALS))
    if interval not in _INTERVALS:
        where = f"{_ANALYTICS}.trafficAnalyticsInterval"
        raise bad(where, f"'{where}' is {interval!r}; wanted: 10 or 60 minutes.")
