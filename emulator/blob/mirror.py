"""Containers as ARM sees them: one made through the blob service is an ARM resource like others."""

from dataclasses import replace

from emulator.arm.store import Resource, Store
from emulator.blob.model import ContainerInfo

ACCOUNTS = "Microsoft.Storage/storageAccounts"
_LEVELS = {"none": "None", "blob": "Blob", "container": "Container"}


def container_id(account: Resource, container: str) -> str:
    """Return the id of a container in ARM."""
    return f"{account['id']}/blobServices/default/containers/{container}"


def show(store: Store, info: ContainerInfo) -> None:
    """Make a container a resource, or bring its public access up to date."""
    accounts = store.find(ACCOUNTS, info.account)
    if not accounts:
        return
    id_ = container_id(accounts[0], info.name)
    level = _LEVELS[info.public]
    known = store.get(id_)
    if known is None:
        properties = {
            "publicAccess": level,
            "denyEncryptionScopeOverride": False,
            "defaultEncryptionScope": "$account-encryption-key",
            "leaseState": "Available",
            "leaseStatus": "Unlocked",
            "hasImmutabilityPolicy": False,
            "hasLegalHold": False,
        }
        store.put({"id": id_, "properties": properties})
    elif known["properties"].get("publicAccess") != level:
        known["properties"]["publicAccess"] = level
        store.put(known)


def hide(store: Store, account: str, container: str) -> None:
    """Take a container that is gone out of ARM."""
    for found in store.find(ACCOUNTS, account):
        store.delete(container_id(found, container))


def overlay(store: Store, info: ContainerInfo) -> ContainerInfo:
    """Return a container with the public access that ARM was told last."""
    accounts = store.find(ACCOUNTS, info.account)
    known = store.get(container_id(accounts[0], info.name)) if accounts else None
    if known is None:
        return info
    return replace(info, public=str(known["properties"].get("publicAccess") or "None").lower())
