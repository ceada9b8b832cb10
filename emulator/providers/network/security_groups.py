"""Network security groups and their rules."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import located
from emulator.providers.network import inline, security_rules
from emulator.providers.network.usage import refuse_if_used

TYPE = "Microsoft.Network/networkSecurityGroups"
_KIND = "securityRules"
_ANY = "*"
_VNET = "VirtualNetwork"
# What every group ends with: name, priority, access, direction, source, destination.
_DEFAULTS = (
    ("AllowVnetInBound", 65000, "Allow", "Inbound", _VNET, _VNET),
    ("AllowAzureLoadBalancerInBound", 65001, "Allow", "Inbound", "AzureLoadBalancer", _ANY),
    ("DenyAllInBound", 65500, "Deny", "Inbound", _ANY, _ANY),
    ("AllowVnetOutBound", 65000, "Allow", "Outbound", _VNET, _VNET),
    ("AllowInternetOutBound", 65001, "Allow", "Outbound", _ANY, "Internet"),
    ("DenyAllOutBound", 65500, "Deny", "Outbound", _ANY, _ANY),
)


@behaviour
class NetworkSecurityGroup(Behaviour):
    """A group; its `securityRules` are the child resources, however they were written."""

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        located(resource)
        for computed in ("defaultSecurityRules", "subnets", "networkInterfaces"):
            resource["properties"].pop(computed, None)
        inline.settle(
            ctx,
            resource,
            _KIND,
            lambda child, _before, kept: security_rules.complete(child, kept),
            lambda _child: None,
        )

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        refuse_if_used(
            ctx.store, resource, "networkSecurityGroup", "InUseNetworkSecurityGroupCannotBeDeleted"
        )

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        rules = ctx.store.children(resource["id"], _KIND)
        shown = {
            **resource["properties"],
            _KIND: rules,
            "defaultSecurityRules": [_default(resource["id"], row) for row in _DEFAULTS],
        }
        return {**resource, "properties": shown}


@behaviour
class SecurityRule(Behaviour):
    """A rule written by itself."""

    type: ClassVar[str] = f"{TYPE}/{_KIND}"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        group = parse(resource["id"]).parent
        rules = ctx.store.children(group.text, _KIND) if group else []
        others = [one for one in rules if one["id"].lower() != resource["id"].lower()]
        security_rules.complete(resource, others)


def _default(group_id: str, row: tuple[str, int, str, str, str, str]) -> dict[str, Any]:
    name, priority, access, direction, source, destination = row
    return {
        "id": f"{group_id}/defaultSecurityRules/{name}",
        "name": name,
        "type": f"{TYPE}/defaultSecurityRules",
        "properties": {
            "priority": priority,
            "access": access,
            "direction": direction,
            "protocol": _ANY,
            "sourcePortRange": _ANY,
            "destinationPortRange": _ANY,
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": destination,
            "provisioningState": "Succeeded",
        },
    }
