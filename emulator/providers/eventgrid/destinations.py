"""Where events go, and where those go that cannot be delivered."""

from typing import Any
from urllib.parse import urlsplit

from emulator.arm.behaviours import Context
from emulator.arm.store import Resource
from emulator.providers.checks import bad, between, default, of_type, one_of
from emulator.providers.sealing import sealed

_ACCOUNT = "Microsoft.Storage/storageAccounts"
_ACTIONS = "Microsoft.Insights/actionGroups"
_CODE = "InvalidRequest"
# Kinds that name one resource, with its type.
_RESOURCES = {
    "EventHub": "Microsoft.EventHub/namespaces/eventhubs",
    "HybridConnection": "Microsoft.Relay/namespaces/hybridConnections",
    "ServiceBusQueue": "Microsoft.ServiceBus/namespaces/queues",
    "ServiceBusTopic": "Microsoft.ServiceBus/namespaces/topics",
    "AzureFunction": "Microsoft.Web/sites/functions",
    "NamespaceTopic": "Microsoft.EventGrid/namespaces/topics",
}
_KINDS = ("WebHook", "StorageQueue", "MonitorAlert", *_RESOURCES)
_IDENTITIES = ("SystemAssigned", "UserAssigned")


def check(ctx: Context, subscription: Resource, topic: Resource | None) -> None:
    """Check and complete a subscription's destinations; `topic` has the identity that delivers.

    Raises:
        ArmError: 400: there is not exactly one, it is wrong, or it does not exist.
    """
    properties = subscription["properties"]
    plain, trusted = properties.get("destination"), properties.get("deliveryWithResourceIdentity")
    if (plain is None) == (trusted is None):
        sentence = (
            "properties.destination and properties.deliveryWithResourceIdentity are both given or "
            "both missing; wanted: exactly one."
        )
        raise bad("properties.destination", sentence, _CODE)
    path = "properties.destination"
    if trusted is not None:
        path = "properties.deliveryWithResourceIdentity"
        _check_identity(trusted, topic, path)
        plain, path = trusted.get("destination") or {}, f"{path}.destination"
    _check_destination(ctx, plain or {}, path)
    plain, trusted = (
        properties.get("deadLetterDestination"),
        properties.get("deadLetterWithResourceIdentity"),
    )
    path = "properties.deadLetterDestination"
    if plain is not None and trusted is not None:
        sentence = f"'{path}' and properties.deadLetterWithResourceIdentity are given; wanted: one."
        raise bad(path, sentence, _CODE)
    if trusted is not None:
        path = "properties.deadLetterWithResourceIdentity"
        _check_identity(trusted, topic, path)
        plain, path = trusted.get("deadLetterDestination") or {}, f"{path}.deadLetterDestination"
    if plain is not None:
        one_of(plain.get("endpointType"), ("StorageBlob",), f"{path}.endpointType", _CODE)
        _in_account(ctx, plain, path, ("blobContainerName", "blobServices/default/containers"))


def _check_identity(part: dict[str, Any], topic: Resource | None, path: str) -> None:
    identity = part.get("identity") or {}
    kind = one_of(identity.get("type"), _IDENTITIES, f"{path}.identity.type", _CODE)
    own = (topic or {}).get("identity") or {}
    if kind == "SystemAssigned":
        has = bool(own.get("principalId"))
    else:
        wanted = str(identity.get("userAssignedIdentity")).lower()
        has = wanted in {id_.lower() for id_ in own.get("userAssignedIdentities") or {}}
    if not has:
        sentence = (
            f"'{path}.identity' is {kind}, which the topic does not have; wanted: an identity of "
            "the topic."
        )
        raise bad(f"{path}.identity", sentence, _CODE)


def _check_destination(ctx: Context, destination: dict[str, Any], path: str) -> None:
    kind = one_of(destination.get("endpointType"), _KINDS, f"{path}.endpointType", _CODE)
    destination["endpointType"] = kind
    inner = default(destination, "properties", {})
    if kind == "WebHook":
        _check_hook(inner, f"{path}.properties")
    elif kind == "StorageQueue":
        _in_account(ctx, destination, path, ("queueName", "queueServices/default/queues"))
    elif kind == "MonitorAlert":
        levels = tuple(f"Sev{level}" for level in range(5))
        one_of(inner.get("severity"), levels, f"{path}.properties.severity", _CODE)
        for id_ in inner.get("actionGroups") or []:
            if of_type(ctx.store, id_, _ACTIONS) is None:
                sentence = f"The action group {id_} was not found; create it first."
                raise bad(f"{path}.properties.actionGroups", sentence, "ResourceNotFound")
    elif of_type(ctx.store, inner.get("resourceId"), _RESOURCES[kind]) is None:
        sentence = (
            f"'{path}.properties.resourceId' is {inner.get('resourceId')!r}, which was not found; "
            f"{kind} wants the id of a {_RESOURCES[kind]}."
        )
        raise bad(f"{path}.properties.resourceId", sentence, "ResourceNotFound")


def _check_hook(inner: dict[str, Any], path: str) -> None:
    given = str(inner.get("endpointUrl") or "")
    base = inner.get("endpointBaseUrl")
    url = urlsplit(given)
    # The query of the URL often holds a secret: a GET shows the rest alone.
    if url.scheme == "https" and url.netloc:
        base = f"https://{url.netloc}{url.path}"
        inner["endpointUrl"] = sealed(given)
    elif not base or given != sealed(given):
        sentence = f"'{path}.endpointUrl' is {given!r}; wanted: an https URL."
        raise bad(f"{path}.endpointUrl", sentence, _CODE)
    inner["endpointBaseUrl"] = base
    most = default(inner, "maxEventsPerBatch", 1)
    between(most, 1, 5000, f"{path}.maxEventsPerBatch", _CODE)
    size = default(inner, "preferredBatchSizeInKilobytes", 64)
    between(size, 1, 1024, f"{path}.preferredBatchSizeInKilobytes", _CODE)


def _in_account(ctx: Context, part: dict[str, Any], path: str, named: tuple[str, str]) -> None:
    """Refuse a queue or container that does not exist."""
    property_, collection = named
    inner = part.get("properties") or {}
    account = of_type(ctx.store, inner.get("resourceId"), _ACCOUNT)
    if account is None:
        sentence = (
            f"'{path}.properties.resourceId' is {inner.get('resourceId')!r}, which was not found; "
            f"wanted: the id of a {_ACCOUNT}."
        )
        raise bad(f"{path}.properties.resourceId", sentence, "ResourceNotFound")
    name = inner.get(property_)
    if not name or ctx.store.get(f"{account['id']}/{collection}/{name}") is None:
        sentence = (
            f"'{path}.properties.{property_}' is {name!r}; wanted: the name of one that exists in "
            f"the storage account '{account['name']}'."
        )
        raise bad(f"{path}.properties.{property_}", sentence, "ResourceNotFound")


def shown(subscription: Resource) -> Resource:
    """Return a subscription as a GET shows it: a hook's URL without what may be secret."""
    properties = subscription["properties"]
    trusted = properties.get("deliveryWithResourceIdentity")
    if trusted is not None:
        inside = {**trusted, "destination": _shown(trusted["destination"])}
        properties = {**properties, "deliveryWithResourceIdentity": inside}
    elif properties.get("destination"):
        properties = {**properties, "destination": _shown(properties["destination"])}
    return {**subscription, "properties": properties}


def _shown(destination: dict[str, Any]) -> dict[str, Any]:
    inner = {
        name: value for name, value in destination["properties"].items() if name != "endpointUrl"
    }
    return {**destination, "properties": inner}
