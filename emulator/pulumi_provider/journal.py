"""Remembers which resources a program has begun to make, so that an interrupted update can go on.

The engine learns of a resource when Create answers. If it dies in between, the resource exists and
no state knows it: the next update would be refused with "already exists". A note written before the
PUT tells this provider that the resource is the program's own.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path


def default_folder() -> Path:
    """Return where notes are kept: beside the local Azure's state, else in the user's cache."""
    if home := os.environ.get("AZLOCAL_HOME"):
        return Path(home) / "provider" / "creating"
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "azure-mlops" / "creating"


class Journal:
    """Notes on disk, one small file for each resource that no state has confirmed yet."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()

    def begin(self, arm_id: str, urn: str) -> None:
        """Note, durably, that a program is about to make a resource."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(arm_id)
        draft = path.with_suffix(f".{os.getpid()}.tmp")
        with draft.open("w") as file:
            json.dump({"id": arm_id, "urn": urn}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def began(self, arm_id: str, urn: str) -> bool:
        """Tell whether this very resource of a program was begun and never confirmed."""
        try:
            note = json.loads(self._path(arm_id).read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return False
        return note.get("urn") == urn and str(note.get("id", "")).lower() == arm_id.lower()

    def settle(self, arm_id: str) -> None:
        """Forget a resource that the engine's state knows or that is gone."""
        self._path(arm_id).unlink(missing_ok=True)

    def _path(self, arm_id: str) -> Path:
        return self.folder / f"{hashlib.sha256(arm_id.lower().encode()).hexdigest()[:32]}.json"
