"""Blobs: content in immutable files, names and properties in the store's file.

A put writes its content to a new file, brings it to the disk and renames it, and only then changes
the row: what was acknowledged is there after a kill, and a reader sees the old blob or the new one,
never a mixture.
"""

import builtins
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from emulator.arm.store import Store
from emulator.blob import mirror, trees
from emulator.blob.blocks import BlockWriter
from emulator.blob.contents import Content, Contents, Draft
from emulator.blob.index import Index, Key, new_etag, new_info
from emulator.blob.model import (
    APPEND_BLOB,
    BLOCK_BLOB,
    BlobInfo,
    ContainerInfo,
    Guard,
    MissingContainerError,
    Policy,
)

__all__ = ["APPEND_BLOB", "BLOCK_BLOB", "BlobInfo", "BlobStorage", "MissingContainerError"]


class BlobStorage:
    """All blobs of all accounts. Safe to use from any thread.

    Rows change under the lock of the store alone, so that ARM can delete containers inside a
    transaction of its own; content is written outside of it.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self.contents = Contents(folder / "objects")
        self.index = Index(store)
        self.blocks = BlockWriter(self.index, self.contents, self._swap)
        self.contents.sweep(self.index.objects())
        # Who hears of each blob that was written.
        self.on_created: builtins.list[Callable[[BlobInfo], None]] = []

    # Containers

    def create_container(
        self,
        account: str,
        container: str,
        *,
        public: str = "none",
        metadata: Mapping[str, str] | None = None,
    ) -> bool:
        """Make a container, in ARM too; return False if it was there."""
        with self._store.transaction():
            made = self.index.add_container(account.lower(), container, public, metadata or {})
            info = self.container(account, container)
            if made and info is not None:
                mirror.show(self._store, info)
        return made

    def delete_container(self, account: str, container: str) -> bool:
        """Delete a container with its blobs; return False if there was none."""
        with self._store.transaction():
            objects = self.index.container_objects(account.lower(), container)
            found = self.index.drop_container(account.lower(), container)
            mirror.hide(self._store, account, container)
        for name in objects:
            self.contents.discard(name)
        return found

    def delete_account(self, account: str) -> None:
        """Delete all containers of an account."""
        for container in self.containers(account):
            self.delete_container(account, container.name)

    def containers(self, account: str) -> builtins.list[ContainerInfo]:
        """Return the containers of an account, by name."""
        return self.index.containers(account.lower())

    def container(self, account: str, container: str) -> ContainerInfo | None:
        """Return one container, or None."""
        return self.index.container(account.lower(), container)

    def public_access(self, account: str, container: str) -> str:
        """Return what a container shows to anybody: none, blob or container."""
        info = self.container(account, container)
        return mirror.overlay(self._store, info).public if info else "none"

    def set_container_metadata(
        self, account: str, container: str, metadata: Mapping[str, str]
    ) -> None:
        """Replace the metadata of a container."""
        with self._store.transaction():
            info = self._container(account, container)
            self.index.change_container(replace(info, metadata=dict(metadata)))

    def set_access(
        self, account: str, container: str, public: str, policies: Sequence[Policy]
    ) -> None:
        """Replace the public access and the stored access policies of a container."""
        with self._store.transaction():
            info = replace(self._container(account, container), public=public)
            self.index.change_container(info)
            self.index.set_policies(info.account, container, policies)
            mirror.show(self._store, info)

    def policies(self, account: str, container: str) -> builtins.list[Policy]:
        """Return the stored access policies of a container."""
        return self.index.policies(account.lower(), container)

    def _container(self, account: str, container: str) -> ContainerInfo:
        info = self.container(account, container)
        if info is None:
            raise MissingContainerError(container)
        return info

    # Blobs

    def put(
        self,
        account: str,
        container: str,
        name: str,
        content: bytes | Path,
        *,
        metadata: Mapping[str, str] | None = None,
        content_type: str | None = None,
    ) -> BlobInfo:
        """Write a blob whole, from bytes or a file; on disk before this returns.

        Raises:
            MissingContainerError: the container does not exist.
        """
        headers = {"content-type": content_type} if content_type else {}
        written = self.contents.write([content])
        return self.adopt((account, container, name), written, metadata=metadata, headers=headers)

    def draft(self) -> Draft:
        """Begin the content of a blob, to be adopted when it is finished."""
        return self.contents.draft()

    def adopt(
        self,
        key: Key,
        content: Content,
        *,
        metadata: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        kind: str = BLOCK_BLOB,
        guard: Guard | None = None,
    ) -> BlobInfo:
        """Make a finished content the blob of a name, if the guard lets it.

        Raises:
            MissingContainerError: the container does not exist.
        """
        info = new_info(key, content)
        info = replace(info, kind=kind, metadata=dict(metadata or {}), headers=dict(headers or {}))
        return self._swap(info, guard)

    def info(self, account: str, container: str, name: str) -> BlobInfo | None:
        """Return a blob's properties, or None."""
        return self.index.blob((account.lower(), container, name))

    def content(self, info: BlobInfo) -> Path:
        """Return the file of a blob's content; only replaced, never changed but at its end."""
        return self.contents.path(info.object)

    def open_path(self, account: str, container: str, name: str) -> Path:
        """Return the file of a blob's content.

        Raises:
            FileNotFoundError: there is no such blob.
        """
        info = self.info(account, container, name)
        if info is None:
            raise FileNotFoundError(f"{account}/{container}/{name}")
        return self.content(info)

    def delete(
        self, account: str, container: str, name: str, *, guard: Guard | None = None
    ) -> bool:
        """Delete a blob, if the guard lets it; return False if there was none."""
        key = (account.lower(), container, name)
        with self._store.transaction():
            info = self.index.blob(key)
            if guard is not None:
                guard(info)
            staged = [one[0] for one in self.index.staged(key).values()] if info else []
            if info is not None:
                self.index.drop_blob(key)
        if info is None:
            return False
        for gone in (info.object, *staged):
            self.contents.discard(gone)
        return True

    def list(
        self, account: str, container: str, prefix: str = "", start: str = "", limit: int = -1
    ) -> builtins.list[BlobInfo]:
        """Return the blobs whose names begin with `prefix`, by name, from the name `start` on."""
        return self.index.blobs(account.lower(), container, prefix, start, limit)

    def update(
        self,
        info: BlobInfo,
        *,
        metadata: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        guard: Guard | None = None,
    ) -> BlobInfo:
        """Replace a blob's metadata or HTTP headers, if the guard lets it."""
        key = (info.account, info.container, info.name)
        with self._store.transaction():
            current = self.index.blob(key)
            if guard is not None:
                guard(current)
            current = current or info
            after = replace(
                current,
                metadata=current.metadata if metadata is None else dict(metadata),
                headers=current.headers if headers is None else dict(headers),
                etag=new_etag(),
                modified=time.time(),
            )
            self.index.put_blob(after)
            self._settle_lease(key)
        return after

    # Trees

    def download_tree(self, account: str, container: str, prefix: str, target: Path) -> int:
        """Put all blobs below a prefix, or the one that it names, as files; return how many.

        Raises:
            UnsafeNameError: a blob's name leads out of `target`.
        """
        one = self.info(account, container, prefix.rstrip("/"))
        if one is not None:
            trees.copy(self.content(one), target)
            return 1
        base = trees.folder_name(prefix)
        return trees.place(self.list(account, container, base), base, target, self.content)

    def upload_tree(self, account: str, container: str, prefix: str, source: Path) -> int:
        """Write a file as the blob `prefix`, or all files of a folder below it; return how many."""
        if source.is_file():
            self.put(account, container, prefix.rstrip("/"), source)
            return 1
        base = trees.folder_name(prefix)
        return trees.put_all(
            source, base, lambda name, file: self.put(account, container, name, file)
        )

    def _swap(self, draft: BlobInfo, guard: Guard | None = None) -> BlobInfo:
        """Make the draft's content file the blob of its name; blocks that still wait are gone."""
        key = (draft.account, draft.container, draft.name)
        try:
            with self._store.transaction():
                self._container(draft.account, draft.container)
                previous = self.index.blob(key)
                if guard is not None:
                    guard(previous)
                info = replace(draft, created=previous.created if previous else draft.created)
                self.index.put_blob(info)
                gone = [name for name, _size in self.index.staged(key).values()]
                self.index.unstage(key)
                self._settle_lease(key)
        except BaseException:
            self.contents.discard(draft.object)
            raise
        if previous is not None:
            gone.append(previous.object)
        for name in gone:
            self.contents.discard(name)
        for tell in self.on_created:
            tell(info)
        return info

    def _settle_lease(self, key: Key) -> None:
        """A write ends what is left of a lease that is over."""
        lease = self.index.lease(key)
        if lease is not None and not lease.holds(time.time()):
            self.index.set_lease(key, None)
