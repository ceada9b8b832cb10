"""The runs of factories: pipelines, activities and triggers, as their queries show them."""

import json
import time
from typing import Any

from emulator.arm.store import Store
from emulator.azureml.text import epoch, iso

Json = dict[str, Any]
PIPELINE, ACTIVITY, TRIGGER = "pipeline", "activity", "trigger"
_TABLE = """CREATE TABLE IF NOT EXISTS factory_runs (
    factory TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, parent TEXT NOT NULL,
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, status TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE (factory, kind, id))"""


class Records:
    """One row a run; each change is on disk before the call returns."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.execute(_TABLE)

    def put(self, factory: str, kind: str, id_: str, body: Json, parent: str = "") -> None:
        """Add a run, or change it."""
        row = (factory.lower(), kind, id_, parent, str(body["status"]), json.dumps(body))
        self._store.execute(
            "INSERT INTO factory_runs (factory, kind, id, parent, status, body)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (factory, kind, id)"
            " DO UPDATE SET status = excluded.status, body = excluded.body",
            row,
        )

    def get(self, factory: str, kind: str, id_: str) -> Json | None:
        """One run, or None."""
        rows = self._store.query(
            "SELECT body FROM factory_runs WHERE factory = ? AND kind = ? AND id = ?",
            (factory.lower(), kind, id_),
        )
        return json.loads(rows[0][0]) if rows else None

    def all(self, factory: str, kind: str, parent: str | None = None) -> list[Json]:
        """The runs of a factory, oldest first; those of one parent if it is given."""
        sql = "SELECT body FROM factory_runs WHERE factory = ? AND kind = ?"
        params = [factory.lower(), kind]
        if parent is not None:
            sql += " AND parent = ?"
            params.append(parent)
        return [json.loads(row[0]) for row in self._store.query(f"{sql} ORDER BY sequence", params)]

    def unfinished(self) -> list[tuple[str, str, str, Json]]:
        """Factory, kind, id and body of each run that has not ended."""
        rows = self._store.query(
            "SELECT factory, kind, id, body FROM factory_runs"
            " WHERE status IN ('Queued', 'InProgress', 'Canceling') ORDER BY sequence"
        )
        return [(row[0], row[1], row[2], json.loads(row[3])) for row in rows]


def failure(activity: Json, code: str, message: str) -> Json:
    """The error of an activity; one without a code says that there is none."""
    return {
        "errorCode": code,
        "message": message,
        "failureType": "UserError" if code else "",
        "target": activity["name"],
        "details": "",
    }


def ended(body: Json, kind: str) -> Json:
    """When a run ended and how long it took, under the names that its kind has for it."""
    prefix = "activityRun" if kind == ACTIVITY else "run"
    now = time.time()
    taken = int((now - epoch(body[f"{prefix}Start"])) * 1000)
    return {f"{prefix}End": iso(now), "durationInMs": taken, "lastUpdated": iso(now)}
