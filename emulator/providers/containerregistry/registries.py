"""Container registries."""

import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Action, Behaviour, Context, behaviour
from emulator.arm.bodies import at
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource, Store, now
from emulator.providers.checks import (
    bad,
    between,
    carry,
    choice,
    default,
    flag,
    located,
    named,
    one_of,
    required,
)
from emulator.providers.network.connections import connections_of

TYPE = "Microsoft.ContainerRegistry/registries"
_SKUS = ("Basic", "Standard", "Premium")
_PASSWORDS = ("password", "password2")
_SCHEMA = """CREATE TABLE IF NOT EXISTS registry_passwords (
    registry TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (registry, name)) WITHOUT ROWID"""
# What only Premium has: where it stands, the value that asks for it, its name in the refusal.
_PREMIUM: tuple[tuple[str, object, str], ...] = (
    ("zoneRedundancy", "Enabled", "zone redundancy"),
    ("publicNetworkAccess", "Disabled", "disabling public network access"),
    ("dataEndpointEnabled", True, "dedicated data endpoints"),
    ("networkRuleSet.defaultAction", "Deny", "network rules"),
    ("policies.retentionPolicy.status", "enabled", "the retention policy"),
    ("policies.trustPolicy.status", "enabled", "content trust"),
    ("policies.exportPolicy.status", "disabled", "the export policy"),
    ("encryption.status", "enabled", "a customer-managed key"),
)


@behaviour
class Registry(Behaviour):
    """A registry; what it may do depends on its sku."""

    type: ClassVar[str] = TYPE
    globally_unique: ClassVar[bool] = True
    immutable: ClassVar[tuple[str, ...]] = ("properties.zoneRedundancy",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z0-9]{5,50}",
            "InvalidResourceName",
            "The registry name '{name}' is invalid: registry names may contain alpha numeric "
            "characters only and must be between 5 and 50 characters.",
        )
        located(resource)
        wanted = ", ".join(_SKUS)
        sku = required(resource, "sku.name", wanted)
        resource["sku"]["name"] = one_of(sku, _SKUS, "sku.name", "InvalidSku")
        resource["sku"]["tier"] = resource["sku"]["name"]
        properties = resource["properties"]
        properties.pop("privateEndpointConnections", None)
        _complete(properties)
        _check_sku(ctx, resource)
        exports = str(at(properties, "policies.exportPolicy.status") or "enabled").lower()
        if exports == "disabled" and properties["publicNetworkAccess"] != "Disabled":
            raise bad(
                "properties.policies.exportPolicy.status",
                "properties.policies.exportPolicy.status is disabled, which needs "
                "properties.publicNetworkAccess Disabled; found Enabled.",
                "ExportPolicyCannotBeDisabled",
            )
        carry(resource, previous, {"creationDate": now()})
        properties["loginServer"] = f"{resource['name'].lower()}.azurecr.io"
        hosts = [f"{resource['name'].lower()}.{resource['location']}.data.azurecr.io"]
        properties["dataEndpointHostNames"] = hosts if properties["dataEndpointEnabled"] else []

    @override
    def deleted(self, ctx: Context, resource: Resource) -> None:
        ctx.store.execute(_SCHEMA)
        sql = "DELETE FROM registry_passwords WHERE registry = ?"
        ctx.store.execute(sql, (resource["id"].lower(),))

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        connections = connections_of(ctx.store, resource["id"])
        shown = {**resource["properties"], "privateEndpointConnections": connections}
        return {**resource, "properties": shown}

    @staticmethod
    def list_credentials(ctx: Context, resource: Resource, body: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG004 - an action
        """Answer the action listCredentials."""
        _need_admin(resource)
        return _credentials(ctx.store, resource)

    @staticmethod
    def regenerate(ctx: Context, resource: Resource, body: dict[str, Any]) -> dict[str, Any]:
        """Answer the action regenerateCredential."""
        _need_admin(resource)
        name = one_of(body.get("name"), _PASSWORDS, "name")
        _credentials(ctx.store, resource)
        ctx.store.execute(
            "UPDATE registry_passwords SET value = ? WHERE registry = ? AND name = ?",
            (secrets.token_urlsafe(32), resource["id"].lower(), name),
        )
        return _credentials(ctx.store, resource)

    actions: ClassVar[Mapping[str, Action]] = {
        "listcredentials": list_credentials,
        "regeneratecredential": regenerate,
    }


def _complete(properties: dict[str, Any]) -> None:
    flag(properties, "adminUserEnabled", initial=False)
    flag(properties, "anonymousPullEnabled", initial=False)
    flag(properties, "dataEndpointEnabled", initial=False)
    choice(properties, "publicNetworkAccess", ("Enabled", "Disabled"), "Enabled")
    choice(properties, "zoneRedundancy", ("Enabled", "Disabled"), "Disabled")
    bypass = ("AzureServices", "None")
    choice(properties, "networkRuleBypassOptions", bypass, "AzureServices")
    default(properties, "encryption", {"status": "disabled"})
    policies = default(properties, "policies", {})
    default(policies, "quarantinePolicy", {"status": "disabled"})
    default(policies, "trustPolicy", {"type": "Notary", "status": "disabled"})
    default(policies, "exportPolicy", {"status": "enabled"})
    retention = default(policies, "retentionPolicy", {"days": 7, "status": "disabled"})
    default(retention, "days", 7)
    between(retention["days"], 0, 365, "properties.policies.retentionPolicy.days")
    for name, policy in policies.items():
        if isinstance(policy, dict) and "status" in policy:
            path = f"properties.policies.{name}.status"
            policy["status"] = one_of(policy["status"], ("enabled", "disabled"), path)


def _check_sku(ctx: Context, resource: Resource) -> None:
    sku, properties = resource["sku"]["name"], resource["properties"]
    if sku == "Premium":
        return
    for path, asked, what in _PREMIUM:
        if at(properties, path) == asked:
            sentence = (
                f"The registry '{resource['name']}' has sku {sku}, which does not support {what}: "
                f"properties.{path} is {asked!r}; wanted: sku Premium."
            )
            raise bad(f"properties.{path}", sentence, "SkuNotSupported")
    if sku == "Basic" and properties["anonymousPullEnabled"]:
        sentence = "properties.anonymousPullEnabled is true, which the sku Basic does not support."
        raise bad("properties.anonymousPullEnabled", sentence, "SkuNotSupported")
    if connections_of(ctx.store, resource["id"]):
        sentence = f"'{resource['name']}' has private endpoints, which need sku Premium, not {sku}."
        raise ArmError(409, "SkuNotSupported", sentence, "sku.name")


def _need_admin(resource: Resource) -> None:
    if not resource["properties"]["adminUserEnabled"]:
        raise ArmError(
            400,
            "UnAuthorizedForCredentialOperations",
            f"Cannot perform credential operations for {resource['id']} as admin user is disabled. "
            "Kindly enable admin user as per docs: "
            "https://docs.microsoft.com/en-us/azure/container-registry/"
            "container-registry-authentication#admin-account",
        )


def _credentials(store: Store, resource: Resource) -> dict[str, Any]:
    store.execute(_SCHEMA)
    id_ = resource["id"].lower()
    for name in _PASSWORDS:
        row = (id_, name, secrets.token_urlsafe(32))
        store.execute("INSERT OR IGNORE INTO registry_passwords VALUES (?, ?, ?)", row)
    rows = store.query(
        "SELECT name, value FROM registry_passwords WHERE registry = ? ORDER BY name", (id_,)
    )
    return {
        "username": resource["name"],
        "passwords": [{"name": name, "value": value} for name, value in rows],
    }
