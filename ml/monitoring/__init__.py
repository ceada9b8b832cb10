"""From what an endpoint served to what monitors found: windows of profiles, findings, a report."""

from ml.monitoring.looking import Look, latest, look, window
from ml.monitoring.served import Served
from ml.monitoring.sources import BlobSource, FolderSource, Source
from ml.monitoring.store import Store

__all__ = [
    "BlobSource",
    "FolderSource",
    "Look",
    "Served",
    "Source",
    "Store",
    "latest",
    "look",
    "window",
]
