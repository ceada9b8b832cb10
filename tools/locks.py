"""`python -m tools.locks [--check]`: write the hash-pinned locks, or check that they are fresh."""

import argparse
import difflib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from uv import find_uv_bin

FOLDER = Path(__file__).parents[1] / "requirements"
# In this order: dev.in takes its constraints from main.txt, spark.in from steps.txt.
NAMES = (
    "bootstrap", "go", "main", "dev", "data", "steps", "serve", "spark", "checkov", "evidently",
)  # fmt: skip
OPTIONS = (
    "--universal", "--generate-hashes", "--python-version", "3.11",
    "--no-emit-index-url", "--no-annotate", "--no-header", "--quiet",
)  # fmt: skip
# Packages that are installed for the files in them alone.
WITHOUT_DEPENDENCIES = {"data"}


class LockError(Exception):
    """uv could not resolve a requirements file; the message is uv's own."""


def compile_lock(folder: Path, name: str) -> None:
    """Resolve `name`.in into `name`.txt; pins that are there stay unless they must move.

    Raises:
        LockError: uv found no solution or no registry.
    """
    command = [
        find_uv_bin(),
        "pip",
        "compile",
        *OPTIONS,
        *(["--no-deps"] if name in WITHOUT_DEPENDENCIES else []),
        f"{name}.in",
        "--output-file",
        f"{name}.txt",
    ]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise LockError(f"requirements/{name}.in: {answer.stderr.strip()}")


def stale(folder: Path) -> list[str]:
    """Return a unified diff for each lock in `folder` that its `.in` file no longer gives."""
    differences: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "requirements"
        shutil.copytree(folder, copy)
        for name in NAMES:
            compile_lock(copy, name)
            old = (folder / f"{name}.txt").read_text().splitlines()
            new = (copy / f"{name}.txt").read_text().splitlines()
            label = f"requirements/{name}.txt"
            diff = difflib.unified_diff(old, new, label, f"{label} (fresh)", lineterm="", n=0)
            differences += ["\n".join(diff)] if old != new else []
    return differences


def main() -> int:
    """Return 0 if all is fresh or written, 1 if a lock is stale or cannot be resolved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if stale")
    check = parser.parse_args().check
    try:
        if not check:
            for name in NAMES:
                compile_lock(FOLDER, name)
            return 0
        differences = stale(FOLDER)
    except LockError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for difference in differences:
        print(difference, file=sys.stderr)
    if differences:
        print("error: locks are stale: run `make lock` and commit the result", file=sys.stderr)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
