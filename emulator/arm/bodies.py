"""The bodies of resources: merging, the checks that hold for every type, and what is filled in."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from emulator.arm.errors import ArmError
from emulator.arm.ids import ArmId
from emulator.arm.store import Resource
from emulator.login.callers import Caller

# What the service writes; a client that sends it back does not change it.
_SERVICE_OWNED = ("etag", "systemData", "id", "name", "type")

# Kinds of principals in the words of `systemData`.
_KINDS = {"User": "User", "ManagedIdentity": "ManagedIdentity", "ServicePrincipal": "Application"}

_TAKEN = {
    "microsoft.storage/storageaccounts": (
        "StorageAccountAlreadyTaken",
        "The storage account named {name} is already taken.",
    ),
    "microsoft.keyvault/vaults": (
        "VaultAlreadyExists",
        "The vault name '{name}' is already in use: vault names are globally unique.",
    ),
    "microsoft.containerregistry/registries": (
        "AlreadyInUse",
        "The registry DNS name {name}.azurecr.io is already in use.",
    ),
}


def taken(arm_id: ArmId) -> tuple[str, str]:
    """Return code and message for a name that somebody else has."""
    code, message = _TAKEN.get(
        arm_id.type.lower(), ("NameNotAvailable", "The name '{name}' is already in use.")
    )
    return code, message.format(name=arm_id.name)


def merged(method: str, body: dict[str, Any], previous: Resource | None) -> Resource:
    """Return the resource that a PUT's body is, or a PATCH's body makes of the previous one."""
    sent = {name: value for name, value in body.items() if name not in _SERVICE_OWNED}
    if method == "PUT" or previous is None:
        resource = copy.deepcopy(sent)
    else:
        resource = _merge(copy.deepcopy(previous), sent)
    resource.setdefault("properties", {})
    return resource


def _merge(base: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in change.items():
        if value is None:
            base.pop(name, None)
        elif isinstance(value, dict) and name != "tags":
            inner = base.get(name)
            base[name] = _merge(inner if isinstance(inner, dict) else {}, value)
        else:
            base[name] = value
    return base


def check_shape(resource: Resource) -> None:
    """Refuse a body whose common parts have the wrong type.

    Raises:
        ArmError: 400, naming the part.
    """
    tags = resource.get("tags")
    if tags is None:
        resource.pop("tags", None)
    elif not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise ArmError(
            400, "InvalidRequestContent", f"tags must map names to strings; found {tags!r}.", "tags"
        )
    for name in ("properties", "identity", "sku"):
        part = resource.get(name)
        if part is not None and not isinstance(part, dict):
            found = type(part).__name__
            raise ArmError(
                400, "InvalidRequestContent", f"{name} must be an object; found {found}.", name
            )
    if resource.get("location"):
        resource["location"] = str(resource["location"]).replace(" ", "").lower()


def check_etag(headers: Mapping[str, str], previous: Resource | None) -> None:
    """Honour If-Match and If-None-Match.

    Raises:
        ArmError: 412.
    """
    wanted = headers.get("if-match")
    current = previous["etag"] if previous else None
    if wanted and wanted not in {"*", current}:
        message = f"The condition If-Match {wanted} is not met: the ETag is {current}."
        raise ArmError(412, "PreconditionFailed", message)
    if headers.get("if-none-match") == "*" and previous is not None:
        raise ArmError(412, "PreconditionFailed", f"{previous['id']} exists already.")


def at(resource: Mapping[str, Any], path: str) -> object:
    """Return what a dotted path leads to, or None."""
    value: object = resource
    for word in path.split("."):
        value = value.get(word) if isinstance(value, Mapping) else None
    return value


def check_unchanged(paths: Sequence[str], resource: Resource, previous: Resource | None) -> None:
    """Refuse a change of location or of what a type fixes at creation.

    Raises:
        ArmError: 409, naming the property.
    """
    if previous is None:
        return
    old, new = previous.get("location"), resource.get("location")
    if old and new and old != new:
        raise ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{previous['name']}' already exists in location '{old}'. A resource "
            f"with the same name cannot be created in location '{new}'. Please select a new "
            "resource name.",
            "location",
        )
    for path in paths:
        before, after = at(previous, path), at(resource, path)
        if before is not None and after is not None and not _equal(before, after):
            raise ArmError(
                409,
                "PropertyChangeNotAllowed",
                f"Changing property '{path}' of '{previous['name']}' from {before!r} to {after!r} "
                "is not allowed: it is fixed at creation.",
                path,
            )


def _equal(before: object, after: object) -> bool:
    if isinstance(before, str) and isinstance(after, str):
        return before.lower() == after.lower()
    return before == after


def signed(resource: Resource, previous: Resource | None, caller: Caller) -> Resource:
    """Return the resource with `systemData` that says who wrote it; the store adds the times."""
    history = dict((previous or {}).get("systemData") or {})
    if caller.principal is not None:
        who = caller.principal.client_id or caller.principal.object_id
        kind = _KINDS.get(caller.principal.kind, "Application")
        history.setdefault("createdBy", who)
        history.setdefault("createdByType", kind)
        history |= {"lastModifiedBy": who, "lastModifiedByType": kind}
    return resource | {"systemData": history}


def succeed(resource: Resource) -> None:
    """Write the provisioning state of finished work, where the type has one."""
    if not resource["type"].lower().startswith("microsoft.authorization/"):
        resource["properties"].setdefault("provisioningState", "Succeeded")


def same(resource: Resource, previous: Resource) -> bool:
    """Say whether a write would change nothing that a client can see."""

    def seen(one: Resource) -> dict[str, Any]:
        return {name: value for name, value in one.items() if name not in _SERVICE_OWNED}

    return seen(resource) == seen(previous)
