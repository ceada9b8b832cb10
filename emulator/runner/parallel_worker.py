"""A worker of a parallel step: runs in the step's environment, so it imports nothing of ours.

`python parallel_worker.py ENTRY_SCRIPT TASKS RESULTS -- ARGUMENTS...`: mini batches come as lines
of JSON from the descriptor TASKS, answers go to RESULTS.
"""

import importlib.util
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType


def _listen(tasks: int, todo: queue.Queue) -> None:
    """Hand tasks on; when whoever gives them is gone, so is everything that this worker does."""
    with os.fdopen(tasks, encoding="utf-8") as lines:
        for line in lines:
            todo.put(json.loads(line))
    os.killpg(0, signal.SIGKILL)


def _load(path: Path) -> ModuleType:
    """The entry script as a module, with its own folder to import from."""
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"the entry script {path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    missing = [name for name in ("init", "run") if not callable(getattr(module, name, None))]
    if missing:
        raise ImportError(f"the entry script {path} has no function {' and '.join(missing)}")
    return module


def _rows(made: object) -> list[str]:
    """What run() gives, as lines: of a table its rows, of a list its items."""
    to_csv = getattr(made, "to_csv", None)
    if to_csv is not None:
        text = to_csv(sep=" ", header=False, index=False)
        return text.removesuffix("\n").split("\n") if text else []
    if isinstance(made, str | bytes) or not isinstance(made, Iterable):
        raise TypeError(f"run() gave a {type(made).__name__}; give a list or a DataFrame")
    return [str(item) for item in made]


def _do(module: ModuleType, task: dict) -> int:
    """Run one mini batch; gives how many rows it made."""
    rows, target = _rows(module.run(task["files"])), Path(task["rows"])
    partial = target.with_suffix(".partial")
    partial.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    partial.replace(target)
    return len(rows)


def main() -> None:
    """Run mini batches until there are no more."""
    script, tasks, results = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    todo: queue.Queue = queue.Queue()
    threading.Thread(target=_listen, args=(tasks, todo), daemon=True).start()
    sys.argv = [str(script), *sys.argv[5:]]

    def say(**answer: object) -> None:
        os.write(results, (json.dumps(answer) + "\n").encode())

    try:
        module = _load(script)
        module.init()
    except BaseException:
        say(ready=False, error=traceback.format_exc())
        raise
    say(ready=True)
    while (task := todo.get()) is not None:
        try:
            say(count=_do(module, task))
        except Exception:  # noqa: BLE001  whatever it is, it is the mini batch that failed
            traceback.print_exc()
            say(error=traceback.format_exc())
    shutdown = getattr(module, "shutdown", None)
    if shutdown is not None:
        shutdown()
    say(ended=True)


if __name__ == "__main__":
    main()
