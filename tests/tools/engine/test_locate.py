"""Which engine is used: the user's own before ours, and never one that is too old."""

from pathlib import Path

import pytest

from tools.engine import locate
from tools.engine.locate import Origin


def put_in_cache(version: str, origin: Origin) -> Path:
    command = locate.engine_folder(version, origin) / "pulumi"
    command.parent.mkdir(parents=True)
    command.write_text("")
    return command


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("v3.259.0\n", (3, 259, 0)),
        ("3.272.1", (3, 272, 1)),
        ("v3.300.0-alpha.1", (3, 300, 0)),
        ("", None),
        ("warning: no version", None),
    ],
)
def test_a_release_is_read_from_what_the_command_prints(text, release):
    assert locate.parse_version(text) == release


def test_without_any_engine_nothing_is_found():
    assert locate.find() is None
    assert locate.engine_path() == []


def test_the_official_command_on_path_wins_over_the_cache(put_command):
    put_in_cache(locate.BUILT_VERSION, Origin.BUILT)
    official = put_command("pulumi", "v3.280.1")
    engine = locate.find()
    assert engine is not None
    assert (engine.command, engine.version, engine.origin) == (official, "3.280.1", Origin.OFFICIAL)
    assert locate.engine_path() == [official.parent]


@pytest.mark.parametrize(("printed", "code"), [("v3.100.0", 0), ("v3.280.1", 1), ("nonsense", 0)])
def test_an_old_or_broken_command_on_path_is_passed_over(put_command, printed, code):
    built = put_in_cache(locate.BUILT_VERSION, Origin.BUILT)
    put_command("pulumi", printed, code)
    engine = locate.find()
    assert engine is not None
    assert engine.command == built


def test_a_downloaded_engine_wins_over_a_built_one():
    put_in_cache(locate.BUILT_VERSION, Origin.BUILT)
    downloaded = put_in_cache(locate.DOWNLOADED_VERSION, Origin.DOWNLOADED)
    engine = locate.find()
    assert engine is not None
    assert engine.command == downloaded


def test_our_own_engine_on_path_is_not_taken_for_the_users(monkeypatch):
    built = put_in_cache(locate.BUILT_VERSION, Origin.BUILT)
    built.write_text("#!/bin/sh\necho v3.999.0\n")
    built.chmod(0o755)
    monkeypatch.setenv("PATH", f"{built.parent}:/usr/bin:/bin")
    assert locate.on_path() is None
