"""The public side of a resource: who gets in by its public name, and why the others do not."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from emulator.access.places import Address, Stand
from emulator.arm.store import Resource

# What a subnet needs among its service endpoints for a firewall to know it.
_SERVICE_ENDPOINTS = {
    "microsoft.storage/storageaccounts": ("microsoft.storage", "microsoft.storage.global"),
    "microsoft.keyvault/vaults": ("microsoft.keyvault",),
    "microsoft.containerregistry/registries": ("microsoft.containerregistry",),
}
# Services that `bypass: AzureServices` lets in, as far as the local Azure has them.
_TRUSTED = (
    "microsoft.machinelearningservices/",
    "microsoft.containerregistry/",
    "microsoft.keyvault/",
    "microsoft.datafactory/",
    "microsoft.purview/",
    "microsoft.eventgrid/",
    "microsoft.insights/",
)
CLOSED = "closed"
FILTERED = "filtered"


@dataclass(frozen=True)
class Shut:
    """Why the public side refuses: the whole is `closed`, or a firewall `filtered` the caller."""

    kind: str
    reason: str


def refusal(resource: Resource, stand: Stand) -> Shut | None:
    """Return why a caller does not get in by the public name; None lets it in."""
    properties = resource["properties"]
    rules = properties.get("networkAcls") or properties.get("networkRuleSet") or {}
    if stand.service and _is_exception(resource, rules, stand.service):
        return None
    access = str(properties.get("publicNetworkAccess") or "Enabled")
    if access.lower() != "enabled":
        return Shut(CLOSED, f"publicNetworkAccess is {access}")
    if str(rules.get("defaultAction") or "Allow").lower() == "allow":
        return None
    if stand.address is not None and _has_address(rules, stand.address):
        return None
    reason = "its firewall denies by default and "
    if stand.subnets:
        why = [_subnet_refusal(resource, rules, subnet) for subnet in stand.subnets]
        if None in why:
            return None
        return Shut(FILTERED, reason + str(why[0]))
    if stand.address is not None:
        return Shut(FILTERED, f"{reason}has no rule for the address {stand.address}")
    return Shut(FILTERED, f"{reason}has no rule for {stand.word}")


def _has_address(rules: Mapping[str, Any], address: Address) -> bool:
    for rule in rules.get("ipRules") or ():
        if str(rule.get("action") or "Allow").lower() == "allow":
            text = str(rule.get("value") or rule.get("iPAddressOrRange") or "")
            if text and address in ipaddress.ip_network(text, strict=False):
                return True
    return False


def _subnet_refusal(resource: Resource, rules: Mapping[str, Any], subnet: Resource) -> str | None:
    known = {
        str(rule.get("id") or rule.get("virtualNetworkResourceId") or "").lower()
        for rule in rules.get("virtualNetworkRules") or ()
    }
    if subnet["id"].lower() not in known:
        return f"has no rule for the subnet {subnet['name']}"
    wanted = _SERVICE_ENDPOINTS.get(resource["type"].lower(), ())
    given = {
        str(one.get("service", "")).lower()
        for one in subnet["properties"].get("serviceEndpoints") or ()
    }
    if wanted and not given.intersection(wanted):
        return (
            f"the subnet {subnet['name']}, which has a rule, has no service endpoint "
            f"{resource['type'].partition('/')[0]}: its calls come from a public address"
        )
    return None


def _is_exception(resource: Resource, rules: Mapping[str, Any], service: str) -> bool:
    """Say whether a service is let in on behalf of a resource, however closed the rest is.

    Exceptions stay in effect when public network access is disabled:
    https://learn.microsoft.com/azure/storage/common/storage-network-security
    """
    kind = service.lower().partition("/providers/")[2]
    option = resource["properties"].get("networkRuleBypassOptions") or rules.get("bypass")
    bypass = {word.strip() for word in str(option or "AzureServices").lower().split(",")}
    if kind.startswith(_TRUSTED) and "azureservices" in bypass:
        return True
    return any(
        fnmatchcase(service.lower(), str(rule.get("resourceId", "")).lower())
        for rule in rules.get("resourceAccessRules") or ()
    )
