"""Following a pipeline: a live table on a terminal, one line for each change in a log."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table

from ml.cli.console import clock, coloured
from ml.workspace import Run

WAITING, SKIPPED = "waiting", "skipped"
QUIET_SECONDS = 30.0  # a log without a line for longer looks like a hang
FAST, SLOW, FAST_FOR = 1.0, 10.0, 120.0


class Watched(Protocol):
    """What is asked again and again while a pipeline runs."""

    def job(self, name: str) -> Run:
        """Return the job with its present status."""
        ...

    def steps(self, job: str) -> list[Run]:
        """Return the steps started so far."""
        ...


@dataclass
class Step:
    """One step as it was last seen."""

    title: str
    status: str = WAITING
    run: str = ""
    since: float | None = None
    until: float | None = None
    reused: bool = False

    @property
    def shown(self) -> str:
        """The status for people."""
        return f"{self.status}, reused" if self.reused else self.status

    def seconds(self, now: float) -> float:
        """How long the step has been under way, as seen from here."""
        return 0.0 if self.since is None else (self.until or now) - self.since


@dataclass
class Progress:
    """All steps of one pipeline in the order in which they depend on each other."""

    steps: dict[str, Step]
    clock: Callable[[], float] = time.monotonic
    job: Run | None = None
    started: float = field(default=0.0)

    @classmethod
    def of(cls, titles: Sequence[str], now: Callable[[], float] = time.monotonic) -> "Progress":
        """Begin with every step waiting."""
        return cls({title: Step(title) for title in titles}, now, started=now())

    def seen(self, job: Run, children: Sequence[Run]) -> list[Step]:
        """Take in what the workspace says and return the steps whose status changed."""
        self.job, now = job, self.clock()
        before = {title: step.status for title, step in self.steps.items()}
        for child in children:
            step = self.steps.setdefault(child.title, Step(child.title))
            step.run = child.name
            if child.status == "Canceled" and step.since is None:
                step.status = SKIPPED  # the service says Canceled of what never began, too
                continue
            step.status, step.reused = child.status, child.reused
            step.since = now if step.since is None else step.since
            if child.ended and step.until is None:
                step.until = now
        if job.ended:
            for step in self.steps.values():
                step.status = SKIPPED if step.status == WAITING else step.status
        return [step for step in self.steps.values() if before.get(step.title) != step.status]

    @property
    def at(self) -> str:
        """What is under way."""
        under_way = [
            step.title
            for step in self.steps.values()
            if step.since is not None and step.until is None
        ]
        return ", ".join(under_way) or "the queue"

    @property
    def failed(self) -> list[Step]:
        """The steps that went wrong by themselves."""
        return [step for step in self.steps.values() if step.status in {"Failed", "NotResponding"}]

    @property
    def elapsed(self) -> float:
        """Seconds since following began."""
        return self.clock() - self.started


def follow(
    watched: Watched, job: Run, progress: Progress, console: Console, pause: Callable[[float], None]
) -> Progress:
    """Watch until the job has ended; the job goes on when this is interrupted."""
    with ExitStack() as stack:
        live: Live | None = None
        if console.is_terminal:
            live = stack.enter_context(Live(console=console, auto_refresh=False))
        said = progress.clock()
        while True:
            present = watched.job(job.name)
            changed = progress.seen(present, watched.steps(job.name))
            now = progress.clock()
            if live is not None:
                live.update(table(progress), refresh=True)
            elif changed:
                said = now
                for step in changed:
                    console.print(line(progress, step), markup=False)
            elif now - said >= QUIET_SECONDS:
                said = now
                console.print(f"{clock(progress.elapsed):>10}  still at {progress.at}")
            if present.ended:
                return progress
            pause(FAST if progress.elapsed < FAST_FOR else SLOW)


def line(progress: Progress, step: Step) -> str:
    """Return one line of a log."""
    ran = step.until and not step.reused
    took = f" after {clock(step.seconds(progress.clock()))}" if ran else ""
    return f"{clock(progress.elapsed):>10}  {step.title}: {step.shown}{took}"


def table(progress: Progress) -> Table:
    """Return the table that is shown on a terminal."""
    shown = Table(box=None, pad_edge=False, show_header=False)
    now = progress.clock()
    for step in progress.steps.values():
        seconds = step.seconds(now)
        shown.add_row(f"  {step.title}", coloured(step.status), clock(seconds) if seconds else "")
    shown.add_row("", "", clock(progress.elapsed))
    return shown
