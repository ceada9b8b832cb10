"""What every step shares when it is started: its arguments, its words, and how it fails."""

import argparse
import logging
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ml.errors import PlatformError, TaskError

log = logging.getLogger("ml")


def parser(name: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of a step with the argument that all have."""
    made = argparse.ArgumentParser(prog=f"python -m ml.steps.{name}", description=description)
    made.add_argument(
        "--task", default="flights", help="task name below ml/tasks, or a folder (default: flights)"
    )
    return made


def run(step: Callable[[Sequence[str]], None]) -> None:
    """Run a step: words go to standard output, a mistake is one sentence and exit code 1."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    log.setLevel(logging.INFO)
    started = time.perf_counter()
    try:
        step(sys.argv[1:])
    except (TaskError, PlatformError) as error:
        log.error("error: %s", error)  # noqa: TRY400  the sentence is for people, a trace is not
        sys.exit(1)
    log.info("done in %.1f s", time.perf_counter() - started)


def made(folder: str | Path) -> Path:
    """Return the folder, which exists from now on."""
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    return path
