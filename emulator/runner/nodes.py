"""The nodes of a compute cluster: as many steps at once as it has nodes."""

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass


class WaitEndedError(Exception):
    """The run was cancelled while it waited for a node."""


@dataclass
class _Node:
    number: int
    run: str | None
    since: float


@dataclass(frozen=True)
class NodeState:
    """One node as `listNodes` shows it."""

    number: int
    run: str | None

    @property
    def state(self) -> str:
        return "running" if self.run else "idle"


class Cluster:
    """Hands out the nodes of one cluster, first come first served."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._nodes: list[_Node] = []

    @contextmanager
    def nodes(
        self, run: str, limit: Callable[[], int], ended: Callable[[], bool], count: int = 1
    ) -> Generator[list[int]]:
        """Nodes for `run` once so many of `limit()` are free; refused when `ended()` is first."""
        numbers = self._take(run, limit, ended, count)
        try:
            yield numbers
        finally:
            with self._changed:
                self._nodes = [
                    _Node(n.number, None, self._clock()) if n.number in numbers else n
                    for n in self._nodes
                ]
                self._changed.notify_all()

    def _take(
        self, run: str, limit: Callable[[], int], ended: Callable[[], bool], count: int
    ) -> list[int]:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while True:
                    if ended():
                        raise WaitEndedError(run)
                    busy = {n.number for n in self._nodes if n.run}
                    if self._waiting[0] is ticket and len(busy) + count <= limit():
                        break
                    # cancelling wakes us; the second is for a limit that was changed elsewhere
                    self._changed.wait(1.0)
                free = (i for i in itertools.count() if i not in busy)
                numbers = list(itertools.islice(free, count))
                self._nodes = [n for n in self._nodes if n.number not in numbers]
                self._nodes += [_Node(number, run, self._clock()) for number in numbers]
                return numbers
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def wake(self) -> None:
        """Let those who wait look again: a run was cancelled or the cluster was changed."""
        with self._changed:
            self._changed.notify_all()

    def states(self, minimum: int, idle_seconds: float) -> list[NodeState]:
        """The nodes that are up: busy, idle for less than `idle_seconds`, and always `minimum`."""
        with self._changed:
            now = self._clock()
            up = [
                n
                for n in self._nodes
                if n.run or now - n.since < idle_seconds or n.number < minimum
            ]
            self._nodes = up
            shown = {n.number: NodeState(n.number, n.run) for n in up}
        for number in range(minimum):
            shown.setdefault(number, NodeState(number, None))
        return [shown[number] for number in sorted(shown)]
