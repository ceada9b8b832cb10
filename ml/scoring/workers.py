"""The parallel step without Azure: the same entry script, in processes of this machine."""

import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from ml.errors import TaskError
from ml.scoring import parallel_entry, scored
from ml.scoring.plan import Model, Plan


@dataclass(frozen=True, kw_only=True)
class Work:
    """Where everything is that a worker needs."""

    plan: Path
    batches: Path
    model: Path
    scores: Path

    def arguments(self, model: Model) -> list[str]:
        """Return the arguments of the entry script."""
        folders = {"plan": self.plan, "model": self.model, "scores": self.scores}
        told = {"name": model.name, "version": model.version, "digest": model.digest}
        pairs = {f"--{name}": str(path) for name, path in folders.items()}
        pairs |= {f"--model-{name}": value for name, value in told.items()}
        return [word for pair in pairs.items() for word in pair]


def score(work: Work, plan: Plan, model: Model, processes: int) -> Iterator[str]:
    """Score what is not scored yet and yield a line for each mini-batch as it ends."""
    folder = scored.folder_of(work.scores, plan, model)
    waiting: list[str] = []
    for batch in plan.batches:
        if scored.is_scored(folder / batch.file, plan, model, batch):
            yield str(scored.Outcome(batch.file, batch.rows, kept=True))
        else:
            waiting.append(str(work.batches / batch.file))
    scored.load(work.model, model)  # refuses here, once, what every process would refuse
    if processes == 1 or len(waiting) < 2:
        parallel_entry.start(work.arguments(model))
        for file in waiting:
            yield from parallel_entry.run([file])
        return
    pool = ProcessPoolExecutor(
        max_workers=min(processes, len(waiting)),
        # Not forked: XGBoost's threads would not survive it.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(work.arguments(model),),
    )
    with pool:
        running = [pool.submit(parallel_entry.run, [file]) for file in waiting]
        try:
            for done in as_completed(running):
                yield from done.result()
        except BrokenProcessPool as error:
            raise TaskError(
                "a process that scored was lost, perhaps for want of memory; run score again (what "
                "is done is kept), with fewer --processes or --batch-rows"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _start(arguments: Sequence[str]) -> None:
    """Get a process ready; it ends with the one that started it, also where that was killed."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    parallel_entry.start(arguments)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
