"""Logs of runs: written to a file while a step runs, shown in the artifact store meanwhile."""

import threading
from datetime import UTC, datetime
from pathlib import Path

from emulator.azureml.places import Place
from emulator.blob.storage import BlobStorage

_EVERY_SECONDS = 0.5
_BYTES_PER_SECOND = 20_000_000


class Log:
    """One log of a run; what is appended to `file` is shown, whoever appends it."""

    def __init__(self, blobs: BlobStorage, place: Place, file: Path) -> None:
        self._blobs, self._place, self.file = blobs, place, file
        self._shown = -1
        self._done = threading.Event()
        self._lock = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        self._thread = threading.Thread(target=self._watch, name=f"log {file.name}", daemon=True)
        self._thread.start()

    def say(self, line: str) -> None:
        """Append a line with the time before it, as the service's own logs have."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        with self._lock, self.file.open("a", encoding="utf-8") as out:
            out.write(f"[{stamp}] {line}\n")

    def raw(self, line: str) -> None:
        """Append a line as it is."""
        with self._lock, self.file.open("a", encoding="utf-8") as out:
            out.write(f"{line}\n")

    def close(self) -> None:
        """Show what is left; afterwards nothing more is shown. Again, it does nothing."""
        if self._done.is_set():
            return
        self._done.set()
        self._thread.join()
        self._show()

    def tail(self, characters: int = 2000) -> str:
        """The end of the log."""
        with self.file.open("rb") as read:
            read.seek(max(0, self.file.stat().st_size - characters))
            return read.read().decode(errors="replace").strip()

    def _watch(self) -> None:
        # A blob is written whole each time: the longer the log, the rarer.
        while not self._done.wait(_EVERY_SECONDS + max(self._shown, 0) / _BYTES_PER_SECOND):
            self._show()

    def _show(self) -> None:
        size = self.file.stat().st_size
        if size != self._shown:
            self._shown = size
            self._blobs.put(
                self._place.account,
                self._place.container,
                self._place.path,
                self.file.read_bytes(),
                content_type="text/plain",
            )
