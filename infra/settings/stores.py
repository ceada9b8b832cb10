"""Settings of what holds data, secrets and images."""

from typing import Annotated

from pydantic import Field

from infra.settings.choices import Replication, VaultSku
from infra.settings.part import Part


class StorageSettings(Part):
    """The default store of the workspace."""

    replication: Replication = Replication.LOCAL
    """Copies of the data."""
    soft_delete_days: Annotated[int, Field(ge=1, le=365)] = 7
    """Days for which deleted blobs and containers can be brought back."""


class VaultSettings(Part):
    """The workspace's key vault."""

    sku: VaultSku = VaultSku.STANDARD
    """standard, or premium with keys in hardware."""
    retention_days: Annotated[int, Field(ge=7, le=90)] = 7
    """Days for which a deleted vault or secret can be brought back; fixed at creation."""


class RegistrySettings(Part):
    """The container registry."""

    zone_redundant: bool = False
    """Keep copies in all zones of the region; fixed at creation."""
    untagged_days: Annotated[int, Field(ge=0, le=365)] = 7
    """Days after which untagged images go."""


class LakeSettings(Part):
    """The data lake: zones raw, curated and features, apart from the workspace's own store."""

    enabled: bool = True
    """Make it."""
    replication: Replication = Replication.LOCAL
    """Copies of the data."""
    soft_delete_days: Annotated[int, Field(ge=1, le=365)] = 7
    """Days for which deleted files can be brought back."""
    cool_after_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days without a change after which a raw file moves to the cool tier."""
    delete_raw_after_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """Days without a change after which a raw file goes; without it, raw files stay."""


class EncryptionSettings(Part):
    """Whose keys encrypt what is stored."""

    customer_managed: bool = False
    """Keys of our own vault. Stores follow at once; the workspace, registry and cluster disks take
    it at creation only, so raise `generation` to have it there too."""
    rotation_days: Annotated[int, Field(ge=30, le=730)] = 365
    """Days after which the vault makes a new version of a key."""
