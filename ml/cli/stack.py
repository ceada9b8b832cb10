"""Finding the workspace of a stack from what `pulumi up` exported."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ml.errors import PlatformError
from ml.place import Place, from_environment
from ml.release.limits import OUTPUT
from ml.target import Target

PROJECT = "Pulumi.yaml"
ENDPOINT = "endpoint_"
WANTED = ("subscription_id", "resource_group", "workspace")


@dataclass(frozen=True)
class Chosen:
    """What the command line said about where to work."""

    stack: str | None = None
    subscription: str | None = None
    resource_group: str | None = None
    workspace: str | None = None


def find(chosen: Chosen) -> Target:
    """Return the workspace from options, else from the stack, else from a job's variables."""
    given = {
        "--subscription": chosen.subscription,
        "--resource-group": chosen.resource_group,
        "--workspace": chosen.workspace,
    }
    absent = [name for name, value in given.items() if not value]
    if not absent:
        place = Place(*(str(value) for value in given.values()))
        return Target(place, "cpu")
    if len(absent) < len(given):
        raise PlatformError(f"{', '.join(absent)} missing: give all three, or none and --stack")
    if chosen.stack is None:
        if os.environ.get("AZUREML_ARM_WORKSPACE_NAME"):
            return Target(from_environment(), "cpu")
        raise PlatformError(
            "no workspace given: add --stack dev, or --subscription, --resource-group and "
            "--workspace"
        )
    return of_outputs(chosen.stack, outputs(chosen.stack))


def of_outputs(stack: str, found: Mapping[str, object]) -> Target:
    """Read the stack's outputs."""
    if not found:
        raise PlatformError(
            f"stack {stack} has no outputs: nothing is deployed yet; run `make up STACK={stack}`"
        )
    absent = [name for name in WANTED if not isinstance(found.get(name), str)]
    if absent:
        raise PlatformError(
            f"stack {stack} exports no {', '.join(absent)}: it was deployed by another version of "
            f"the platform; run `make up STACK={stack}`"
        )
    place = Place(*(str(found[name]) for name in WANTED))
    key = found.get("verdict_key")
    return Target(
        place,
        str(found.get("cpu_cluster") or "cpu"),
        str(found.get("gate_cluster") or "gate"),
        key if isinstance(key, str) else None,
        {
            name.removeprefix(ENDPOINT): str(value)
            for name, value in found.items()
            if name.startswith(ENDPOINT)
        },
        str(found.get("release_approval") or "required"),
        found.get(OUTPUT),
        stack,
    )


def outputs(stack: str) -> dict[str, object]:
    """Ask Pulumi for the stack's outputs, in the folder that holds the project."""
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise PlatformError(
            "the pulumi command is not on PATH, so the stack's outputs cannot be read: install "
            "Pulumi, or give --subscription, --resource-group and --workspace"
        )
    asked = subprocess.run(  # noqa: PLW1510  the exit code is read below
        [pulumi, "stack", "output", "--json", "--stack", stack, "--non-interactive"],
        cwd=project(Path.cwd()),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if asked.returncode != 0:
        said = asked.stderr.strip() or asked.stdout.strip()
        if "no stack named" in said:
            raise PlatformError(f"there is no stack {stack} here yet; run `make up STACK={stack}`")
        raise PlatformError(f"`pulumi stack output --stack {stack}` failed: {said}")
    found = json.loads(asked.stdout or "{}")
    if not isinstance(found, dict):
        raise PlatformError(f"`pulumi stack output --stack {stack}` gave no object: {found!r}")
    return found


def project(start: Path) -> Path:
    """Return the nearest folder at or above that holds the Pulumi project."""
    for folder in (start, *start.parents):
        if (folder / PROJECT).is_file():
            return folder
    raise PlatformError(f"no {PROJECT} in {start} or above: run this inside the checkout")
