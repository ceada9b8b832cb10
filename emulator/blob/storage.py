"""Blobs: content in immutable files, names and properties in the store's file.

A put writes its content to a new file, flushes and renames it, and only then changes the row: what
was acknowledged is on disk, and a reader sees the old blob or the new one, never a mixture.
"""

import base64
import hashlib
import json
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from emulator.arm.store import Store

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS blob_containers (
        account TEXT NOT NULL, name TEXT NOT NULL, created REAL NOT NULL, etag TEXT NOT NULL,
        public TEXT NOT NULL, metadata TEXT NOT NULL, PRIMARY KEY (account, name)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS blob_blobs (
        account TEXT NOT NULL, container TEXT NOT NULL, name TEXT NOT NULL, object TEXT NOT NULL,
        size INTEGER NOT NULL, kind TEXT NOT NULL, etag TEXT NOT NULL, created REAL NOT NULL,
        modified REAL NOT NULL, metadata TEXT NOT NULL, headers TEXT NOT NULL,
        blocks TEXT NOT NULL, PRIMARY KEY (account, container, name)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS blob_staged (
        account TEXT NOT NULL, container TEXT NOT NULL, name TEXT NOT NULL, block TEXT NOT NULL,
        object TEXT NOT NULL, size INTEGER NOT NULL,
        PRIMARY KEY (account, container, name, block)) WITHOUT ROWID""",
)
# Id and size of each block of a blob, in order.
Blocks = list[tuple[str, int]]
BLOCK_BLOB = "BlockBlob"
APPEND_BLOB = "AppendBlob"


@dataclass(frozen=True, kw_only=True)
class BlobInfo:
    """A blob's name and properties; `object` is the name of its content file, `size` in bytes."""

    account: str
    container: str
    name: str
    object: str
    size: int
    kind: str
    etag: str
    created: float
    modified: float
    metadata: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    blocks: Blocks = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ContainerInfo:
    """A container's name and properties; `public` is none, blob or container."""

    account: str
    name: str
    created: float
    etag: str
    public: str
    metadata: dict[str, str]


class MissingContainerError(Exception):
    """There is no such container."""


class BlobStorage:
    """All blobs of all accounts. Safe to use from any thread."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._objects = folder / "objects"
        self._objects.mkdir(parents=True, exist_ok=True)
        # Taken before the lock of the store, never while that is held: ARM deletes below it.
        self._lock = threading.RLock()
        for statement in _SCHEMA:
            store.execute(statement)
        self._sweep()

    def _sweep(self) -> None:
        """Remove content files that no row names: what a killed process left half done."""
        used = {row[0] for row in self._store.query("SELECT object FROM blob_blobs")}
        used |= {row[0] for row in self._store.query("SELECT object FROM blob_staged")}
        for file in self._objects.iterdir():
            if file.name not in used:
                file.unlink()

    # Containers

    def create_container(
        self,
        account: str,
        container: str,
        *,
        public: str = "none",
        metadata: Mapping[str, str] | None = None,
    ) -> bool:
        """Make a container; return False if it was there."""
        values = (account.lower(), container, time.time(), _etag(), public)
        sql = "INSERT OR IGNORE INTO blob_containers VALUES (?, ?, ?, ?, ?, ?)"
        return self._store.execute(sql, (*values, json.dumps(dict(metadata or {})))) > 0

    def delete_container(self, account: str, container: str) -> bool:
        """Delete a container with its blobs; return False if there was none."""
        key = (account.lower(), container)
        with self._store.transaction():
            rows = self._store.query(
                "SELECT object FROM blob_blobs WHERE account = ? AND container = ?", key
            )
            for table in ("blob_blobs", "blob_staged"):
                sql = f"DELETE FROM {table} WHERE account = ? AND container = ?"  # noqa: S608 - our words
                self._store.execute(sql, key)
            sql = "DELETE FROM blob_containers WHERE account = ? AND name = ?"
            found = self._store.execute(sql, key) > 0
        for row in rows:
            self._discard(row[0])
        return found

    def delete_account(self, account: str) -> None:
        """Delete all containers of an account."""
        for container in self.containers(account):
            self.delete_container(account, container.name)

    def containers(self, account: str) -> list[ContainerInfo]:
        """Return the containers of an account, by name."""
        sql = "SELECT * FROM blob_containers WHERE account = ? ORDER BY name"
        return [_container(row) for row in self._store.query(sql, (account.lower(),))]

    def container(self, account: str, container: str) -> ContainerInfo | None:
        """Return one container, or None."""
        sql = "SELECT * FROM blob_containers WHERE account = ? AND name = ?"
        rows = self._store.query(sql, (account.lower(), container))
        return _container(rows[0]) if rows else None

    def set_container_metadata(
        self, account: str, container: str, metadata: Mapping[str, str]
    ) -> None:
        """Replace the metadata of a container."""
        self._store.execute(
            "UPDATE blob_containers SET metadata = ?, etag = ? WHERE account = ? AND name = ?",
            (json.dumps(dict(metadata)), _etag(), account.lower(), container),
        )

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
        headers: Mapping[str, str] | None = None,
        kind: str = BLOCK_BLOB,
    ) -> BlobInfo:
        """Write a blob whole, from bytes or a file; on disk before this returns.

        Raises:
            MissingContainerError: the container does not exist.
        """
        headers = {**({"content-type": content_type} if content_type else {}), **(headers or {})}
        draft = _draft(account, container, name, self._write([content]))
        return self._replace(
            replace(draft, kind=kind, metadata=dict(metadata or {}), headers=headers)
        )

    def info(self, account: str, container: str, name: str) -> BlobInfo | None:
        """Return a blob's properties, or None."""
        sql = "SELECT * FROM blob_blobs WHERE account = ? AND container = ? AND name = ?"
        rows = self._store.query(sql, (account.lower(), container, name))
        return _blob(rows[0]) if rows else None

    def content(self, info: BlobInfo) -> Path:
        """Return the file of a blob's content; it is never changed, only replaced."""
        return self._objects / info.object

    def open_path(self, account: str, container: str, name: str) -> Path:
        """Return the file of a blob's content.

        Raises:
            FileNotFoundError: there is no such blob.
        """
        info = self.info(account, container, name)
        if info is None:
            raise FileNotFoundError(f"{account}/{container}/{name}")
        return self.content(info)

    def delete(self, account: str, container: str, name: str) -> bool:
        """Delete a blob; return False if there was none."""
        with self._store.transaction():
            info = self.info(account, container, name)
            if info is None:
                return False
            sql = "DELETE FROM blob_blobs WHERE account = ? AND container = ? AND name = ?"
            self._store.execute(sql, (account.lower(), container, name))
        self._discard(info.object)
        return True

    def list(
        self, account: str, container: str, prefix: str = "", after: str = ""
    ) -> list[BlobInfo]:
        """Return the blobs whose names begin with `prefix` and come after `after`, by name."""
        sql = (
            "SELECT * FROM blob_blobs WHERE account = ? AND container = ? AND name >= ? "
            "AND name > ? AND substr(name, 1, ?) = ? ORDER BY name"
        )
        params = (account.lower(), container, prefix, after, len(prefix), prefix)
        return [_blob(row) for row in self._store.query(sql, params)]

    def update(
        self,
        info: BlobInfo,
        *,
        metadata: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> BlobInfo:
        """Replace a blob's metadata or HTTP headers."""
        kept_metadata = dict(info.metadata if metadata is None else metadata)
        kept_headers = dict(info.headers if headers is None else headers)
        self._store.execute(
            "UPDATE blob_blobs SET metadata = ?, headers = ?, etag = ?, modified = ? "
            "WHERE account = ? AND container = ? AND name = ?",
            (
                *(json.dumps(kept_metadata), json.dumps(kept_headers), _etag(), time.time()),
                *(info.account, info.container, info.name),
            ),
        )
        return self.info(info.account, info.container, info.name) or info

    # Blocks

    def stage_block(
        self, account: str, container: str, name: str, block: str, content: bytes
    ) -> None:
        """Keep a block until a block list names it."""
        file = self._write([content])
        self._store.execute(
            "INSERT INTO blob_staged VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET object = excluded.object, size = excluded.size",
            (account.lower(), container, name, block, file.name, len(content)),
        )

    def commit_blocks(
        self,
        account: str,
        container: str,
        name: str,
        blocks: Iterable[str],
        *,
        metadata: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> BlobInfo | None:
        """Make the blob of staged blocks and blocks it has, in this order; None: one is unknown."""
        key = (account.lower(), container, name)
        where = "WHERE account = ? AND container = ? AND name = ?"
        with self._lock:
            sql = f"SELECT block, object, size FROM blob_staged {where}"  # noqa: S608 - our words
            staged = {row[0]: (row[1], row[2]) for row in self._store.query(sql, key)}
            parts: list[bytes | Path] = []
            layout: Blocks = []
            for block in blocks:
                if block in staged:
                    parts.append(self._objects / staged[block][0])
                    layout.append((block, staged[block][1]))
                    continue
                found = self._committed(self.info(*key), block)
                if found is None:
                    return None
                parts.append(found)
                layout.append((block, len(found)))
            draft = _draft(account, container, name, self._write(parts))
            info = self._replace(
                replace(
                    draft,
                    metadata=dict(metadata or {}),
                    headers=dict(headers or {}),
                    blocks=layout,
                )
            )
            sql = f"DELETE FROM blob_staged {where}"  # noqa: S608 - our words
            self._store.execute(sql, key)
            for staged_object, _size in staged.values():
                self._discard(staged_object)
        return info

    def staged(self, account: str, container: str, name: str) -> Blocks:
        """Return id and size of each block that waits for a block list."""
        sql = (
            "SELECT block, size FROM blob_staged WHERE account = ? AND container = ? AND name = ? "
            "ORDER BY block"
        )
        return [
            (row[0], row[1]) for row in self._store.query(sql, (account.lower(), container, name))
        ]

    def append_block(self, info: BlobInfo, content: bytes) -> BlobInfo:
        """Add content at the end of an append blob."""
        with self._lock:
            current = self.info(info.account, info.container, info.name) or info
            file = self._write([self.content(current), content])
            draft = _draft(current.account, current.container, current.name, file)
            return self._replace(
                replace(
                    draft,
                    kind=APPEND_BLOB,
                    metadata=current.metadata,
                    headers=current.headers,
                )
            )

    # Trees

    def download_tree(self, account: str, container: str, prefix: str, target: Path) -> int:
        """Put all blobs below a prefix, or the one that it names, as files; return how many.

        Files are links to content where the file system allows: write to none of them.
        """
        one = self.info(account, container, prefix.rstrip("/"))
        if one is not None:
            self._place(one, target)
            return 1
        base = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
        found = self.list(account, container, base)
        target.mkdir(parents=True, exist_ok=True)
        for info in found:
            relative = info.name[len(base) :]
            if relative and not relative.endswith("/"):
                self._place(info, target / relative)
        return len(found)

    def upload_tree(self, account: str, container: str, prefix: str, source: Path) -> int:
        """Write a file as the blob `prefix`, or all files of a folder below it; return how many."""
        if source.is_file():
            self.put(account, container, prefix.rstrip("/"), source)
            return 1
        count = 0
        base = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
        for file in sorted(source.rglob("*")):
            if file.is_file():
                self.put(account, container, base + file.relative_to(source).as_posix(), file)
                count += 1
        return count

    def _place(self, info: BlobInfo, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        content = self.content(info)
        try:
            os.link(content, target)
        except OSError:
            shutil.copyfile(content, target)

    # Content files

    def _write(self, parts: Iterable[bytes | Path]) -> Path:
        target = self._objects / uuid.uuid4().hex
        partial = target.with_suffix(".partial")
        with partial.open("wb") as file:
            for part in parts:
                if isinstance(part, Path):
                    with part.open("rb") as source:
                        shutil.copyfileobj(source, file, 1 << 20)
                else:
                    file.write(part)
            file.flush()
        partial.chmod(0o444)
        partial.rename(target)
        return target

    def _replace(self, draft: BlobInfo) -> BlobInfo:
        """Make the draft's content file the blob of its name."""
        with self._store.transaction():
            if self.container(draft.account, draft.container) is None:
                self._discard(draft.object)
                raise MissingContainerError(draft.container)
            previous = self.info(draft.account, draft.container, draft.name)
            info = replace(draft, created=previous.created if previous else draft.created)
            self._store.execute(
                "INSERT OR REPLACE INTO blob_blobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(info.account, info.container, info.name, info.object, info.size, info.kind),
                    *(info.etag, info.created, info.modified, json.dumps(info.metadata)),
                    *(json.dumps(info.headers), json.dumps(info.blocks)),
                ),
            )
        if previous is not None:
            self._discard(previous.object)
        return info

    def _committed(self, info: BlobInfo | None, block: str) -> bytes | None:
        start = 0
        for known, size in info.blocks if info else ():
            if info is not None and known == block:
                with self.content(info).open("rb") as file:
                    file.seek(start)
                    return file.read(size)
            start += size
        return None

    def _discard(self, name: str) -> None:
        (self._objects / name).unlink(missing_ok=True)


def read_range(path: Path, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes from `start` up to and including `end` in chunks."""
    with path.open("rb") as file:
        file.seek(start)
        left = end - start + 1
        while left > 0 and (chunk := file.read(min(left, 1 << 20))):
            left -= len(chunk)
            yield chunk


def md5(content: bytes) -> str:
    """Return the MD5 of content as the Content-MD5 header spells it."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _draft(account: str, container: str, name: str, file: Path) -> BlobInfo:
    moment = time.time()
    return BlobInfo(
        account=account.lower(),
        container=container,
        name=name,
        object=file.name,
        size=file.stat().st_size,
        kind=BLOCK_BLOB,
        etag=_etag(),
        created=moment,
        modified=moment,
    )


def _etag() -> str:
    return f'"0x{uuid.uuid4().hex[:15].upper()}"'


def _container(row: tuple) -> ContainerInfo:
    account, name, created, etag, public, metadata = row
    return ContainerInfo(
        account=account, name=name, created=created, etag=etag, public=public,
        metadata=json.loads(metadata),
    )  # fmt: skip


def _blob(row: tuple) -> BlobInfo:
    account, container, name, object_, size, kind, etag, created, modified, *texts = row
    metadata, headers, blocks = (json.loads(text) for text in texts)
    return BlobInfo(
        account=account, container=container, name=name, object=object_, size=size, kind=kind,
        etag=etag, created=created, modified=modified, metadata=metadata, headers=headers,
        blocks=[(block, length) for block, length in blocks],
    )  # fmt: skip
