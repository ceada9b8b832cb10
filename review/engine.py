"""Asking the Pulumi engine for a stack: its state if it is deployed, else a preview."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from review.errors import ReviewError
from review.stacks import Stack, of_preview, of_state

PROJECT = "Pulumi.yaml"
SECONDS = 900
_PREVIEW = ("preview", "--json", "--show-sames")


class _NoStackError(ReviewError):
    """The backend does not know the stack."""


def read(stack: str, start: Path) -> Stack:
    """Return a stack's resources; the folder's project and the environment decide where from.

    Neither the stack's file nor the backend are changed: a stack that is not there yet is
    previewed in a backend of its own, which goes away again.
    """
    folder = _project(start)
    try:
        written = _pulumi(folder, "stack", "export", "--stack", stack)
    except _NoStackError as error:
        return _previewed(stack, folder, missing=error)
    exported = of_state(written, f"state of {stack}")
    return exported if exported.resources else _previewed(stack, folder)


def _previewed(stack: str, folder: Path, missing: _NoStackError | None = None) -> Stack:
    short = stack.rpartition("/")[2]
    file = folder / f"Pulumi.{short}.yaml"
    if not file.is_file():
        raise missing or ReviewError(f"stack {stack} is not deployed and has no {file.name}")
    with tempfile.TemporaryDirectory(prefix="review-") as made:
        scratch = Path(made)
        # A preview writes a salt into the stack's file: it gets a copy.
        copy = shutil.copy(file, scratch)
        given: Mapping[str, str] = {}
        if missing:
            given = _own_backend(short, folder, scratch)
            stack = short
        words = (*_PREVIEW, "--stack", stack, "--config-file", str(copy))
        return of_preview(_pulumi(folder, *words, given=given), f"preview of {stack}")


def _own_backend(stack: str, folder: Path, scratch: Path) -> Mapping[str, str]:
    """Make the stack in an empty backend below the scratch folder; return how to reach it."""
    backend = scratch / "state"
    backend.mkdir()
    given = {"PULUMI_BACKEND_URL": f"file://{backend}", "PULUMI_CONFIG_PASSPHRASE": ""}
    # Made beside a copy of the project: `stack init` writes into the stack's file, too.
    shutil.copy(folder / PROJECT, scratch)
    _pulumi(scratch, "stack", "init", stack, "--no-select", given=given)
    return given


def _project(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / PROJECT).is_file():
            return folder
    raise ReviewError(
        f"no {PROJECT} in {start} or above: run this inside the checkout, or give --state or "
        "--preview"
    )


def _pulumi(folder: Path, *words: str, given: Mapping[str, str] | None = None) -> str:
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
            env=os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"} | dict(given or {}),
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
        raise _NoStackError(
            f"there is no stack {name} here and no Pulumi.{name}.yaml; give a stack that has one, "
            "or --state or --preview"
        )
    raise ReviewError(f"`pulumi {words[0]}` failed: {said}")
