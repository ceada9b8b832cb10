"""Fixtures that keep the tests of the engine away from this machine's own engine."""

from pathlib import Path

import pytest

from tools.engine import locate


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder and a PATH without any engine."""
    folder = tmp_path / "cache"
    monkeypatch.setenv(locate.CACHE_VARIABLE, str(folder))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return folder


@pytest.fixture
def put_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a script on PATH that prints a text and exits with a code."""

    def put(name: str, text: str, code: int = 0) -> Path:
        folder = tmp_path / "path"
        folder.mkdir(exist_ok=True)
        command = folder / name
        command.write_text(f"#!/bin/sh\necho '{text}'\nexit {code}\n")
        command.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        return command

    return put
