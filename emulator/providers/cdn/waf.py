"""Policies of the web application firewall, and the domains that they stand before."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.bodies import at
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource, Store
from emulator.providers.cdn.domains import DOMAIN
from emulator.providers.cdn.profiles import ENDPOINT, PREMIUM, SKUS, STATES, TYPE, profile_of
from emulator.providers.checks import (
    bad,
    between,
    default,
    named,
    of_type,
    one_of,
    required,
    worldwide,
)

POLICY = "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies"
CLASSIC = "Microsoft.Cdn/cdnWebApplicationFirewallPolicies"
SECURITY = f"{TYPE}/securityPolicies"
_ACTIONS = ("Allow", "Block", "Log", "Redirect", "AnomalyScoring", "JSChallenge", "CAPTCHA")
_RULES = ("MatchRule", "RateLimitRule")
_SETS = ("Microsoft_DefaultRuleSet", "Microsoft_BotManagerRuleSet", "DefaultRuleSet")
_FORBIDDEN = 403
_CODE = "BadRequest"


class _Policy(Behaviour):
    """Rules that requests are held against."""

    skus: ClassVar[tuple[str, ...]] = SKUS

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z][A-Za-z0-9]{0,127}",
            _CODE,
            "The policy name '{name}' is not valid: wanted are 1 to 128 letters and digits, a "
            "letter first.",
        )
        worldwide(resource)
        sku = str(required(resource, "sku.name", ", ".join(self.skus), _CODE))
        resource["sku"]["name"] = one_of(sku, self.skus, "sku.name", _CODE)
        properties = resource["properties"]
        settings = default(properties, "policySettings", {})
        path = "properties.policySettings"
        for name, known, initial in (
            ("enabledState", STATES, "Enabled"),
            ("mode", ("Prevention", "Detection"), "Detection"),
        ):
            value = default(settings, name, initial)
            settings[name] = one_of(value, known, f"{path}.{name}", _CODE)
        self.complete(settings)
        _check_custom(properties)
        _check_managed(properties, resource["sku"]["name"])
        properties.pop("securityPolicyLinks", None)
        properties["resourceState"] = "Enabled"

    def complete(self, settings: dict[str, Any]) -> None:
        """Complete what only one kind of policy has."""

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        users = _users(ctx.store, resource)
        if users:
            sentence = f"The policy is in use by '{users[0]['id']}'; take it off there first."
            raise ArmError(409, "Conflict", sentence)


@behaviour
class FrontDoorPolicy(_Policy):
    """The policy of a Front Door of today."""

    type: ClassVar[str] = POLICY
    immutable: ClassVar[tuple[str, ...]] = ("sku.name",)
    skus: ClassVar[tuple[str, ...]] = (*SKUS, "Classic_AzureFrontDoor")

    @override
    def complete(self, settings: dict[str, Any]) -> None:
        checked = default(settings, "requestBodyCheck", "Enabled")
        path = "properties.policySettings"
        settings["requestBodyCheck"] = one_of(checked, STATES, f"{path}.requestBodyCheck", _CODE)
        default(settings, "customBlockResponseStatusCode", _FORBIDDEN)

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        links = [{"id": one["id"]} for one in _users(ctx.store, resource)]
        shown = {**resource["properties"], "securityPolicyLinks": links}
        return {**resource, "properties": shown}


@behaviour
class CdnPolicy(_Policy):
    """The policy of a content delivery network."""

    type: ClassVar[str] = CLASSIC
    skus: ClassVar[tuple[str, ...]] = ("Standard_Microsoft", *SKUS)


def _users(store: Store, policy: Resource) -> list[Resource]:
    wanted = policy["id"].lower()
    return [
        one
        for one in store.find(SECURITY)
        if str(at(one, "properties.parameters.wafPolicy.id")).lower() == wanted
    ]


def _check_custom(properties: dict[str, Any]) -> None:
    custom = default(properties, "customRules", {"rules": []})
    priorities: set[int] = set()
    for index, rule in enumerate(default(custom, "rules", [])):
        path = f"properties.customRules.rules[{index}]"
        between(rule.get("priority"), 1, 100_000, f"{path}.priority", _CODE)
        if rule["priority"] in priorities:
            sentence = f"'{path}.priority' is {rule['priority']} again; wanted: each once."
            raise bad(f"{path}.priority", sentence, _CODE)
        priorities.add(rule["priority"])
        rule["action"] = one_of(rule.get("action"), _ACTIONS, f"{path}.action", _CODE)
        kind = one_of(default(rule, "ruleType", _RULES[0]), _RULES, f"{path}.ruleType", _CODE)
        rule["ruleType"] = kind
        if kind == "RateLimitRule":
            minutes = default(rule, "rateLimitDurationInMinutes", 1)
            between(minutes, 1, 5, f"{path}.rateLimitDurationInMinutes", _CODE)
            between(rule.get("rateLimitThreshold"), 1, 10**9, f"{path}.rateLimitThreshold", _CODE)
        if not rule.get("matchConditions"):
            sentence = f"'{path}.matchConditions' is empty; wanted: at least one condition."
            raise bad(f"{path}.matchConditions", sentence, _CODE)
        rule["enabledState"] = one_of(
            default(rule, "enabledState", "Enabled"), STATES, f"{path}.enabledState", _CODE
        )


def _check_managed(properties: dict[str, Any], sku: str) -> None:
    managed = default(properties, "managedRules", {"managedRuleSets": []})
    sets = default(managed, "managedRuleSets", [])
    path = "properties.managedRules.managedRuleSets"
    if sets and not sku.startswith("Premium") and not sku.startswith("Classic"):
        sentence = f"'{path}' needs sku {PREMIUM}; the policy has {sku}."
        raise bad(path, sentence, _CODE)
    for index, one in enumerate(sets):
        where = f"{path}[{index}]"
        kind = one_of(one.get("ruleSetType"), _SETS, f"{where}.ruleSetType", _CODE)
        if not one.get("ruleSetVersion"):
            raise bad(f"{where}.ruleSetVersion", f"'{where}.ruleSetVersion' is missing.", _CODE)
        current = kind == _SETS[0] and str(one["ruleSetVersion"]) >= "2"
        if current and not one.get("ruleSetAction"):
            sentence = f"'{where}.ruleSetAction' is missing; {kind} of version 2 needs one."
            raise bad(f"{where}.ruleSetAction", sentence, _CODE)


@behaviour
class SecurityPolicy(Behaviour):
    """A policy before domains of a profile; a domain has one policy."""

    type: ClassVar[str] = SECURITY

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        path = "properties.parameters"
        parameters = required(resource, path, "a firewall policy and domains", _CODE)
        parameters["type"] = one_of(
            parameters.get("type"), ("WebApplicationFirewall",), f"{path}.type", _CODE
        )
        wanted = at(resource, f"{path}.wafPolicy.id")
        policy = of_type(ctx.store, wanted, POLICY)
        if policy is None:
            sentence = f"'{path}.wafPolicy.id' is {wanted!r}, which is no {POLICY}."
            raise bad(f"{path}.wafPolicy.id", sentence, _CODE)
        profile = profile_of(ctx, resource)
        if policy["sku"]["name"] != profile["sku"]["name"]:
            sentence = (
                f"The policy '{policy['name']}' has sku {policy['sku']['name']}, the profile "
                f"{profile['sku']['name']}; wanted: the same."
            )
            raise bad(f"{path}.wafPolicy.id", sentence, _CODE)
        found = self._domains(ctx, resource)
        for other in ctx.store.children(profile["id"], "securityPolicies"):
            if other["id"].lower() != resource["id"].lower():
                both = sorted(found & _protected(other))
                if both:
                    sentence = f"The domain '{both[0]}' has the policy of '{other['name']}'."
                    raise ArmError(409, "Conflict", sentence, f"{path}.associations")
        resource["properties"]["deploymentStatus"] = "NotStarted"

    def _domains(self, ctx: Context, resource: Resource) -> set[str]:
        path = "properties.parameters.associations"
        associations = required(resource, path, "a list of domains and patterns", _CODE)
        profile = parse(resource["id"]).names[0].lower()
        for index, association in enumerate(associations):
            for domain in association.get("domains") or []:
                id_ = domain.get("id")
                found = of_type(ctx.store, id_, ENDPOINT) or of_type(ctx.store, id_, DOMAIN)
                if found is None or parse(found["id"]).names[0].lower() != profile:
                    sentence = f"'{path}[{index}]' names {id_!r}, no domain of this profile."
                    raise bad(path, sentence, _CODE)
                domain["isActive"] = True
            default(association, "patternsToMatch", ["/*"])
        found_ids = _protected(resource)
        if not found_ids:
            raise bad(path, f"'{path}' names no domain; wanted: at least one.", _CODE)
        return found_ids


def _protected(policy: Resource) -> set[str]:
    return {
        str(domain.get("id")).lower()
        for association in policy["properties"]["parameters"]["associations"]
        for domain in association.get("domains") or []
    }
