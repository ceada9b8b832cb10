"""What Front Door lets through: the rules of its web application firewall."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import frontdoor

# https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-drs
_RULE_SETS = (("Microsoft_DefaultRuleSet", "2.1"), ("Microsoft_BotManagerRuleSet", "1.1"))


@dataclass(frozen=True, kw_only=True)
class WebFirewallArgs:
    """What a `WebFirewall` takes from the rest of the platform."""

    policy_name: str
    resource_group_name: Input[str]
    requests_per_minute: int


class WebFirewall(ComponentResource):
    """A policy that blocks attacks, bots and callers who ask too often."""

    policy_id: Output[str]

    def __init__(
        self, name: str, args: WebFirewallArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:serving:WebFirewall", name, None, opts)
        policy = frontdoor.Policy(
            name,
            policy_name=args.policy_name,
            location="Global",
            resource_group_name=args.resource_group_name,
            sku={"name": frontdoor.SkuName.PREMIUM_AZURE_FRONT_DOOR},
            policy_settings={
                "enabled_state": frontdoor.PolicyEnabledState.ENABLED,
                "mode": frontdoor.PolicyMode.PREVENTION,
                "request_body_check": frontdoor.PolicyRequestBodyCheck.ENABLED,
            },
            custom_rules={
                "rules": [
                    {
                        "name": "TooOften",
                        "priority": 100,
                        "rule_type": frontdoor.RuleType.RATE_LIMIT_RULE,
                        "rate_limit_duration_in_minutes": 1,
                        "rate_limit_threshold": args.requests_per_minute,
                        "group_by": [{"variable_name": frontdoor.VariableName.SOCKET_ADDR}],
                        # Each request has a path: all are counted.
                        "match_conditions": [
                            {
                                "match_variable": frontdoor.MatchVariable.REQUEST_URI,
                                "operator": frontdoor.Operator.CONTAINS,
                                "match_value": ["/"],
                            }
                        ],
                        "action": frontdoor.ActionType.BLOCK,
                    }
                ]
            },
            managed_rules={
                "managed_rule_sets": [
                    {
                        "rule_set_type": kind,
                        "rule_set_version": version,
                        "rule_set_action": frontdoor.ManagedRuleSetActionType.BLOCK,
                    }
                    for kind, version in _RULE_SETS
                ]
            },
            opts=ResourceOptions(parent=self),
        )
        self.policy_id = policy.id
        self.register_outputs({"policy_id": self.policy_id})
