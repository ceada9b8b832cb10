"""Where the Pulumi engine is: the user's own on PATH, or the one in the cache folder."""

import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from platformdirs import user_cache_path

# The newest release whose Go module builds without a replace directive of its own; go.mod pins it.
BUILT_VERSION = "3.259.0"
# The release of the Python SDK in requirements/main.in.
DOWNLOADED_VERSION = "3.272.0"
# The oldest command that was seen to drive the locked Python SDK.
OLDEST_VERSION = (3, 259, 0)

CACHE_VARIABLE = "AZURE_MLOPS_CACHE"


class Origin(Enum):
    """How an engine came to this machine."""

    OFFICIAL = "official, on PATH"
    DOWNLOADED = "official, downloaded"
    BUILT = "built from its Go module"


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A usable Pulumi command."""

    command: Path
    version: str
    origin: Origin


def cache_folder() -> Path:
    """Return the per-user folder for what is expensive to get, made when it is missing."""
    chosen = os.environ.get(CACHE_VARIABLE)
    folder = Path(chosen) if chosen else user_cache_path("azure-mlops")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def platform_name() -> str:
    """Return the system and processor in Go's words, for example `linux-amd64`."""
    machine = platform.machine().lower()
    processor = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    return f"{platform.system().lower()}-{processor.get(machine, machine)}"


def engine_folder(version: str, origin: Origin) -> Path:
    """Return where the engine of this version and origin is kept in the cache."""
    return cache_folder() / "engine" / f"{origin.name.lower()}-{version}-{platform_name()}"


def parse_version(text: str) -> tuple[int, int, int] | None:
    """Return the release in the output of `pulumi version`, or None if there is none."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def version_of(command: Path) -> str | None:
    """Ask a Pulumi command for its release; None if it does not run or does not say."""
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [command, "version"],
            capture_output=True,
            text=True,
            timeout=30,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    release = parse_version(answer.stdout) if answer.returncode == 0 else None
    return ".".join(str(part) for part in release) if release else None


def on_path() -> Engine | None:
    """Return the user's own Pulumi command, if PATH has one that is not ours."""
    command = shutil.which("pulumi")
    if command is None or Path(command).resolve().is_relative_to(cache_folder().resolve()):
        return None
    version = version_of(Path(command))
    if version is None:
        return None
    return Engine(command=Path(command), version=version, origin=Origin.OFFICIAL)


def new_enough(engine: Engine) -> bool:
    """Say whether the engine can drive the locked Python SDK."""
    release = parse_version(engine.version)
    return release is not None and release >= OLDEST_VERSION


def in_cache() -> Engine | None:
    """Return the engine in the user's cache folder; a downloaded one before a built one."""
    for version, origin in (
        (DOWNLOADED_VERSION, Origin.DOWNLOADED),
        (BUILT_VERSION, Origin.BUILT),
    ):
        command = engine_folder(version, origin) / "pulumi"
        if command.is_file():
            return Engine(command=command, version=version, origin=origin)
    return None


def find() -> Engine | None:
    """Return the engine to use without getting one: the user's own if it is new enough."""
    own = on_path()
    return own if own is not None and new_enough(own) else in_cache()


def engine_path() -> list[Path]:
    """Return the folders to put first on PATH; empty if this machine has no engine yet."""
    engine = find()
    return [engine.command.parent] if engine else []
