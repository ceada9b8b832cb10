"""Blob storage: content on disk, the service on `*.blob.core.windows.net`, and who may use it."""

from emulator.arm.behaviours import Services
from emulator.blob import service as service
from emulator.blob.storage import BlobStorage


def attach(services: Services) -> None:
    """Open the blobs of this local Azure."""
    services.blobs = BlobStorage(services.store, services.home / "blobs")
