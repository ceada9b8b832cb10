"""Long-running operations of deployments: what a client polls until its deployment is settled."""

import uuid
from typing import Any

from emulator.arm.store import Store

SEGMENT = "operationsStatus"
# Without it a client waits half a minute between two looks.
EVERY_SECONDS = "1"
_SCHEMA = """CREATE TABLE IF NOT EXISTS serving_operations (
    id TEXT PRIMARY KEY, resource TEXT NOT NULL, status TEXT NOT NULL, problem TEXT)"""


class Operations:
    """The operations of this local Azure, kept over restarts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.execute(_SCHEMA)
        # What no server works on any more has failed; deployments themselves are taken up again.
        store.execute(
            "UPDATE serving_operations SET status = 'Failed', problem = ? WHERE status = ?",
            ("lost when the service stopped", "InProgress"),
        )

    def begin(self, resource: str) -> str:
        id_ = uuid.uuid4().hex
        self._store.execute(
            "INSERT INTO serving_operations VALUES (?, ?, 'InProgress', NULL)", (id_, resource)
        )
        return id_

    def end(self, id_: str, problem: str | None) -> None:
        self._store.execute(
            "UPDATE serving_operations SET status = ?, problem = ? WHERE id = ?",
            ("Failed" if problem else "Succeeded", problem, id_),
        )

    def shown(self, id_: str) -> dict[str, Any] | None:
        """What polling answers; None for an operation that never was."""
        rows = self._store.query(
            "SELECT resource, status, problem FROM serving_operations WHERE id = ?", (id_,)
        )
        if not rows:
            return None
        resource, status, problem = rows[0]
        body: dict[str, Any] = {"id": f"{resource}/{SEGMENT}/{id_}", "name": id_, "status": status}
        if problem:
            words = f"{problem} Read the logs of the deployment: getLogs says what its server said."
            body["error"] = {"code": "DeploymentFailed", "message": words}
        return body


def address(deployment_id: str, id_: str, version: str) -> str:
    """Where an operation is polled."""
    return f"https://management.azure.com{deployment_id}/{SEGMENT}/{id_}?api-version={version}"
