"""Virtual environments for steps, made by uv from a conda file, kept in the user's cache."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock
import platformdirs

from emulator.runner import conda
from emulator.runner.conda import CondaFile, EnvironmentRefusedError

Say = Callable[[str], None]
SERIES = f"{sys.version_info.major}.{sys.version_info.minor}"
# A build downloads what the environment lists; an hour means that something hangs.
_BUILD_LIMIT_SECONDS = 3600
_LOCAL_PROXIES = ("127.0.0.1", "localhost", "[::1]")


class EnvironmentBuildError(RuntimeError):
    """uv could not make the environment; the message ends with what it said."""


def cache_folder() -> Path:
    """Where environments are kept, shared by all projects of this user."""
    return platformdirs.user_cache_path("azlocal", appauthor=False) / "environments"


def find(conda_text: str) -> Path | None:
    """The environment when it is there already."""
    target = cache_folder() / conda.read(conda_text, SERIES).digest(SERIES)
    return target if _complete(target) else None


def ensure(conda_text: str, say: Say | None = None) -> Path:
    """The environment for a conda file, built when it is not there; two callers build it once."""
    tell = say or _silent
    wanted = conda.read(conda_text, SERIES)
    target = cache_folder() / wanted.digest(SERIES)
    if _complete(target):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(target.with_suffix(".lock")):
        if not _complete(target):
            _build(wanted, target, tell)
    return target


def python(environment: Path) -> Path:
    """The interpreter of an environment."""
    return environment / "bin" / "python"


def _silent(_line: str) -> None:
    """Nobody listens."""


def _complete(target: Path) -> bool:
    # The folder appears by one rename when it is whole; its interpreter may be gone since.
    return python(target).exists()


def _build(wanted: CondaFile, target: Path, say: Say) -> None:
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="building-") as folder:
        made = Path(folder) / "environment"
        say(f"making the environment {target.name} with {len(wanted.requirements)} requirements")
        if not wanted.pinned:
            say(
                "warning: not every requirement names one version, so the result depends on the day"
            )
        _run(["venv", "--relocatable", "--python", sys.executable, str(made)], say)
        if wanted.requirements:
            lines = Path(folder) / "requirements.txt"
            lines.write_text("\n".join(wanted.requirements) + "\n", encoding="utf-8")
            _install(
                wanted,
                [
                    "pip",
                    "install",
                    "--python",
                    str(python(made)),
                    "-r",
                    str(lines),
                ],
                say,
            )
        made.rename(target)
        say("the environment is ready")


def _install(wanted: CondaFile, command: list[str], say: Say) -> None:
    """Install from uv's cache when versions are fixed and it has them, else from the index."""
    if wanted.pinned:
        try:
            _run([*command, "--offline"], _silent)
        except EnvironmentBuildError:
            say("not all of it is in uv's cache: downloading")
        else:
            say("installed from uv's cache")
            return
    try:
        _run(command, say)
    except EnvironmentBuildError as online:
        if wanted.pinned:
            raise
        try:
            _run([*command, "--offline"], say)
        except EnvironmentBuildError as offline:
            raise online from offline
        say("the package index cannot be reached: installed from uv's cache")


def _run(arguments: list[str], say: Say) -> None:
    command = [_uv(), *arguments, "--no-progress"]
    tail: list[str] = []
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(_environment()),
        stdin=subprocess.DEVNULL,
    ) as process:
        for line in process.stdout or ():
            say(line.rstrip())
            tail = [*tail[-19:], line.rstrip()]
        code = process.wait(_BUILD_LIMIT_SECONDS)
    if code != 0:
        msg = "\n".join([f"`uv {' '.join(arguments[:2])}` ended with {code}:", *tail])
        raise EnvironmentBuildError(msg)


def _environment() -> Iterator[tuple[str, str]]:
    """Our environment without the local Azure's proxy, which would refuse the package index.

    Steps are many short processes: what they import is compiled once, when it is installed.
    """
    yield "UV_COMPILE_BYTECODE", "1"
    for name, value in os.environ.items():
        upper = name.upper()
        if upper in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY") and any(
            host in value for host in _LOCAL_PROXIES
        ):
            continue
        if upper in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"):
            continue
        yield name, value


def _uv() -> str:
    try:
        import uv  # noqa: PLC0415  optional: a machine may have uv on PATH instead
    except ImportError:
        found = shutil.which("uv")
    else:
        found = uv.find_uv_bin()
    if found is None:
        msg = "uv was not found; install it with `pip install uv` or put it on PATH"
        raise EnvironmentRefusedError(msg)
    return found
