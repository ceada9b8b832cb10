"""Every resource, on disk: one SQLite file that keeps what was acknowledged through kill -9.

The journal is write-ahead with `synchronous=NORMAL`: a commit is in the file system before the
call returns, so it survives the death of the process at any moment. (Only a power cut could take
the last commits; FULL would cost a disk flush for each request.)
"""

import contextlib
import datetime as dt
import json
import sqlite3
import threading
import uuid
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from emulator.arm.ids import parse

Resource = dict[str, Any]

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS arm_resources (
        key TEXT PRIMARY KEY, parent TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL,
        sequence INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS arm_by_type ON arm_resources (type, name)",
    "CREATE INDEX IF NOT EXISTS arm_by_parent ON arm_resources (parent, sequence)",
    "CREATE INDEX IF NOT EXISTS arm_by_sequence ON arm_resources (sequence)",
)
_INSERT = (
    "INSERT INTO arm_resources VALUES (?, ?, ?, ?, "
    "(SELECT COALESCE(MAX(sequence), 0) + 1 FROM arm_resources), ?) "
    "ON CONFLICT (key) DO UPDATE SET body = excluded.body"
)


def now() -> str:
    """Return the time as ARM writes it."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _like(prefix: str) -> tuple[str, str]:
    # A range is exact and uses the primary key; LIKE would need its wildcards escaped.
    return f"{prefix}/", f"{prefix}0"


class Store:
    """ARM resources by id (case does not count), and the tables of the other planes beside them.

    Safe to use from any thread: one connection, one lock. `revision` grows with each change.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self.revision = 0
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute("PRAGMA busy_timeout=10000")
        for statement in _SCHEMA:
            self._connection.execute(statement)

    def close(self) -> None:
        """Fold the journal into the file and close it."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Generator[None]:
        """Make all changes inside happen together or not at all."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                    self.revision += 1
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def execute(self, sql: str, params: Sequence[object] = ()) -> int:
        """Run one changing statement; return how many rows it touched."""
        with self._lock:
            return self._connection.execute(sql, params).rowcount

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT."""
        with self._lock:
            return self._connection.execute(sql, params).fetchall()

    def get(self, id_: str) -> Resource | None:
        """Return a copy of the resource, or None."""
        rows = self.query("SELECT body FROM arm_resources WHERE key = ?", (_key(id_),))
        return json.loads(rows[0][0]) if rows else None

    def put(self, resource: Resource) -> Resource:
        """Add the resource or replace the one with its id; on disk before this returns.

        A new ETag is given, `systemData` completed. The id keeps the spelling it was created with.
        """
        with self.transaction():
            previous = self.get(resource["id"])
            stored = dict(resource)
            moment = now()
            before = (previous or {}).get("systemData") or {}
            history = before | (stored.get("systemData") or {})
            history.setdefault("createdAt", moment)
            history |= {"lastModifiedAt": moment}
            if previous is not None:
                stored["id"], stored["name"] = previous["id"], previous["name"]
            arm_id = parse(stored["id"])
            stored.setdefault("name", arm_id.name)
            stored.setdefault("type", arm_id.type)
            stored["systemData"] = history
            stored["etag"] = f'"{uuid.uuid4()}"'
            parent = arm_id.parent.key if arm_id.parent else ""
            row = (arm_id.key, parent, stored["type"].lower(), arm_id.name.lower())
            self.execute(_INSERT, (*row, json.dumps(stored)))
            self.revision += 1
            return json.loads(json.dumps(stored))

    def delete(self, id_: str) -> list[Resource]:
        """Delete the resource and all below it; return what was deleted, children last."""
        low, high = _like(_key(id_))
        where = "WHERE key = ? OR (key > ? AND key < ?)"
        with self.transaction():
            params = (_key(id_), low, high)
            sql = f"SELECT body FROM arm_resources {where} ORDER BY key"  # noqa: S608 - our words
            rows = self.query(sql, params)
            self.execute(f"DELETE FROM arm_resources {where}", params)  # noqa: S608 - our words
            self.revision += 1
        return [json.loads(row[0]) for row in rows]

    def children(self, id_: str, kind: str | None = None) -> list[Resource]:
        """Return what stands directly below a resource, oldest first; of one kind if it is given.

        A kind is the last word of a type (`containers`) or a full type, for what stands below a
        resource group or extends a resource (`Microsoft.Authorization/locks`).
        """
        sql = "SELECT body FROM arm_resources WHERE parent = ? ORDER BY sequence"
        found = [json.loads(row[0]) for row in self.query(sql, (_key(id_),))]
        if kind is None:
            return found
        wanted = kind.lower()
        ends = "/" + wanted
        return [r for r in found if r["type"].lower() == wanted or r["type"].lower().endswith(ends)]

    def find(self, type_: str, name: str | None = None) -> list[Resource]:
        """Return all resources of a type, oldest first; with one name if it is given."""
        sql = "SELECT body FROM arm_resources WHERE type = ?"
        params: list[str] = [type_.lower()]
        if name is not None:
            sql += " AND name = ?"
            params.append(name.lower())
        return [json.loads(row[0]) for row in self.query(f"{sql} ORDER BY sequence", params)]

    def under(self, prefix: str) -> list[Resource]:
        """Return everything below an id, oldest first; with an empty prefix, everything."""
        if not prefix.strip("/"):
            rows = self.query("SELECT body FROM arm_resources ORDER BY sequence")
        else:
            sql = "SELECT body FROM arm_resources WHERE key > ? AND key < ? ORDER BY sequence"
            rows = self.query(sql, _like(_key(prefix)))
        return [json.loads(row[0]) for row in rows]


def _key(id_: str) -> str:
    return "/" + id_.strip("/").lower()
