"""Pulumi stacks under `azlocal exec`: made when missing, and their files left as they were."""

import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import yaml

from emulator.server.home import Home

SALT = "encryptionsalt"
# Commands that make or remove stacks themselves, or need none.
_OWN_WAY = {"new", "login", "logout", "version", "plugin", "about", "help", "schema", "policy"}


class StackError(Exception):
    """The stack cannot be used; the message says what there is."""


def project_folder(words: Sequence[str], start: Path) -> Path | None:
    """Return the folder with Pulumi.yaml that a command line of pulumi is about."""
    chosen = option(words, "-C", "--cwd")
    folder = (start / chosen if chosen else start).resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / "Pulumi.yaml").is_file():
            return candidate
    return None


def option(words: Sequence[str], short: str, long: str) -> str | None:
    """Return the value of an option: `-s dev`, `-sdev`, `--stack dev` or `--stack=dev`."""
    for word, following in zip(words, [*words[1:], None], strict=True):
        if word in {short, long}:
            return following
        if word.startswith(f"{long}="):
            return word.partition("=")[2]
        if word.startswith(short) and not word.startswith("--"):
            return word[len(short) :]
    return None


def ensure(home: Home, folder: Path, words: Sequence[str], environment: Mapping[str, str]) -> None:
    """Make the stack that the command names, if it has a stack file and is not there yet.

    Raises:
        StackError: it has no stack file either, or cannot be made.
    """
    name = option(words, "-s", "--stack") or environment.get("PULUMI_STACK")
    if not name or not words or words[0] in _OWN_WAY or words[:2] == ["stack", "init"]:
        return
    short = name.rpartition("/")[2]
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())["name"]
    state = home.pulumi / ".pulumi" / "stacks" / project
    if any((state / f"{short}.json{ending}").exists() for ending in ("", ".gz", ".zst")):
        return
    if not (folder / f"Pulumi.{short}.yaml").is_file():
        files = sorted(folder.glob("Pulumi.*.yaml"))
        known = ", ".join(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files)
        raise StackError(f"no stack {short!r}: {folder} has stack files for {known or 'none'}")
    made = subprocess.run(
        ["pulumi", "stack", "init", short, "--non-interactive", "--no-select"],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise StackError(f"stack {short!r} cannot be made: {made.stderr.strip()}")


class StackFiles:
    """Keeps the stack files of a project as they are in version control.

    Pulumi's passphrase provider writes `encryptionsalt` into a stack's file. The state has the salt
    too, so it is taken out again, unless the file holds secrets that need it. A copy in the state
    folder lets the next command mend what a killed one left.
    """

    def __init__(self, home: Home, folder: Path) -> None:
        self._folder = folder
        self._copies = (
            home.folder / "stack-files" / hashlib.sha256(str(folder).encode()).hexdigest()
        )

    def __enter__(self) -> Self:
        self._mend()
        self._copies.mkdir(parents=True, exist_ok=True)
        for file in self._folder.glob("Pulumi.*.yaml"):
            (self._copies / file.name).write_bytes(file.read_bytes())
        return self

    def __exit__(self, *_: object) -> None:
        self._mend()

    def _mend(self) -> None:
        for copy in self._copies.glob("Pulumi.*.yaml"):
            file = self._folder / copy.name
            if file.is_file() and only_salted(copy.read_bytes(), file.read_bytes()):
                file.write_bytes(copy.read_bytes())


def only_salted(before: bytes, after: bytes) -> bool:
    """Say whether a stack file differs by a new `encryptionsalt` alone, and holds no secret."""
    if before == after or SALT.encode() in before or b"secure:" in after:
        return False
    old, new = yaml.safe_load(before) or {}, yaml.safe_load(after) or {}
    salted = new.pop(SALT, None) is not None
    return salted and _plain(old or {"config": {}}) == _plain(new or {"config": {}})


def _plain(value: object) -> object:
    """Return a value with scalars as text: Pulumi writes a `true` of a string key as `"true"`."""
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
