"""The running deployments: their instances are started, counted, restarted and stopped here."""

import json
import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from emulator.runner import processes
from emulator.runner.identity import Grants
from emulator.serving import scorer
from emulator.serving.package import Package
from emulator.serving.scorer import NotReadyError, Scorer

log = logging.getLogger(__name__)
Key = tuple[str, str]
Blocked = Callable[[], bool]
_LOOK_SECONDS = 0.5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_STEADY_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How a package is to be run, and what is called when it does not run any more."""

    count: int
    patience: float
    variables: Mapping[str, str]
    blocked: Blocked
    at_end: Callable[[], None] | None


@dataclass
class Live:
    """A deployment that runs; `scorers` is replaced as a whole, so that it can be read any time."""

    package: Package
    variables: Mapping[str, str]
    patience: float
    wanted: int
    held: ExitStack
    scorers: tuple[Scorer, ...] = ()
    made: int = 0
    turn: int = 0
    pause: float = _FIRST_PAUSE
    failed_at: float = 0.0
    restarts: int = 0

    @property
    def log(self) -> Path:
        return self.package.folder.parent / "server.log"

    def next(self) -> Scorer | None:
        """The instance whose turn it is among those that are ready; None when there is none."""
        ready = [one for one in self.scorers if one.ready and one.alive]
        if not ready:
            return None
        self.turn += 1
        return ready[self.turn % len(ready)]


class Fleet:
    """All running deployments by the lower-case names of endpoint id and deployment."""

    def __init__(self, home: Path, grants: Grants) -> None:
        self._folder, self._grants = home / "serving", grants
        self._live: dict[Key, Live] = {}
        self._starting: list[Live] = []
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._folder.mkdir(exist_ok=True)
        self._pids = self._folder / "processes.json"
        self._end_orphans()
        self._watcher = threading.Thread(target=self._watch, name="scorers", daemon=True)
        self._watcher.start()

    def get(self, key: Key) -> Live | None:
        return self._live.get(key)

    def all(self) -> list[tuple[Key, Live]]:
        return list(self._live.items())

    def start(self, key: Key, package: Package, wanted: Wanted) -> None:
        """Start a deployment and wait until all its instances are ready.

        Raises:
            NotReadyError: one of them did not get ready; nothing is left running then.
        """
        with ExitStack() as stack:
            if wanted.at_end is not None:
                stack.callback(wanted.at_end)
            tokens = stack.enter_context(self._grants.granted(package.grant))
            variables = {**package.variables, **tokens, **wanted.variables}
            live = Live(package, variables, wanted.patience, wanted.count, stack.pop_all())
        self._starting.append(live)
        try:
            self._grow(live, wanted.blocked)
        except NotReadyError:
            self._close(live)
            raise
        finally:
            self._starting.remove(live)
        with self._lock:
            old, self._live[key] = self._live.get(key), live
        self._remember()
        if old is not None:
            self._close(old)

    def scale(self, key: Key, count: int) -> None:
        """Have so many instances from now on; the watcher brings them."""
        live = self._live.get(key)
        if live is not None:
            live.wanted = count

    def stop(self, key: Key) -> None:
        """End a deployment."""
        with self._lock:
            live = self._live.pop(key, None)
        if live is not None:
            self._close(live)
            self._remember()

    def stop_all(self) -> None:
        """End everything, as the service goes away."""
        self._ended.set()
        self._watcher.join()
        threads = [
            threading.Thread(target=self.stop, args=(key,), daemon=True) for key, _ in self.all()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _grow(self, live: Live, blocked: Blocked) -> None:
        """Add instances at once, and wait for all of them."""
        self._add(live, live.wanted)
        for one in live.scorers:
            one.wait(live.patience, self._ended.is_set, blocked)
        if self._ended.is_set():
            msg = "the service stopped"
            raise NotReadyError(msg)

    def _add(self, live: Live, count: int) -> None:
        for _ in range(count):
            live.made += 1
            made = f"instance-{live.made}"
            found = scorer.start(live.package, made, {**live.variables, "HOSTNAME": made}, live.log)
            live.scorers = (*live.scorers, found)
        self._remember()

    def _close(self, live: Live) -> None:
        scorers, live.scorers = live.scorers, ()
        for one in scorers:
            one.end()
        live.held.close()
        shutil.rmtree(live.package.folder, ignore_errors=True)

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            for key, live in self.all():
                try:
                    self._mend(live)
                except OSError:
                    log.exception("deployment %s of %s cannot be mended", key[1], key[0])

    def _mend(self, live: Live) -> None:
        """Bring the instances to their number: dead ones go, missing ones are started again."""
        now = time.monotonic()
        dead = [one for one in live.scorers if not one.alive]
        if dead:
            live.scorers = tuple(one for one in live.scorers if one not in dead)
            live.restarts += len(dead)
            live.pause = (
                _FIRST_PAUSE
                if now - live.failed_at > _STEADY_SECONDS
                else min(2 * live.pause, _LONGEST_PAUSE)
            )
            live.failed_at = now
            for one in dead:
                one.end()  # what is left of its group
                log.warning("%s in %s died; it is started again", one.id, live.package.folder)
        extra = live.scorers[live.wanted :]
        if extra:
            live.scorers = live.scorers[: live.wanted]
            for one in extra:
                one.end()
        missing = live.wanted - len(live.scorers)
        if missing > 0 and now - live.failed_at >= (live.pause if live.restarts else 0):
            self._add(live, missing)
        for one in live.scorers:
            if not one.ready and one.alive:
                one.look()

    def _remember(self) -> None:
        """Write down who runs, so that the next server can end them if this one is killed."""
        with self._lock:
            found = [
                [one.process.pid, one.started]
                for live in [*self._starting, *(live for _, live in self.all())]
                for one in live.scorers
                if one.started is not None
            ]
            partial = self._pids.with_suffix(".partial")
            partial.write_text(json.dumps(found))
            partial.replace(self._pids)

    def _end_orphans(self) -> None:
        if self._pids.is_file():
            for pid, started in json.loads(self._pids.read_text()):
                processes.end_orphan(int(pid), float(started))
            self._pids.unlink()
