"""A release's state in a blob, which only the holder of a lease changes."""

import threading
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

from ml.release.azure.replies import told_apart
from ml.release.ports import BusyError, ChangedError, Stored
from ml.release.state import State, read

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobLeaseClient, ContainerClient

CONTAINER, STATE = "releases", "state.json"
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
class BlobDocument:
    """A document in a blob, `NAME/state.json`, that only the holder of a lease changes."""

    container: "ContainerClient"
    name: str
    what: str
    every: float = _EVERY

    @contextmanager
    def lease(self) -> Generator[BlobLease, None, None]:
        """Hold the lease for the length of a block.

        Raises:
            BusyError: another holds it.
        """
        try:
            with told_apart(self.what):
                client = self._locked()
        except ChangedError as error:
            raise BusyError(
                f"another controller is at work on {self.what}; it goes on by itself, and a lease "
                f"that a killed one left ends after {_SECONDS} seconds"
            ) from error
        held = BlobLease(client, self.what, self.every)
        thread = threading.Thread(target=held.keep, daemon=True)
        thread.start()
        try:
            yield held
        finally:
            held.stop()
            thread.join(self.every)
            with suppress(AzureError):  # lost, or it runs out by itself
                client.release()

    def load(self, part: str = STATE) -> tuple[bytes, str] | None:
        """Return the content and its tag; nothing where there is none."""
        with told_apart(self.what):
            try:
                stream = self._blob(part).download_blob()
                return stream.readall(), str(stream.properties.etag)
            except ResourceNotFoundError:
                return None

    def save(self, content: bytes, tag: str | None) -> str:
        """Overwrite what has this tag (none: nothing is there yet) and return the new one.

        Raises:
            ChangedError: it has another.
        """
        blob = self._blob(STATE)
        try:
            with told_apart(self.what):
                return _write(blob, content, tag)
        except ChangedError:
            # The client sends again what was not answered, and then meets its own first writing.
            found = self.load()
            if found and found[0] == content:
                return found[1]
            raise

    def keep(self, part: str, content: bytes) -> None:
        """Write something beside it that never changes; again is fine."""
        with told_apart(self.what):
            self._blob(part).upload_blob(content, overwrite=True)

    def kept(self, start: str) -> list[str]:
        """Return what was kept whose name starts so, in the order of the names."""
        with told_apart(self.what):
            found = self.container.list_blob_names(name_starts_with=f"{self.name}/{start}")
            try:
                return sorted(name.removeprefix(f"{self.name}/") for name in found)
            except ResourceNotFoundError:
                return []  # nothing was written yet, not even the container

    def _blob(self, part: str) -> "BlobClient":
        return self.container.get_blob_client(f"{self.name}/{part}")

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


@dataclass(frozen=True)
class BlobStateStore:
    """The states of one endpoint: the last release, and ended ones below `ended/`."""

    container: "ContainerClient"
    endpoint: str
    every: float = _EVERY

    @property
    def document(self) -> BlobDocument:
        """The blob that holds the last release."""
        what = f"the release of {self.endpoint}"
        return BlobDocument(self.container, self.endpoint, what, self.every)

    def lease(self) -> AbstractContextManager[BlobLease]:
        """Hold the lease for the length of a block."""
        return self.document.lease()

    def load(self) -> Stored | None:
        """Return the last release with the blob's tag."""
        found = self.document.load()
        return Stored(read(found[0]), found[1]) if found else None

    def save(self, state: State, tag: str | None) -> str:
        """Overwrite the blob if it has this tag."""
        return self.document.save(state.content, tag)

    def archive(self, state: State) -> None:
        """Keep an ended release under its name."""
        self.document.keep(f"ended/{state.request.release}.json", state.content)

    def archived(self, release: str) -> State | None:
        """Return an ended release of this name."""
        found = self.document.load(f"ended/{release}.json")
        return read(found[0]) if found else None

    def of_challenger(self, name: str) -> State | None:
        """Return the last release in which a deployment was to take over, under way or ended.

        Ended ones are found by their names, which begin with the challenger's.
        """
        stored = self.load()
        if stored is not None and stored.state.request.challenger == name:
            return stored.state
        for part in reversed(self.document.kept(f"ended/{name}")):
            found = self.document.load(part)
            if found and (state := read(found[0])).request.challenger == name:
                return state
        return None


def _write(blob: "BlobClient", content: bytes, tag: str | None) -> str:
    if tag is None:
        written = blob.upload_blob(content, overwrite=False)
    else:
        written = blob.upload_blob(
            content, overwrite=True, etag=tag, match_condition=MatchConditions.IfNotModified
        )
    return str(written["etag"])
