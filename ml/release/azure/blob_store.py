"""A release's state in a blob, which only the holder of a lease changes."""

import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

from ml.release.azure.replies import told_apart
from ml.release.ports import BusyError, ChangedError, Stored
from ml.release.state import State, read

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobLeaseClient, ContainerClient

CONTAINER = "releases"
_SECONDS = 60  # the longest that is not forever: a killed controller must not keep others out
_EVERY = 15.0


@dataclass
class BlobLease:
    """A lease that a thread renews; it is lost for good once Azure says so."""

    client: "BlobLeaseClient"
    name: str
    every: float = _EVERY
    _lost: threading.Event = field(default_factory=threading.Event)
    _done: threading.Event = field(default_factory=threading.Event)

    def renew(self) -> None:
        """Renew it now, or stop the controller."""
        if self._lost.is_set():
            raise BusyError(self._said())
        try:
            with told_apart(self.name):
                self.client.renew()
        except ChangedError as error:
            self._lost.set()
            raise BusyError(self._said()) from error

    def keep(self) -> None:
        """Renew it again and again until it is given back or lost."""
        while not self._done.wait(self.every):
            try:
                self.client.renew()
            except HttpResponseError:
                self._lost.set()
                return
            except AzureError:
                continue  # no answer: the next renewal, or the one before a change, will tell

    def stop(self) -> None:
        """Renew it no more."""
        self._done.set()

    def _said(self) -> str:
        return f"the lease of {self.name} ran out, and another controller may have it; start again"


@dataclass(frozen=True)
class BlobStateStore:
    """The states of one endpoint: `ENDPOINT/state.json`, and ended ones below `ended/`."""

    container: "ContainerClient"
    endpoint: str
    every: float = _EVERY

    @contextmanager
    def lease(self) -> Generator[BlobLease, None, None]:
        """Hold the lease for the length of a block."""
        name = f"the release of {self.endpoint}"
        try:
            with told_apart(name):
                client = self._locked()
        except ChangedError as error:
            raise BusyError(
                f"another controller is at work on {name}; it goes on by itself, and a lease that "
                f"a killed one left ends after {_SECONDS} seconds"
            ) from error
        held = BlobLease(client, name, self.every)
        thread = threading.Thread(target=held.keep, daemon=True)
        thread.start()
        try:
            yield held
        finally:
            held.stop()
            thread.join(self.every)
            with suppress(AzureError):  # lost, or it runs out by itself
                client.release()

    def load(self) -> Stored | None:
        """Return the last release with the blob's tag."""
        found = self._read(self._blob("state.json"))
        return Stored(read(found[0]), found[1]) if found else None

    def save(self, state: State, tag: str | None) -> str:
        """Overwrite the blob if it has this tag."""
        blob = self._blob("state.json")
        try:
            with told_apart(f"the state of {self.endpoint}"):
                return self._write(blob, state.content, tag)
        except ChangedError:
            # The client sends again what was not answered, and then meets its own first writing.
            found = self._read(blob)
            if found and found[0] == state.content:
                return found[1]
            raise

    def archive(self, state: State) -> None:
        """Keep an ended release under its name."""
        blob = self._blob(f"ended/{state.request.release}.json")
        with told_apart(f"the ended releases of {self.endpoint}"):
            blob.upload_blob(state.content, overwrite=True)

    def archived(self, release: str) -> State | None:
        """Return an ended release of this name."""
        found = self._read(self._blob(f"ended/{release}.json"))
        return read(found[0]) if found else None

    def _blob(self, name: str) -> "BlobClient":
        return self.container.get_blob_client(f"{self.endpoint}/{name}")

    def _locked(self) -> "BlobLeaseClient":
        blob = self._blob("lease")
        try:
            return blob.acquire_lease(_SECONDS)
        except ResourceNotFoundError:
            if not self.container.exists():
                with suppress(HttpResponseError):  # another has just made it
                    self.container.create_container()
            with suppress(HttpResponseError):  # as above
                blob.upload_blob(b"", overwrite=False)
            return blob.acquire_lease(_SECONDS)

    def _read(self, blob: "BlobClient") -> tuple[bytes, str] | None:
        with told_apart(f"the state of {self.endpoint}"):
            try:
                stream = blob.download_blob()
                return stream.readall(), str(stream.properties.etag)
            except ResourceNotFoundError:
                return None

    @staticmethod
    def _write(blob: "BlobClient", content: bytes, tag: str | None) -> str:
        if tag is None:
            written = blob.upload_blob(content, overwrite=False)
        else:
            written = blob.upload_blob(
                content, overwrite=True, etag=tag, match_condition=MatchConditions.IfNotModified
            )
        return str(written["etag"])
