"""What raises events, and which."""

from collections.abc import Mapping
from dataclasses import dataclass

_ML = "Microsoft.MachineLearningServices"
_STORAGE = "Microsoft.Storage"
_VAULT = "Microsoft.KeyVault"
_REGISTRY = "Microsoft.ContainerRegistry"
_CLUSTER = "Microsoft.ContainerService"
_RESOURCES = "Microsoft.Resources"


@dataclass(frozen=True)
class Source:
    """A kind of topic: the resources that have it, and their events."""

    topic_type: str
    resource_type: str
    events: tuple[str, ...]
    worldwide: bool = False


def _kept(kind: str) -> tuple[str, ...]:
    words = ("NewVersionCreated", "NearExpiry", "Expired")
    return tuple(f"{_VAULT}.{kind}{word}" for word in words)


def _changes() -> tuple[str, ...]:
    return tuple(
        f"{_RESOURCES}.Resource{what}{how}"
        for what in ("Write", "Delete", "Action")
        for how in ("Success", "Failure", "Cancel")
    )


# https://learn.microsoft.com/azure/event-grid/system-topics
_SOURCES = (
    Source(
        f"{_ML}.Workspaces",
        f"{_ML}/workspaces",
        (
            f"{_ML}.ModelRegistered",
            f"{_ML}.ModelDeployed",
            f"{_ML}.RunCompleted",
            f"{_ML}.DatasetDriftDetected",
            f"{_ML}.RunStatusChanged",
        ),
    ),
    Source(
        f"{_STORAGE}.StorageAccounts",
        f"{_STORAGE}/storageAccounts",
        (
            f"{_STORAGE}.BlobCreated",
            f"{_STORAGE}.BlobDeleted",
            f"{_STORAGE}.BlobRenamed",
            f"{_STORAGE}.BlobTierChanged",
            f"{_STORAGE}.DirectoryCreated",
            f"{_STORAGE}.DirectoryDeleted",
            f"{_STORAGE}.DirectoryRenamed",
            f"{_STORAGE}.AsyncOperationInitiated",
            f"{_STORAGE}.LifecyclePolicyCompleted",
            f"{_STORAGE}.BlobInventoryPolicyCompleted",
        ),
    ),
    Source(
        f"{_VAULT}.vaults",
        f"{_VAULT}/vaults",
        (
            *_kept("Certificate"),
            *_kept("Key"),
            *_kept("Secret"),
            f"{_VAULT}.VaultAccessPolicyChanged",
        ),
    ),
    Source(
        f"{_REGISTRY}.Registries",
        f"{_REGISTRY}/registries",
        tuple(
            f"{_REGISTRY}.{what}{how}"
            for what in ("Image", "Chart")
            for how in ("Pushed", "Deleted")
        ),
    ),
    Source(
        f"{_CLUSTER}.ManagedClusters",
        f"{_CLUSTER}/managedClusters",
        tuple(
            f"{_CLUSTER}.{event}"
            for event in (
                "NewKubernetesVersionAvailable",
                "ClusterSupportEnded",
                "ClusterSupportEnding",
                "NodePoolRollingStarted",
                "NodePoolRollingSucceeded",
                "NodePoolRollingFailed",
            )
        ),
    ),
    Source(
        f"{_RESOURCES}.ResourceGroups", f"{_RESOURCES}/resourceGroups", _changes(), worldwide=True
    ),
    Source(
        f"{_RESOURCES}.Subscriptions", f"{_RESOURCES}/subscriptions", _changes(), worldwide=True
    ),
)
BY_TOPIC: Mapping[str, Source] = {one.topic_type.lower(): one for one in _SOURCES}
BY_RESOURCE: Mapping[str, Source] = {one.resource_type.lower(): one for one in _SOURCES}
TOPIC_TYPES = tuple(one.topic_type for one in _SOURCES)
