"""Storage accounts."""

from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Action, Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource, now
from emulator.providers.checks import bad, carry, choice, default, flag, located, named, one_of
from emulator.providers.checks import required as need
from emulator.providers.network.connections import connections_of
from emulator.providers.storage import keys

TYPE = "Microsoft.Storage/storageAccounts"
SERVICES = ("blobServices", "fileServices", "queueServices", "tableServices")
_SKUS = (
    "Standard_LRS",
    "Standard_GRS",
    "Standard_RAGRS",
    "Standard_ZRS",
    "Standard_GZRS",
    "Standard_RAGZRS",
    "Premium_LRS",
    "Premium_ZRS",
)
_KINDS = ("StorageV2", "Storage", "BlobStorage", "BlockBlobStorage", "FileStorage")
_PREMIUM_KINDS = ("BlockBlobStorage", "FileStorage")
_ENDPOINTS = ("blob", "dfs", "file", "queue", "table")


@behaviour
class StorageAccount(Behaviour):
    """An account with its endpoints, keys and the services that come with it."""

    type: ClassVar[str] = TYPE
    globally_unique: ClassVar[bool] = True
    immutable: ClassVar[tuple[str, ...]] = (
        "properties.isHnsEnabled",
        "properties.encryption.requireInfrastructureEncryption",
    )
    actions: ClassVar[Mapping[str, Action]] = {
        "listkeys": keys.listed,
        "regeneratekey": keys.regenerate,
    }

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[a-z0-9]{3,24}",
            "AccountNameInvalid",
            "{name} is not a valid storage account name. Storage account name must be between 3 "
            "and 24 characters in length and use numbers and lower-case letters only.",
        )
        location = located(resource)
        _check_kind(resource, previous)
        properties = resource["properties"]
        properties.pop("privateEndpointConnections", None)
        if not properties.get("encryption"):
            properties["encryption"] = dict(
                (previous or {"properties": {}})["properties"].get("encryption") or {}
            )
        _switches(properties)
        _complete_rules(properties)
        _encrypt(properties, previous)
        carry(resource, previous, {"creationTime": now(), **keys.initial()})
        properties |= {
            "primaryLocation": location,
            "statusOfPrimary": "available",
            "primaryEndpoints": _endpoints(resource["name"]),
        }

    @override
    def created(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        if previous is not None:
            return
        for service in SERVICES:
            properties: dict[str, Any] = {"cors": {"corsRules": []}}
            if service == "blobServices":
                properties["deleteRetentionPolicy"] = {"enabled": False}
            id_ = f"{resource['id']}/{service}/default"
            ctx.store.put({"id": id_, "sku": resource["sku"], "properties": properties})

    @override
    def deleted(self, ctx: Context, resource: Resource) -> None:
        # Those that ARM knows are gone; others were made through the blob service alone.
        ctx.services.blobs.delete_account(resource["name"])

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        connections = connections_of(ctx.store, resource["id"])
        shown = {**resource["properties"], "privateEndpointConnections": connections}
        shown.pop(keys.GENERATIONS, None)
        return {**resource, "properties": shown}


def _check_kind(resource: Resource, previous: Resource | None) -> None:
    sku = resource.get("sku") or (previous or {}).get("sku") or {}
    resource["sku"] = sku
    kinds, skus = ", ".join(_KINDS), ", ".join(_SKUS)
    sku["name"] = one_of(need(resource, "sku.name", skus), _SKUS, "sku.name", "InvalidSku")
    premium = sku["name"].startswith("Premium")
    sku["tier"] = "Premium" if premium else "Standard"
    kind = one_of(need(resource, "kind", kinds), _KINDS, "kind")
    resource["kind"] = kind
    if kind in _PREMIUM_KINDS and not premium:
        sentence = f"The kind {kind} needs a premium sku; found sku.name {sku['name']}."
        raise bad("sku.name", sentence, "InvalidSkuForKind")
    before = (previous or {}).get("kind", kind)
    if before != kind and (before, kind) not in {
        ("Storage", "StorageV2"),
        ("BlobStorage", "StorageV2"),
    }:
        sentence = f"The kind of '{resource['name']}' cannot change from {before} to {kind}."
        raise ArmError(409, "AccountKindChangeNotAllowed", sentence, "kind")
    if previous and premium != previous["sku"]["name"].startswith("Premium"):
        sentence = (
            f"The sku of '{resource['name']}' cannot change from {previous['sku']['name']} to "
            f"{sku['name']}: Standard and Premium do not convert into each other."
        )
        raise ArmError(409, "StorageAccountTypeConversionNotAllowed", sentence, "sku.name")


def _switches(properties: dict[str, Any]) -> None:
    flag(properties, "supportsHttpsTrafficOnly", initial=True)
    flag(properties, "allowBlobPublicAccess", initial=False)
    flag(properties, "isHnsEnabled", initial=False)
    for name in ("allowSharedKeyAccess", "allowCrossTenantReplication", "isLocalUserEnabled"):
        if properties.get(name) is not None:  # absent stays absent: it counts as Azure's default
            flag(properties, name, initial=True)
    choice(properties, "minimumTlsVersion", ("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"), "TLS1_0")
    choice(properties, "accessTier", ("Hot", "Cool", "Cold", "Premium"), "Hot")
    choice(
        properties,
        "publicNetworkAccess",
        ("Enabled", "Disabled", "SecuredByPerimeter"),
        "Enabled",
    )


def _complete_rules(properties: dict[str, Any]) -> None:
    rules = default(properties, "networkAcls", {})
    default(rules, "bypass", "AzureServices")
    default(rules, "virtualNetworkRules", [])
    default(rules, "ipRules", [])
    path = "properties.networkAcls.defaultAction"
    rules["defaultAction"] = one_of(
        default(rules, "defaultAction", "Allow"), ("Allow", "Deny"), path
    )


def _encrypt(properties: dict[str, Any], previous: Resource | None) -> None:
    encryption = properties["encryption"]
    path = "properties.encryption.keySource"
    sources = ("Microsoft.Storage", "Microsoft.Keyvault")
    source = one_of(default(encryption, "keySource", sources[0]), sources, path)
    if source == sources[1] and not encryption.get("keyvaultproperties"):
        sentence = f"'{path}' is {source}, which needs properties.encryption.keyvaultproperties."
        raise bad("properties.encryption.keyvaultproperties", sentence)
    services = default(encryption, "services", {})
    before = previous["properties"]["encryption"]["services"] if previous else {}
    for name in ("blob", "file"):
        service = default(services, name, {})
        service |= {"enabled": True}
        default(service, "keyType", "Account")
        enabled = (before.get(name) or {}).get("lastEnabledTime", properties.get("creationTime"))
        service["lastEnabledTime"] = enabled or now()


def _endpoints(name: str) -> dict[str, str]:
    found = {kind: f"https://{name}.{kind}.core.windows.net/" for kind in _ENDPOINTS}
    return {**found, "web": f"https://{name}.z6.web.core.windows.net/"}
