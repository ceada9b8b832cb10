"""What a factory connects to: credentials, linked services and the data sets behind them."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.identities import USER_ASSIGNED
from emulator.arm.store import Resource
from emulator.providers.checks import bad, one_of, refer, required
from emulator.providers.datafactory import references
from emulator.providers.sealing import sealed

_SECRET = "SecureString"  # noqa: S105 - the name of a kind of value
_VAULT_SECRET = "AzureKeyVaultSecret"  # noqa: S105 - the name of a kind of value
_SHOWN = "**********"
_CREDENTIALS = ("ManagedIdentity", "ServicePrincipal")


class _Document(Behaviour):
    """A document that names others and is named by others."""

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        references.check_name(resource)
        required(resource, "properties.type", "the kind of it")
        references.check(ctx, resource)

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        references.refuse_if_referenced(ctx, resource)

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        return references.bare(resource)


@behaviour
class Credential(_Document):
    """As whom a linked service signs in."""

    type: ClassVar[str] = f"{references.FACTORY}/credentials"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        super().prepare(ctx, resource, previous)
        properties = resource["properties"]
        path = "properties.type"
        properties["type"] = one_of(properties["type"], _CREDENTIALS, path)
        path = "properties.typeProperties.resourceId"
        identity = refer(ctx, resource, path, USER_ASSIGNED)
        if identity is None:
            return
        factory = references.factory_of(ctx, resource)
        held = (factory.get("identity") or {}).get("userAssignedIdentities") or {}
        if identity["id"].lower() not in {id_.lower() for id_ in held}:
            sentence = (
                f"The identity {identity['id']} of '{path}' is not assigned to the factory "
                f"'{factory['name']}'; add it to the factory's userAssignedIdentities."
            )
            raise bad(path, sentence, "BadRequest")


@behaviour
class LinkedService(_Document):
    """Where data is, and how one gets there; its secrets are never shown."""

    type: ClassVar[str] = f"{references.FACTORY}/linkedservices"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        super().prepare(ctx, resource, previous)
        properties = resource["properties"]
        if not isinstance(properties.get("typeProperties"), dict):
            sentence = "properties.typeProperties is missing; wanted: an object."
            raise bad("properties.typeProperties", sentence)
        _check_vaults(ctx, resource, properties)
        resource["properties"] = _sealed(properties)

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        return references.bare({**resource, "properties": _hidden(resource["properties"])})


@behaviour
class Dataset(_Document):
    """Data of a linked service."""

    type: ClassVar[str] = f"{references.FACTORY}/datasets"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        path = "properties.linkedServiceName.referenceName"
        required(resource, path, "the name of a linked service")
        where = "properties.linkedServiceName.type"
        kind = resource["properties"]["linkedServiceName"].get("type")
        one_of(kind, ("LinkedServiceReference",), where)
        super().prepare(ctx, resource, previous)


def _check_vaults(ctx: Context, resource: Resource, part: object) -> None:
    """Refuse a secret whose store is not a linked vault."""
    if isinstance(part, list):
        for item in part:
            _check_vaults(ctx, resource, item)
    if not isinstance(part, dict):
        return
    if part.get("type") == _VAULT_SECRET:
        factory = references.factory_of(ctx, resource)
        name = (part.get("store") or {}).get("referenceName")
        found = ctx.store.get(f"{factory['id']}/linkedservices/{name}") if name else None
        if found is None or found["properties"]["type"] != "AzureKeyVault":
            sentence = f"A secret's store is {name!r}; wanted: a linked service AzureKeyVault."
            raise bad("properties.typeProperties", sentence, "BadRequest")
    for item in part.values():
        _check_vaults(ctx, resource, item)


def _sealed(part: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(part, list):
        return [_sealed(item) for item in part]
    if not isinstance(part, dict):
        return part
    if part.get("type") == _SECRET:
        return {**part, "value": sealed(part.get("value"))}
    return {name: _sealed(item) for name, item in part.items()}


def _hidden(part: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(part, list):
        return [_hidden(item) for item in part]
    if not isinstance(part, dict):
        return part
    if part.get("type") == _SECRET:
        return {**part, "value": _SHOWN}
    return {name: _hidden(item) for name, item in part.items()}
