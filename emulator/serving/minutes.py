"""What each deployment did in each minute of the local Azure's clock: counts and latencies."""

import json
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from emulator.arm.store import Store

Key = tuple[str, str]
_SCHEMA = """CREATE TABLE IF NOT EXISTS serving_minutes (
    endpoint TEXT NOT NULL, deployment TEXT NOT NULL, minute INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (endpoint, deployment, minute))"""
_WRITE = "INSERT OR REPLACE INTO serving_minutes VALUES (?, ?, ?, ?)"
_READ = (
    "SELECT deployment, minute, body FROM serving_minutes"
    " WHERE endpoint = ? AND minute >= ? AND minute < ? ORDER BY minute"
)
# Latencies are kept in steps of 2 %: quantiles are as exact, and a minute stays small.
STEP = 1.02
_KEPT_MINUTES = 2


@dataclass
class Minute:
    """One minute of one deployment; labels are status code and the model's own, as text."""

    requests: dict[str, int] = field(default_factory=dict)
    latencies: dict[str, int] = field(default_factory=dict)
    milliseconds: float = 0.0
    events: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    # by instance: the sum and number of looks at processor, and at memory, in percent
    cpu: dict[str, list[float]] = field(default_factory=dict)
    memory: dict[str, list[float]] = field(default_factory=dict)
    instances: int = 0


class Minutes:
    """The minutes of all deployments: new ones in memory, written down as time goes on."""

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, threading.Lock()
        self._fresh: dict[tuple[str, str, int], Minute] = {}
        self._dirty: set[tuple[str, str, int]] = set()
        store.execute(_SCHEMA)

    def request(self, key: Key, moment: float, status: int, model: int | None, ms: float) -> None:
        """Count one request with its answers and how long it took."""
        with self._lock:
            minute = self._at(key, moment)
            label = f"{status} {model if model is not None else 0}"
            minute.requests[label] = minute.requests.get(label, 0) + 1
            step = str(step_of(ms))
            minute.latencies[step] = minute.latencies.get(step, 0) + 1
            minute.milliseconds += ms

    def collected(self, key: Key, moment: float, collection: str, problem: str | None) -> None:
        """Count one payload of the data collector, and why it was lost if it was."""
        with self._lock:
            minute = self._at(key, moment)
            minute.events[collection] = minute.events.get(collection, 0) + 1
            if problem:
                label = f"{collection} {problem}"
                minute.errors[label] = minute.errors.get(label, 0) + 1

    def used(self, key: Key, moment: float, instance: str, cpu: float, memory: float) -> None:
        """Note what an instance used of its processor and memory."""
        with self._lock:
            minute = self._at(key, moment)
            for kept, value in ((minute.cpu, cpu), (minute.memory, memory)):
                total = kept.setdefault(instance, [0.0, 0])
                total[0] += value
                total[1] += 1
            minute.instances = max(minute.instances, len(minute.cpu))

    def between(self, endpoint: str, start: int, end: int) -> Iterator[tuple[str, int, Minute]]:
        """The minutes of an endpoint's deployments from `start` until before `end`."""
        self.flush()
        for deployment, minute, body in self._store.query(_READ, (endpoint.lower(), start, end)):
            yield deployment, minute, Minute(**json.loads(body))

    def flush(self) -> None:
        """Write down what changed, and forget what is over."""
        with self._lock:
            rows = [(*key, json.dumps(vars(self._fresh[key]))) for key in self._dirty]
            self._dirty.clear()
            newest = max((minute for *_, minute in self._fresh), default=0)
            self._fresh = {
                key: found for key, found in self._fresh.items() if key[2] > newest - _KEPT_MINUTES
            }
        if rows:
            with self._store.transaction():
                for row in rows:
                    self._store.execute(_WRITE, row)

    def _at(self, key: Key, moment: float) -> Minute:
        full = (*key, int(moment // 60))
        found = self._fresh.get(full)
        if found is None:
            found = self._fresh[full] = self._stored(full)
        self._dirty.add(full)
        return found

    def _stored(self, full: tuple[str, str, int]) -> Minute:
        endpoint, deployment, minute = full
        rows: list[tuple[Any, ...]] = self._store.query(
            "SELECT body FROM serving_minutes WHERE endpoint = ? AND deployment = ? AND minute = ?",
            (endpoint, deployment, minute),
        )
        return Minute(**json.loads(rows[0][0])) if rows else Minute()


def step_of(ms: float) -> int:
    """The step of a latency; step n holds what is near STEP ** n microseconds."""
    return max(0, round(math.log(max(ms, 0.001) * 1000) / math.log(STEP)))


def milliseconds(step: int) -> float:
    """The latency that a step stands for."""
    return STEP**step / 1000


def quantile(latencies: dict[str, int], share: float) -> float | None:
    """The latency that `share` of the requests stay below or at; None without any."""
    total = sum(latencies.values())
    if not total:
        return None
    wanted, seen = share * total, 0
    steps = sorted(latencies, key=int)
    for step in steps:
        seen += latencies[step]
        if seen >= wanted:
            return milliseconds(int(step))
    return milliseconds(int(steps[-1]))
