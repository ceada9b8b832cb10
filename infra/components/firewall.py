"""The firewall of a stamp, which lets out what its rules name."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import network

from infra.components.firewall_rules import Leaving, rule_collections
from infra.components.public_address import PublicAddressArgs, public_address
from infra.naming import Kind, Names

_PURPOSE = "egress"
_GROUP_PRIORITY = 200


@dataclass(frozen=True, kw_only=True)
class FirewallArgs:
    """What a `Firewall` takes from the rest of the stamp."""

    names: Names
    location: str
    resource_group_name: Input[str]
    zones: Sequence[str]
    subnet_id: Input[str]
    leaving: Leaving


class Firewall(ComponentResource):
    """A firewall that knows hosts by name, refuses known attackers and lets nobody in."""

    firewall_id: Output[str]
    address_id: Output[str]
    private_address: Output[str]

    def __init__(self, name: str, args: FirewallArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:network:Firewall", name, None, opts)
        child = ResourceOptions(parent=self)
        address = public_address(
            name,
            PublicAddressArgs(
                names=args.names,
                purpose="firewall",
                location=args.location,
                resource_group_name=args.resource_group_name,
                zones=args.zones,
            ),
            child,
        )
        policy = network.FirewallPolicy(
            name,
            firewall_policy_name=args.names.of(Kind.FIREWALL_POLICY, _PURPOSE),
            location=args.location,
            resource_group_name=args.resource_group_name,
            sku={"tier": network.FirewallPolicySkuTier.STANDARD},
            threat_intel_mode=network.AzureFirewallThreatIntelMode.DENY,
            opts=child,
        )
        rules = network.FirewallPolicyRuleCollectionGroup(
            name,
            rule_collection_group_name=_PURPOSE,
            firewall_policy_name=policy.name,
            resource_group_name=args.resource_group_name,
            priority=_GROUP_PRIORITY,
            rule_collections=rule_collections(args.leaving),
            opts=child,
        )
        firewall = network.AzureFirewall(
            name,
            azure_firewall_name=args.names.of(Kind.FIREWALL),
            location=args.location,
            resource_group_name=args.resource_group_name,
            sku={
                "name": network.AzureFirewallSkuName.AZF_W_V_NET,
                "tier": network.AzureFirewallSkuTier.STANDARD,
            },
            firewall_policy={"id": policy.id},
            ip_configurations=[
                {
                    "name": _PURPOSE,
                    "subnet": {"id": args.subnet_id},
                    "public_ip_address": {"id": address.id},
                }
            ],
            zones=list(args.zones) or None,
            # A policy cannot change while a firewall takes it over.
            opts=ResourceOptions(parent=self, depends_on=[rules]),
        )
        self.firewall_id = firewall.id
        self.address_id = address.id
        self.private_address = firewall.ip_configurations.apply(_first_address)
        self.register_outputs({"firewall_id": self.firewall_id})


def _first_address(
    configurations: Sequence[network.outputs.AzureFirewallIPConfigurationResponse] | None,
) -> str:
    if not configurations:
        raise ValueError("the firewall has no address: Azure returned no ip configurations")
    return configurations[0].private_ip_address
