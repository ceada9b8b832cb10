"""Asking the Pulumi engine for a stack: its state if it is deployed, else a preview."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from review.errors import ReviewError
from review.stacks import Stack, of_preview, of_state

PROJECT = "Pulumi.yaml"
SECONDS = 900


def read(stack: str, start: Path) -> Stack:
    """Return a stack's resources; the folder's project and the environment decide where from."""
    folder = _project(start)
    exported = of_state(_pulumi(folder, "stack", "export", "--stack", stack), f"state of {stack}")
    if exported.resources:
        return exported
    return _previewed(stack, folder)


def _previewed(stack: str, folder: Path) -> Stack:
    words = ["preview", "--json", "--show-sames", "--stack", stack]
    file = folder / f"Pulumi.{stack.rpartition('/')[2]}.yaml"
    if not file.is_file():
        raise ReviewError(
            f"stack {stack} is not deployed and has no {file.name} to preview it with"
        )
    with tempfile.TemporaryDirectory() as copies:
        # A preview writes a salt into the stack's file: a review shall leave no trace there.
        copy = shutil.copy(file, copies)
        return of_preview(_pulumi(folder, *words, "--config-file", copy), f"preview of {stack}")


def _project(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / PROJECT).is_file():
            return folder
    raise ReviewError(
        f"no {PROJECT} in {start} or above: run this inside the checkout, or give --state or "
        "--preview"
    )


def _pulumi(folder: Path, *words: str) -> str:
    program = shutil.which("pulumi")
    if program is None:
        raise ReviewError(
            "the pulumi command is not on PATH, so the stack cannot be read: install Pulumi, or "
            "give --state or --preview"
        )
    try:
        ran = subprocess.run(
            [program, *words, "--non-interactive"],
            cwd=folder,
            env=os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ReviewError(f"`pulumi {' '.join(words)}` took over {SECONDS} s; stopped it") from None
    if ran.returncode == 0:
        return ran.stdout
    said = (ran.stderr.strip() or ran.stdout.strip())[-2000:]
    if "no stack named" in said:
        name = words[words.index("--stack") + 1]
        raise ReviewError(
            f"there is no stack {name} here: make it with `pulumi stack init {name}`, or give "
            "--state or --preview"
        )
    raise ReviewError(f"`pulumi {words[0]}` failed: {said}")
