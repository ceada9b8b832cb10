"""Running a parallel step: mini batches handed to workers, tried again, put together in order."""

import json
import os
import select
import shlex
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emulator.runner import parallel_worker, processes
from emulator.runner.environments import python
from emulator.runner.logs import Log
from emulator.runner.parallel_plan import ParallelPlan
from emulator.runner.stops import Stop

# Where rows go when they are appended to a folder.
ROWS = "parallel_run_step.txt"
_WORKER = Path(str(parallel_worker.__file__))
_POLL_SECONDS = 0.1
# Importing what a model needs takes its time.
_INIT_SECONDS = 600.0
# A worker that cannot start at all is not tried without end.
_MOST_FAILED_STARTS = 3


def logs(workers: int) -> list[str]:
    """The names of the logs of a parallel step: its own, and that of each worker."""
    own = [f"logs/user/stdout/process{number:03d}.stdout.txt" for number in range(workers)]
    return ["user_logs/std_log.txt", *own]


class _WorkerError(Exception):
    """A worker that died or took too long; it has to be started anew."""


@dataclass
class _Batch:
    number: int
    files: Sequence[str]
    tries: int = 0


@dataclass
class _Progress:
    """What is known of all mini batches; guarded by its lock."""

    waiting: deque[_Batch]
    total: int
    done: int = 0
    failed_batches: int = 0
    failed_items: int = 0
    problem: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_over(self) -> bool:
        return self.problem is not None or self.done == self.total


@dataclass(frozen=True)
class Room:
    """Where a parallel step works: its folder, environment, variables and logs."""

    folder: Path
    works: Sequence[Path]
    environment: Path
    variables: Mapping[str, str]
    arguments: str
    log: Log
    worker_logs: Sequence[Path]


class Parallel:
    """One run of a parallel step."""

    def __init__(self, plan: ParallelPlan, room: Room, source: Path, stop: Stop) -> None:
        self.plan, self.room, self.stop = plan, room, stop
        files = _files(source)
        cut = range(0, len(files), plan.size)
        batches = [_Batch(n, files[at : at + plan.size]) for n, at in enumerate(cut)]
        self.progress = _Progress(deque(batches), len(batches))
        (room.folder / "rows").mkdir(parents=True)

    def execute(self) -> str | None:
        """Run all mini batches; gives what went wrong."""
        count = min(len(self.room.worker_logs), self.progress.total)
        self.room.log.say(f"{self.progress.total} mini batches for {count} workers")
        threads = [
            threading.Thread(target=self._work, args=(number,), name=f"worker {number}")
            for number in range(count)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        done, failed = self.progress.done, self.progress.failed_batches
        self.room.log.say(f"{done} mini batches ended, {failed} of them failed")
        return self.progress.problem

    def append(self, target: Path) -> None:
        """Put the rows of all mini batches together, in the order of their files."""
        target = target / ROWS if target.is_dir() else target
        with target.open("w", encoding="utf-8") as out:
            for number in range(self.progress.total):
                rows = self._rows(number)
                if rows.is_file():
                    out.write(rows.read_text(encoding="utf-8"))

    def _work(self, number: int) -> None:
        """Do mini batches with one worker, which is started anew when it is lost."""
        worker: _Worker | None = None
        starts = 0
        try:
            while (batch := self._next()) is not None:
                if worker is None:
                    try:
                        worker = self._start(number)
                    except _WorkerError as error:
                        starts += 1
                        self._put_back(batch, str(error), starts)
                        continue
                starts = 0
                try:
                    self._answered(batch, worker.ask(batch, self._rows(batch.number)))
                except _WorkerError as error:
                    worker.end()
                    worker = None
                    self._failed(batch, str(error), len(batch.files))
        finally:
            if worker is not None:
                worker.finish() if self.progress.problem is None else worker.end()

    def _next(self) -> _Batch | None:
        while not self.stop.event.is_set():
            with self.progress.lock:
                if self.progress.is_over:
                    return None
                if self.progress.waiting:
                    return self.progress.waiting.popleft()
            # the last ones are with other workers, and may come back
            time.sleep(_POLL_SECONDS / 5)
        return None

    def _start(self, number: int) -> "_Worker":
        work = self.room.works[number % len(self.room.works)]
        return _Worker(self.plan, self.room, work, self.room.worker_logs[number], self.stop)

    def _put_back(self, batch: _Batch, why: str, starts: int) -> None:
        with self.progress.lock:
            self.progress.waiting.appendleft(batch)
            if starts >= _MOST_FAILED_STARTS:
                self.progress.problem = f"the entry script cannot be started: {why}"

    def _answered(self, batch: _Batch, answer: dict) -> None:
        missing = len(batch.files) - int(answer.get("count", 0))
        if "error" not in answer and missing <= 0:
            with self.progress.lock:
                self.progress.done += 1
            return
        why = str(answer.get("error") or f"run() gave {missing} items too few")
        self._failed(batch, why, min(missing, len(batch.files)))

    def _failed(self, batch: _Batch, why: str, items: int) -> None:
        batch.tries += 1
        name = f"mini batch {batch.number}"
        self.room.log.say(f"{name} failed at try {batch.tries}: {why.strip().splitlines()[-1]}")
        progress, plan = self.progress, self.plan
        with progress.lock:
            if batch.tries <= plan.retries:
                progress.waiting.append(batch)
                return
            progress.done += 1
            progress.failed_batches += 1
            progress.failed_items += items
            for what, count, most in (
                ("mini_batch_error_threshold", progress.failed_batches, plan.batch_error_threshold),
                ("error_threshold", progress.failed_items, plan.error_threshold),
            ):
                if 0 <= most < count and progress.problem is None:
                    failed = "mini batches" if what.startswith("mini") else "items"
                    progress.problem = (
                        f"{count} {failed} failed, more than {what} {most}. The last: {name}, after"
                        f" {batch.tries} tries: {why.strip()}"
                    )

    def _rows(self, number: int) -> Path:
        return self.room.folder / "rows" / f"{number}.txt"


class _Worker:
    """A process that has run the entry script's init()."""

    def __init__(self, plan: ParallelPlan, room: Room, work: Path, log: Path, stop: Stop) -> None:
        self._plan, self._stop = plan, stop
        tasks, self._tasks = os.pipe()
        self._results, results = os.pipe()
        self._buffer = b""
        command = [
            str(python(room.environment)),
            str(_WORKER),
            plan.entry_script,
            str(tasks),
            str(results),
            "--",
            *shlex.split(room.arguments),
        ]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                cwd=work,
                env=dict(room.variables),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                pass_fds=(tasks, results),
                process_group=0,
            )
        os.close(tasks)
        os.close(results)
        try:
            answer = self._answer(_INIT_SECONDS)
        except _WorkerError:
            self.end()
            raise
        if not answer.get("ready"):
            self.end()
            raise _WorkerError(str(answer.get("error")))

    def ask(self, batch: _Batch, rows: Path) -> dict:
        """Have a mini batch done."""
        task = {"files": list(batch.files), "rows": str(rows)}
        os.write(self._tasks, (json.dumps(task) + "\n").encode())
        return self._answer(self._plan.timeout)

    def finish(self) -> None:
        """Let the worker end by itself."""
        try:
            os.write(self._tasks, b"null\n")
            self._answer(self._plan.timeout)
        except (_WorkerError, BrokenPipeError) as error:
            sys.stderr.write(f"a worker did not end: {error}\n")
        self.end()

    def end(self) -> None:
        """End the worker and all that it started."""
        processes.end_group(self._process.pid, 0.2)
        self._process.wait()
        for end in (self._tasks, self._results):
            os.close(end)

    def _answer(self, seconds: float) -> dict:
        deadline = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            if self._stop.event.is_set():
                raise _WorkerError("the job was asked to stop")
            if time.monotonic() > deadline:
                raise _WorkerError(f"it took longer than its timeout of {seconds:g} s")
            if select.select([self._results], [], [], _POLL_SECONDS)[0]:
                more = os.read(self._results, 65536)
                if not more:
                    code = self._process.wait()
                    raise _WorkerError(f"the worker died with exit code {code}")
                self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)


def _files(source: Path) -> list[str]:
    if source.is_file():
        return [str(source)]
    return [str(path) for path in sorted(source.rglob("*")) if path.is_file()]
