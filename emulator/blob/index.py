"""The tables of the blob service in the store's file."""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from emulator.arm.store import Store
from emulator.blob.contents import Content
from emulator.blob.leases import Lease
from emulator.blob.model import BLOCK_BLOB, BlobInfo, Blocks, ContainerInfo, Policy

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
    # A container's own lease has no name.
    """CREATE TABLE IF NOT EXISTS blob_leases (
        account TEXT NOT NULL, container TEXT NOT NULL, name TEXT NOT NULL, lease TEXT NOT NULL,
        PRIMARY KEY (account, container, name)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS blob_policies (
        account TEXT NOT NULL, container TEXT NOT NULL, policies TEXT NOT NULL,
        PRIMARY KEY (account, container)) WITHOUT ROWID""",
)
Key = tuple[str, str, str]
# Object and size of a staged block.
Staged = tuple[str, int]
_BLOB = "account = ? AND container = ? AND name = ?"
_LAST = "\U0010ffff"


class Index:
    """Rows in, rows out: each call is one statement, the caller makes transactions of them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        for statement in _SCHEMA:
            store.execute(statement)

    def objects(self) -> dict[str, int]:
        """Return size by name of all content files that are in use."""
        rows = self.store.query(
            "SELECT object, size FROM blob_blobs UNION ALL SELECT object, size FROM blob_staged"
        )
        return {name: size for name, size in rows}  # noqa: C416 - rows are typed as tuples of Any

    # Containers

    def add_container(
        self, account: str, name: str, public: str, metadata: Mapping[str, str]
    ) -> bool:
        row = (account, name, time.time(), new_etag(), public, json.dumps(dict(metadata)))
        sql = "INSERT OR IGNORE INTO blob_containers VALUES (?, ?, ?, ?, ?, ?)"
        return self.store.execute(sql, row) > 0

    def change_container(self, info: ContainerInfo) -> None:
        self.store.execute(
            "UPDATE blob_containers SET public = ?, metadata = ?, etag = ? "
            "WHERE account = ? AND name = ?",
            (info.public, json.dumps(info.metadata), new_etag(), info.account, info.name),
        )

    def drop_container(self, account: str, name: str) -> bool:
        for table in ("blob_blobs", "blob_staged", "blob_leases", "blob_policies"):
            sql = f"DELETE FROM {table} WHERE account = ? AND container = ?"  # noqa: S608 - our words
            self.store.execute(sql, (account, name))
        sql = "DELETE FROM blob_containers WHERE account = ? AND name = ?"
        return self.store.execute(sql, (account, name)) > 0

    def container(self, account: str, name: str) -> ContainerInfo | None:
        sql = "SELECT * FROM blob_containers WHERE account = ? AND name = ?"
        rows = self.store.query(sql, (account, name))
        return _container(rows[0]) if rows else None

    def containers(self, account: str) -> list[ContainerInfo]:
        sql = "SELECT * FROM blob_containers WHERE account = ? ORDER BY name"
        return [_container(row) for row in self.store.query(sql, (account,))]

    def container_objects(self, account: str, name: str) -> list[str]:
        found: list[str] = []
        for table in ("blob_blobs", "blob_staged"):
            sql = f"SELECT object FROM {table} WHERE account = ? AND container = ?"  # noqa: S608 - our words
            found += [row[0] for row in self.store.query(sql, (account, name))]
        return found

    def policies(self, account: str, container: str) -> list[Policy]:
        sql = "SELECT policies FROM blob_policies WHERE account = ? AND container = ?"
        rows = self.store.query(sql, (account, container))
        return [Policy(**one) for one in json.loads(rows[0][0])] if rows else []

    def set_policies(self, account: str, container: str, policies: Sequence[Policy]) -> None:
        text = json.dumps([asdict(policy) for policy in policies])
        sql = "INSERT OR REPLACE INTO blob_policies VALUES (?, ?, ?)"
        self.store.execute(sql, (account, container, text))

    # Blobs

    def blob(self, key: Key) -> BlobInfo | None:
        sql = f"SELECT * FROM blob_blobs WHERE {_BLOB}"  # noqa: S608 - our words
        rows = self.store.query(sql, key)
        return _blob(rows[0]) if rows else None

    def put_blob(self, info: BlobInfo) -> None:
        self.store.execute(
            "INSERT OR REPLACE INTO blob_blobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(info.account, info.container, info.name, info.object, info.size, info.kind),
                *(info.etag, info.created, info.modified, json.dumps(info.metadata)),
                *(json.dumps(info.headers), json.dumps(info.blocks)),
            ),
        )

    def drop_blob(self, key: Key) -> None:
        for table in ("blob_blobs", "blob_staged", "blob_leases"):
            sql = f"DELETE FROM {table} WHERE {_BLOB}"  # noqa: S608 - our words
            self.store.execute(sql, key)

    def blobs(
        self, account: str, container: str, prefix: str, start: str, limit: int
    ) -> list[BlobInfo]:
        """Return blobs by name: those that begin with `prefix`, from `start` on."""
        sql = "SELECT * FROM blob_blobs WHERE account = ? AND container = ? AND name >= ?"
        params: list[object] = [account, container, max(prefix, start)]
        end = end_of(prefix)
        if end is not None:
            sql += " AND name < ?"
            params.append(end)
        rows = self.store.query(f"{sql} ORDER BY name LIMIT ?", (*params, limit))
        return [_blob(row) for row in rows]

    # Blocks

    def stage(self, key: Key, block: str, content: Staged) -> None:
        self.store.execute(
            "INSERT OR REPLACE INTO blob_staged VALUES (?, ?, ?, ?, ?, ?)", (*key, block, *content)
        )

    def staged(self, key: Key) -> dict[str, Staged]:
        sql = f"SELECT block, object, size FROM blob_staged WHERE {_BLOB} ORDER BY block"  # noqa: S608 - our words
        return {row[0]: (row[1], row[2]) for row in self.store.query(sql, key)}

    def unstage(self, key: Key) -> None:
        self.store.execute(f"DELETE FROM blob_staged WHERE {_BLOB}", key)  # noqa: S608 - our words

    # Leases

    def lease(self, key: Key) -> Lease | None:
        sql = f"SELECT lease FROM blob_leases WHERE {_BLOB}"  # noqa: S608 - our words
        rows = self.store.query(sql, key)
        return Lease(**json.loads(rows[0][0])) if rows else None

    def set_lease(self, key: Key, lease: Lease | None) -> None:
        if lease is None:
            self.store.execute(f"DELETE FROM blob_leases WHERE {_BLOB}", key)  # noqa: S608 - our words
            return
        sql = "INSERT OR REPLACE INTO blob_leases VALUES (?, ?, ?, ?)"
        self.store.execute(sql, (*key, json.dumps(asdict(lease))))

    def leases(self, account: str, container: str) -> dict[str, Lease]:
        """Return the leases of a container's blobs by name; the container's own has none."""
        sql = "SELECT name, lease FROM blob_leases WHERE account = ? AND container = ?"
        rows = self.store.query(sql, (account, container))
        return {row[0]: Lease(**json.loads(row[1])) for row in rows}


def end_of(prefix: str) -> str | None:
    """Return the first name behind all that begin with `prefix`; None where nothing is behind."""
    kept = prefix.rstrip(_LAST)
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    # Surrogates are no characters: what comes after U+D7FF is U+E000.
    return kept[:-1] + chr(0xE000 if 0xD800 <= following <= 0xDFFF else following)


def new_etag() -> str:
    return f'"0x{uuid.uuid4().hex[:15].upper()}"'


def new_info(key: Key, content: Content) -> BlobInfo:
    """Return the row of a blob that is made now."""
    moment = time.time()
    account, container, name = key
    return BlobInfo(
        account=account.lower(),
        container=container,
        name=name,
        object=content.name,
        size=content.size,
        kind=BLOCK_BLOB,
        etag=new_etag(),
        created=moment,
        modified=moment,
    )


def _container(row: tuple) -> ContainerInfo:
    account, name, created, etag, public, metadata = row
    return ContainerInfo(
        account=account, name=name, created=created, etag=etag, public=public,
        metadata=json.loads(metadata),
    )  # fmt: skip


def _blob(row: tuple) -> BlobInfo:
    account, container, name, object_, size, kind, etag, created, modified, *texts = row
    metadata, headers, blocks = (json.loads(text) for text in texts)
    found: Blocks = [(block, length) for block, length in blocks]
    return BlobInfo(
        account=account, container=container, name=name, object=object_, size=size, kind=kind,
        etag=etag, created=created, modified=modified, metadata=metadata, headers=headers,
        blocks=found,
    )  # fmt: skip
