"""Key vaults."""

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
    flag,
    guid,
    located,
    named,
    one_of,
    required,
)
from emulator.providers.keyvault import graveyard
from emulator.providers.network.connections import connections_of

TYPE = "Microsoft.KeyVault/vaults"
_SWITCHES = ("enabledForDeployment", "enabledForDiskEncryption", "enabledForTemplateDeployment")
_BAD = "BadRequest"


@behaviour
class Vault(Behaviour):
    """A vault, which stays recoverable after its deletion."""

    type: ClassVar[str] = TYPE
    globally_unique: ClassVar[bool] = True

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]",
            "VaultNameNotValid",
            "The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric "
            "characters. The name must begin with a letter, end with a letter or digit, and not "
            "contain consecutive hyphens.",
        )
        located(resource)
        if previous is None:
            _recover_or_refuse(ctx, resource)
        properties = resource["properties"]
        properties.pop("createMode", None)
        properties.pop("privateEndpointConnections", None)
        tenant = required(resource, "properties.tenantId", "the GUID of the tenant", _BAD)
        properties["tenantId"] = guid(tenant, "properties.tenantId", _BAD)
        _check_sku(resource)
        _protect(properties, (previous or {"properties": {}})["properties"])
        _open(properties)
        properties["vaultUri"] = f"https://{resource['name'].lower()}.vault.azure.net/"

    @override
    def created(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        if previous is None:
            graveyard.raise_items(ctx.store, resource)
            graveyard.purge(ctx.store, resource["name"])

    @override
    def deleted(self, ctx: Context, resource: Resource) -> None:
        graveyard.bury(ctx.store, resource)

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        connections = connections_of(ctx.store, resource["id"])
        shown = {**resource["properties"], "privateEndpointConnections": connections}
        return {**resource, "properties": shown}


def _recover_or_refuse(ctx: Context, resource: Resource) -> None:
    name = resource["name"]
    mode = resource["properties"].get("createMode") or "default"
    mode = one_of(mode, ("default", "recover"), "properties.createMode", _BAD)
    gone = graveyard.find(ctx.store, name)
    if gone is None:
        if mode == "recover":
            sentence = f"There is no deleted vault '{name}' to recover; use createMode default."
            raise ArmError(404, "DeletedVaultNotFound", sentence, "properties.createMode")
        return
    if mode != "recover":
        raise ArmError(
            409,
            "ConflictError",
            f"A vault with the same name already exists in deleted state. You need to either "
            f"recover or purge existing key vault. Vault: '{name}', deleted on "
            f"{gone['properties']['deletionDate']}, to be purged on "
            f"{gone['properties']['scheduledPurgeDate']}; recover it with properties.createMode "
            "recover.",
        )
    old = gone["_vault"]
    same_place = parse(old["id"]).subscription == parse(resource["id"]).subscription
    if not same_place or old["location"] != resource["location"]:
        sentence = (
            f"The deleted vault '{name}' is in location '{old['location']}' as {old['id']}; "
            f"recover it there, not in '{resource['location']}'."
        )
        raise ArmError(409, "ConflictError", sentence, "location")
    resource["properties"] = old["properties"]
    resource.setdefault("tags", old.get("tags", {}))


def _check_sku(resource: Resource) -> None:
    sku = required(resource, "properties.sku", "family A and name standard or premium", _BAD)
    if not isinstance(sku, dict):
        raise bad("properties.sku", f"'properties.sku' is {sku!r}; wanted: an object.", _BAD)
    sku["family"] = one_of(default(sku, "family", "A"), ("A",), "properties.sku.family", _BAD)
    sku["name"] = one_of(sku.get("name"), ("standard", "premium"), "properties.sku.name", _BAD)


def _protect(properties: dict[str, Any], old: dict[str, Any]) -> None:
    if not flag(properties, "enableSoftDelete", initial=True):
        raise bad(
            "properties.enableSoftDelete",
            "The property 'enableSoftDelete' is false; wanted: true. Soft delete is on for every "
            "vault and cannot be turned off.",
            _BAD,
        )
    if properties.get("enablePurgeProtection") is False:
        raise bad(
            "properties.enablePurgeProtection",
            "The property 'enablePurgeProtection' cannot be set to false. Enabling the purge "
            "protection for a vault is an irreversible action; leave it out to do without.",
            _BAD,
        )
    if old.get("enablePurgeProtection"):
        properties["enablePurgeProtection"] = True
    elif properties.get("enablePurgeProtection") is None:
        properties.pop("enablePurgeProtection", None)
    path = "properties.softDeleteRetentionInDays"
    before = old.get("softDeleteRetentionInDays")
    days = default(properties, "softDeleteRetentionInDays", before or 90)
    between(days, 7, 90, path, _BAD)
    if before is not None and before != days:
        sentence = (
            f"The property 'softDeleteRetentionInDays' has been set already and it can't be "
            f"modified: it is {before}, found {days}."
        )
        raise bad(path, sentence, _BAD)


def _open(properties: dict[str, Any]) -> None:
    for name in _SWITCHES:
        flag(properties, name, initial=False)
    by_role = flag(properties, "enableRbacAuthorization", initial=False)
    if properties.get("accessPolicies") is None and not by_role:
        raise bad(
            "properties.accessPolicies",
            "The parameter accessPolicies is not specified: give properties.accessPolicies, a list "
            "that may be empty, or set properties.enableRbacAuthorization to true.",
            _BAD,
        )
    default(properties, "accessPolicies", [])
    choice(properties, "publicNetworkAccess", ("Enabled", "Disabled"), "Enabled")
    rules = properties.get("networkAcls")
    if rules:
        path = "properties.networkAcls"
        action = default(rules, "defaultAction", "Allow")
        rules["defaultAction"] = one_of(action, ("Allow", "Deny"), f"{path}.defaultAction", _BAD)
        bypass = default(rules, "bypass", "AzureServices")
        rules["bypass"] = one_of(bypass, ("AzureServices", "None"), f"{path}.bypass", _BAD)
        default(rules, "ipRules", [])
        default(rules, "virtualNetworkRules", [])
