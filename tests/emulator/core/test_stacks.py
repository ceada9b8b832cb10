"""Stack files stay as they are in version control, even when a command was killed."""

import pytest

from emulator.cli import stacks
from emulator.server.home import Home

BEFORE = b"# a comment\nconfig:\n  mlops:flag: true\n  mlops:count: 3\n"
SALTED = b'config:\n  mlops:flag: "true"\n  mlops:count: "3"\nencryptionsalt: v1:abc=\n'


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (BEFORE, SALTED, True),
        (b"", b"encryptionsalt: v1:abc=\n", True),
        (b"config: {}\n", b"encryptionsalt: v1:abc=\n", True),
        (BEFORE, BEFORE, False),
        (BEFORE, SALTED.replace(b'"3"', b'"4"'), False),
        (BEFORE, SALTED + b"secretsprovider: x\n", False),
        (BEFORE, b"config:\n  mlops:key:\n    secure: x\nencryptionsalt: v1:abc=\n", False),
        (SALTED, SALTED.replace(b"abc", b"def"), False),
    ],
)
def test_only_a_new_salt_is_taken_back(before, after, expected):
    assert stacks.only_salted(before, after) is expected


def test_the_file_is_restored_after_the_command(tmp_path):
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_bytes(BEFORE)
    with stacks.StackFiles(Home(tmp_path / "home"), tmp_path):
        file.write_bytes(SALTED)
    assert file.read_bytes() == BEFORE


def test_what_a_killed_command_left_is_mended_by_the_next(tmp_path):
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_bytes(BEFORE)
    home = Home(tmp_path / "home")
    stacks.StackFiles(home, tmp_path).__enter__()
    file.write_bytes(SALTED)  # and the process is killed here
    with stacks.StackFiles(home, tmp_path):
        assert file.read_bytes() == BEFORE


def test_a_users_own_change_stays(tmp_path):
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_bytes(BEFORE)
    with stacks.StackFiles(Home(tmp_path / "home"), tmp_path):
        file.write_bytes(b"config:\n  mlops:flag: false\n")
    assert file.read_bytes() == b"config:\n  mlops:flag: false\n"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["up", "-s", "dev"], "dev"),
        (["up", "--stack", "dev", "--yes"], "dev"),
        (["up", "--stack=dev"], "dev"),
        (["up", "-sdev"], "dev"),
        (["up", "--yes"], None),
        (["up", "--skip-preview"], None),
        (["up", "-s"], None),
    ],
)
def test_the_stack_is_read_from_the_command_line(words, name):
    assert stacks.option(words, "-s", "--stack") == name


def test_a_stack_without_a_file_is_refused_with_the_known_ones(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    for name in ("dev", "prod"):
        (tmp_path / f"Pulumi.{name}.yaml").write_text("config: {}\n")
    home = Home(tmp_path / "home")
    with pytest.raises(stacks.StackError, match=r"no stack 'nope': .* for dev, prod"):
        stacks.ensure(home, tmp_path, ["up", "-s", "nope"], {})
