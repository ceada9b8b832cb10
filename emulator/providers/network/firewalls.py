"""Azure Firewall and the policies that it keeps."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import (
    bad,
    between,
    choice,
    default,
    located,
    one_of,
    refer,
    required,
)
from emulator.providers.network import addresses
from emulator.providers.network.firewall_rules import check_collections
from emulator.providers.network.occupants import FIREWALL

POLICY = "Microsoft.Network/firewallPolicies"
_GROUPS = "ruleCollectionGroups"
_TIERS = ("Basic", "Standard", "Premium")
_MODES = ("Alert", "Deny", "Off")
_CODE = "InvalidRequestFormat"


@behaviour
class FirewallPolicy(Behaviour):
    """Rules for firewalls, in groups."""

    type: ClassVar[str] = POLICY
    immutable: ClassVar[tuple[str, ...]] = ("properties.sku.tier",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        located(resource)
        properties = resource["properties"]
        sku = default(properties, "sku", {"tier": "Standard"})
        sku["tier"] = one_of(default(sku, "tier", "Standard"), _TIERS, "properties.sku.tier")
        choice(properties, "threatIntelMode", _MODES, "Alert")
        for name in ("intrusionDetection", "transportSecurity"):
            if properties.get(name) and sku["tier"] != "Premium":
                sentence = f"'properties.{name}' needs tier Premium; found {sku['tier']}."
                raise bad(f"properties.{name}", sentence, "FirewallPolicySkuNotSupported")
        base = refer(ctx, resource, "properties.basePolicy.id", POLICY)
        if base and _TIERS.index(base["properties"]["sku"]["tier"]) > _TIERS.index(sku["tier"]):
            sentence = f"The base policy '{base['name']}' has a higher tier."
            raise bad("properties.basePolicy.id", sentence, "FirewallPolicySkuNotSupported")
        for computed in ("firewalls", "childPolicies", _GROUPS):
            properties.pop(computed, None)

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        users = _users(ctx, resource)
        if users:
            sentence = f"Firewall policy {resource['id']} is in use by {users[0]['id']}."
            raise bad("id", sentence, "FirewallPolicyInUse")

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        shown = {
            **resource["properties"],
            "firewalls": [{"id": one["id"]} for one in _users(ctx, resource)],
            "childPolicies": [],
            _GROUPS: [{"id": one["id"]} for one in ctx.store.children(resource["id"], _GROUPS)],
        }
        return {**resource, "properties": shown}


def _users(ctx: Context, policy: Resource) -> list[Resource]:
    wanted = policy["id"].lower()
    return [
        one
        for one in ctx.store.find(FIREWALL)
        if str((one["properties"].get("firewallPolicy") or {}).get("id", "")).lower() == wanted
    ]


@behaviour
class RuleGroup(Behaviour):
    """A group of rule collections; two groups of a policy do not share a priority."""

    type: ClassVar[str] = f"{POLICY}/{_GROUPS}"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        path = "properties.priority"
        mine = required(resource, path, "100 to 65000", _CODE)
        between(mine, 100, 65000, path, "FirewallPolicyRuleCollectionGroupInvalidPriority")
        policy = parse(resource["id"]).parent
        for other in ctx.store.children(policy.text, _GROUPS) if policy else []:
            same = other["properties"]["priority"] == mine
            if same and other["id"].lower() != resource["id"].lower():
                sentence = f"'{other['name']}' has the priority {mine} already."
                code = "FirewallPolicyRuleCollectionGroupDuplicatePriority"
                raise bad(path, sentence, code)
        check_collections(default(resource["properties"], "ruleCollections", []))


@behaviour
class Firewall(Behaviour):
    """A firewall in the subnet of its name; its address is where routes lead."""

    type: ClassVar[str] = FIREWALL
    immutable: ClassVar[tuple[str, ...]] = ("zones", "properties.sku.name")

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        located(resource)
        properties = resource["properties"]
        sku = default(properties, "sku", {"name": "AZFW_VNet", "tier": "Standard"})
        path = "properties.sku"
        sku["name"] = one_of(default(sku, "name", "AZFW_VNet"), ("AZFW_VNet",), f"{path}.name")
        sku["tier"] = one_of(default(sku, "tier", "Standard"), _TIERS, f"{path}.tier")
        choice(properties, "threatIntelMode", _MODES, "Alert")
        self._check_policy(ctx, resource, sku["tier"])
        for index, one in enumerate(addresses.parts_of(resource)):
            self._settle(ctx, resource, previous, one, index)
        addresses.complete(resource, "azureFirewallIpConfigurations")
        if sku["tier"] == "Basic" and not properties.get("managementIpConfiguration"):
            where = "properties.managementIpConfiguration"
            sentence = f"'{where}' is missing; tier Basic needs one."
            raise bad(where, sentence, "AzureFirewallMissingManagementIpConfiguration")
        for name in ("applicationRuleCollections", "natRuleCollections", "networkRuleCollections"):
            if properties.get(name) and properties.get("firewallPolicy"):
                sentence = f"'properties.{name}' has rules beside a policy; wanted: either."
                raise bad(f"properties.{name}", sentence, "AzureFirewallRulesAndPolicy")

    def _check_policy(self, ctx: Context, resource: Resource, tier: str) -> None:
        path = "properties.firewallPolicy.id"
        policy = refer(ctx, resource, path, POLICY)
        if policy is None:
            return
        theirs = policy["properties"]["sku"]["tier"]
        if _TIERS.index(theirs) > _TIERS.index(tier):
            sentence = f"The policy '{policy['name']}' has tier {theirs}, the firewall {tier}."
            raise bad(path, sentence, "AzureFirewallPolicySkuMismatch")
        if policy["location"] != resource["location"]:
            sentence = f"The policy '{policy['name']}' is in '{policy['location']}'."
            raise bad(path, sentence, "AzureFirewallPolicyRegionMismatch")

    def _settle(
        self,
        ctx: Context,
        resource: Resource,
        previous: Resource | None,
        one: dict[str, Any],
        index: int,
    ) -> None:
        part, where = one["properties"], f"properties.ipConfigurations[{index}]"
        addresses.require_public(ctx, resource, part, where)
        before = addresses.before_of(previous, one["name"])
        if index > 0 and not part.get("subnet"):
            return  # a further public address
        subnet = addresses.place(ctx, resource, part, where)
        addresses.require_subnet(subnet, "AzureFirewallSubnet", 26, "AzureFirewallSubnetInvalid")
        was = (before.get("subnet") or {}).get("id")
        if was and str(was).lower() != subnet["id"].lower():
            sentence = f"The subnet of '{resource['name']}' cannot change."
            raise ArmError(409, "PropertyChangeNotAllowed", sentence, where)
        part.pop("privateIPAddress", None)
        address = addresses.settle(ctx, resource, subnet, part, before.get("privateIPAddress"))
        part["privateIPAddress"] = address
