"""Entry script of the parallel step: Azure ML calls `init` once a process, `run` a mini-batch.

It is loaded by its path with the uploaded folder as working folder, so it makes `ml` importable
itself, as run_step.py does for commands.
"""

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ml.scoring.scored import Scoring

PACKAGE = Path(__file__).resolve().parents[1]
_running: "list[Scoring]" = []  # one a process, as `init` and `run` share nothing else


def init() -> None:
    """Load the plan and the model that the arguments name; Azure ML adds arguments of its own."""
    start(sys.argv[1:])


def run(mini_batch: Sequence[str]) -> list[str]:
    """Score the files of one mini-batch and return a line for each."""
    (scoring,) = _running
    return [str(scoring.score(Path(file))) for file in mini_batch]


def start(arguments: Sequence[str]) -> None:
    """Get ready to score in this process."""
    _importable()
    from ml.scoring import plan as plans  # noqa: PLC0415  needs what the line above does
    from ml.scoring import scored  # noqa: PLC0415  as above

    parser = argparse.ArgumentParser(prog="parallel_entry.py", allow_abbrev=False)
    for name in ("plan", "model", "scores"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in ("model-name", "model-version", "model-digest"):
        parser.add_argument(f"--{name}", required=True)
    given, _ = parser.parse_known_args(arguments)
    plan = plans.read(given.plan)
    wanted = plans.Model(
        name=given.model_name, version=given.model_version, digest=given.model_digest
    )
    scorer = scored.load(given.model, wanted)
    folder = scored.folder_of(given.scores, plan, wanted)
    _running[:] = [scored.Scoring(plan, wanted, scorer, folder)]


def _importable() -> None:
    if "ml" in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(
        "ml", PACKAGE / "__init__.py", submodule_search_locations=[str(PACKAGE)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{PACKAGE} has no __init__.py; upload the whole folder ml/ as the code")
    package = importlib.util.module_from_spec(spec)
    sys.modules["ml"] = package
    spec.loader.exec_module(package)
