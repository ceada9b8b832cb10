"""Get an engine on a machine that has none: download, else build, one at a time."""

import os
import sys
from pathlib import Path

from filelock import FileLock, Timeout

from tools.engine import build, download, locate


class NoEngineError(Exception):
    """Neither the download nor the build gave an engine."""


def obtain() -> locate.Engine:
    """Return a usable engine, getting one first where the machine has none.

    Raises:
        NoEngineError: with what was tried and what to do.
    """
    own = locate.on_path()
    if own is not None and not locate.new_enough(own):
        oldest = ".".join(str(part) for part in locate.OLDEST_VERSION)
        print(f"pulumi {own.version} on PATH is older than {oldest}: not used", file=sys.stderr)
    found = locate.find()
    if found is not None:
        return _with_host(found)
    lock = FileLock(locate.cache_folder() / "engine.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print("Another process is getting the Pulumi engine: waiting for it", file=sys.stderr)
        lock.acquire()
    try:
        return _with_host(locate.find() or _get())
    finally:
        lock.release()


def _get() -> locate.Engine:
    try:
        return download.download()
    except download.DownloadError as failed:
        reason = str(failed)
        print(f"The official Pulumi release cannot be had here ({reason})", file=sys.stderr)
    try:
        return build.build()
    except build.BuildError as failed:
        raise NoEngineError(
            "no Pulumi engine: the download failed "
            f"({reason}), and so did the build:\n{failed}\n"
            "Install the Pulumi CLI (https://www.pulumi.com/docs/install/) so that `pulumi` is on "
            "PATH, or make the Go module proxy reachable, and run make again."
        ) from failed


HOST = Path(__file__).with_name("language_host.py")
# The engine looks for its language hosts beside its own command, by this name. `python3` is what
# PATH says, as it is for the official host: `azlocal exec` puts the checkout's environment first.
LAUNCHER = """#!/bin/sh
exec python3 "$(dirname "$0")/language_host.py" "$@"
"""


def _with_host(engine: locate.Engine) -> locate.Engine:
    """Put this checkout's language host beside a built engine; the official one has its own."""
    if engine.origin is locate.Origin.BUILT:
        folder = engine.command.parent
        _write(folder / HOST.name, HOST.read_text())
        _write(folder / "pulumi-language-python", LAUNCHER)
    return engine


def _write(target: Path, text: str) -> None:
    """Write a script unless it is there already; never half of it, for an engine may be running."""
    if target.is_file() and target.read_text() == text:
        return
    partial = target.with_suffix(f".{os.getpid()}")
    partial.write_text(text)
    partial.chmod(0o755)
    partial.replace(target)
