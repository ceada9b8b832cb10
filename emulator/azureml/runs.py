"""The runs of a workspace: one row each, shared by jobs, run history and MLflow tracking."""

import json
import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace

from emulator.arm.store import Store

TERMINAL = frozenset({"Completed", "Failed", "Canceled"})
_JSON = frozenset({"definition", "outputs", "error", "tags", "properties", "created_by"})
_TABLES = (
    """CREATE TABLE IF NOT EXISTS ml_runs (
        workspace TEXT NOT NULL, name TEXT NOT NULL, sequence INTEGER NOT NULL, kind TEXT NOT NULL,
        experiment TEXT NOT NULL, status TEXT NOT NULL, parent TEXT, root TEXT NOT NULL,
        display_name TEXT,
        description TEXT, compute TEXT, created REAL NOT NULL, started REAL, ended REAL,
        definition TEXT NOT NULL, outputs TEXT NOT NULL, error TEXT, tags TEXT NOT NULL,
        properties TEXT NOT NULL,
        created_by TEXT NOT NULL, hidden INTEGER NOT NULL, reuse_key TEXT, process INTEGER,
        process_started REAL,
        PRIMARY KEY (workspace, name)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS ml_runs_parent ON ml_runs (workspace, parent, sequence)",
    (
        "CREATE INDEX IF NOT EXISTS ml_runs_reuse ON ml_runs (workspace, reuse_key) WHERE reuse_key"
        " IS NOT NULL"
    ),
    """CREATE TABLE IF NOT EXISTS ml_experiments (
        workspace TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, created REAL NOT NULL,
        stage TEXT NOT NULL,
        tags TEXT NOT NULL, PRIMARY KEY (workspace, name)) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX IF NOT EXISTS ml_experiments_id ON ml_experiments (workspace, id)",
    """CREATE TABLE IF NOT EXISTS ml_metrics (
        workspace TEXT NOT NULL, run TEXT NOT NULL, key TEXT NOT NULL, step INTEGER NOT NULL,
        timestamp INTEGER NOT NULL, value REAL, nan INTEGER NOT NULL,
        PRIMARY KEY (workspace, run, key, step, timestamp, nan, value))""",
    """CREATE TABLE IF NOT EXISTS ml_params (
        workspace TEXT NOT NULL, run TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (workspace, run, key)) WITHOUT ROWID""",
)


@dataclass(frozen=True, kw_only=True)
class Run:
    """A job, a step of a pipeline, or a run that an MLflow client started."""

    workspace: str
    name: str
    kind: str
    experiment: str
    status: str = "NotStarted"
    sequence: int = 0
    parent: str | None = None
    root: str = ""
    display_name: str | None = None
    description: str | None = None
    compute: str | None = None
    created: float = 0.0
    started: float | None = None
    ended: float | None = None
    definition: dict = field(default_factory=dict)
    outputs: dict = field(default_factory=dict)
    error: dict | None = None
    tags: dict = field(default_factory=dict)
    properties: dict = field(default_factory=dict)
    created_by: dict = field(default_factory=dict)
    hidden: bool = False
    reuse_key: str | None = None
    process: int | None = None
    process_started: float | None = None

    @property
    def terminal(self) -> bool:
        return self.status in TERMINAL


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A name under which runs are grouped."""

    workspace: str
    id: str
    name: str
    created: float
    stage: str = "active"
    tags: dict = field(default_factory=dict)


_COLUMNS = tuple(f.name for f in fields(Run))
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM ml_runs"  # noqa: S608  column names are our own


class Runs:
    """The run table; each change is on disk before the call returns."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lock = threading.RLock()
        for statement in _TABLES:
            store.execute(statement, ())

    def add(self, run: Run) -> Run:
        """Add a new run, and its experiment when it is the first of it."""
        with self._lock:
            self.experiment(run.workspace, run.experiment)
            rows = self.store.query("SELECT COALESCE(MAX(sequence), 0) FROM ml_runs", ())
            made = replace(
                run,
                sequence=rows[0][0] + 1,
                created=run.created or time.time(),
                root=run.root or run.name,
            )
            marks = ", ".join("?" * len(_COLUMNS))
            statement = f"INSERT INTO ml_runs ({', '.join(_COLUMNS)}) VALUES ({marks})"  # noqa: S608  as above
            self.store.execute(statement, tuple(_stored(made, name) for name in _COLUMNS))
            return made

    def get(self, workspace: str, name: str) -> Run | None:
        rows = self.store.query(
            f"{_SELECT} WHERE workspace = ? AND name = ?", (workspace.lower(), name)
        )
        return _run(rows[0]) if rows else None

    def update(self, run: Run, **changes: object) -> Run:
        """Change some fields and give the run as it is then; other fields are left to others."""
        names = list(changes)
        new = replace(run, **changes)
        assignments = ", ".join(f"{name} = ?" for name in names)
        statement = f"UPDATE ml_runs SET {assignments} WHERE workspace = ? AND name = ?"  # noqa: S608  as above
        self.store.execute(
            statement, (*(_stored(new, name) for name in names), run.workspace, run.name)
        )
        return self.get(run.workspace, run.name) or new

    def merge(self, run: Run, *, tags: dict | None = None, properties: dict | None = None) -> Run:
        """Add tags and properties to those that are there; the value None takes one away."""
        with self._lock:
            now = self.get(run.workspace, run.name) or run
            return self.update(
                now,
                tags=_merged(now.tags, tags or {}),
                properties=_merged(now.properties, properties or {}),
            )

    def children(self, workspace: str, parent: str) -> list[Run]:
        rows = self.store.query(
            f"{_SELECT} WHERE workspace = ? AND parent = ? ORDER BY sequence",
            (workspace.lower(), parent),
        )
        return [_run(row) for row in rows]

    def below(self, workspace: str, root: str) -> list[Run]:
        """The steps of a job, and those of pipelines and sweeps among them, however deep."""
        rows = self.store.query(
            f"{_SELECT} WHERE workspace = ? AND root = ? AND name <> ? ORDER BY sequence",
            (workspace.lower(), root, root),
        )
        return [_run(row) for row in rows]

    def of_workspace(self, workspace: str, *, jobs_only: bool = False) -> list[Run]:
        """All runs, newest first; `jobs_only` leaves out steps and what MLflow clients started."""
        extra = " AND parent IS NULL AND kind <> 'Interactive'" if jobs_only else ""
        rows = self.store.query(
            f"{_SELECT} WHERE workspace = ?{extra} ORDER BY sequence DESC", (workspace.lower(),)
        )
        return [_run(row) for row in rows]

    def unfinished(self) -> list[Run]:
        """Runs of all workspaces that had not ended, in the order in which they were made."""
        rows = self.store.query(
            f"{_SELECT} WHERE status NOT IN ('Completed', 'Failed', 'Canceled') AND kind <>"
            " 'Interactive' ORDER BY sequence",
            (),
        )
        return [_run(row) for row in rows]

    def reusable(self, workspace: str, key: str) -> Run | None:
        """The newest completed step with the same code, command, environment and inputs."""
        rows = self.store.query(
            f"{_SELECT} WHERE workspace = ? AND reuse_key = ? AND status = 'Completed' ORDER BY"
            " sequence DESC LIMIT 1",
            (workspace.lower(), key),
        )
        return _run(rows[0]) if rows else None

    def remove(self, run: Run) -> None:
        for table, column in (("ml_metrics", "run"), ("ml_params", "run"), ("ml_runs", "name")):
            statement = f"DELETE FROM {table} WHERE workspace = ? AND {column} = ?"  # noqa: S608  our own names
            self.store.execute(statement, (run.workspace, run.name))

    def remove_workspace(self, workspace: str) -> None:
        for table in ("ml_metrics", "ml_params", "ml_runs", "ml_experiments"):
            self.store.execute(f"DELETE FROM {table} WHERE workspace = ?", (workspace.lower(),))  # noqa: S608  our own names

    def experiment(self, workspace: str, name: str) -> Experiment:
        """The experiment of that name, made when it is new."""
        key = workspace.lower()
        with self._lock:
            found = self.find_experiment(key, name=name)
            if found is None:
                found = Experiment(
                    workspace=key, id=str(uuid.uuid4()), name=name, created=time.time()
                )
                self.store.execute(
                    "INSERT INTO ml_experiments (workspace, id, name, created, stage, tags) VALUES"
                    " (?, ?, ?, ?, ?, '{}')",
                    (key, found.id, name, found.created, found.stage),
                )
        return found

    def find_experiment(
        self, workspace: str, *, name: str | None = None, id_: str | None = None
    ) -> Experiment | None:
        column, value = ("name", name) if name is not None else ("id", id_)
        rows = self.store.query(
            "SELECT id, name, created, stage, tags FROM ml_experiments "  # noqa: S608  our names
            f"WHERE workspace = ? AND {column} = ?",
            (workspace.lower(), value),
        )
        return _experiment(workspace, rows[0]) if rows else None

    def experiments(self, workspace: str) -> list[Experiment]:
        rows = self.store.query(
            "SELECT id, name, created, stage, tags FROM ml_experiments WHERE workspace = ? ORDER BY"
            " created DESC",
            (workspace.lower(),),
        )
        return [_experiment(workspace, row) for row in rows]

    def change_experiment(self, experiment: Experiment) -> None:
        self.store.execute(
            "UPDATE ml_experiments SET stage = ?, tags = ? WHERE workspace = ? AND id = ?",
            (experiment.stage, json.dumps(experiment.tags), experiment.workspace, experiment.id),
        )


def _stored(run: Run, name: str) -> object:
    value = getattr(run, name)
    if name == "workspace":
        return value.lower()
    if name in _JSON and value is not None:
        return json.dumps(value)
    return int(bool(value)) if name == "hidden" else value


def _run(row: Iterable) -> Run:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _JSON:
        if values[name] is not None:
            values[name] = json.loads(values[name])
    values["hidden"] = bool(values["hidden"])
    return Run(**values)


def _experiment(workspace: str, row: Iterable) -> Experiment:
    id_, name, created, stage, tags = row
    return Experiment(
        workspace=workspace.lower(),
        id=id_,
        name=name,
        created=created,
        stage=stage,
        tags=json.loads(tags),
    )


def _merged(have: dict, new: dict) -> dict:
    return {key: value for key, value in {**have, **new}.items() if value is not None}
