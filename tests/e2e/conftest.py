"""A local Azure with dev on it, shared by the end-to-end tests; commands as users type them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
COMMITTER = ("-c", "user.name=tests", "-c", "user.email=tests@example.com")


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str

    def ok(self) -> "Ran":
        assert self.code == 0, self.out
        return self


@dataclass(frozen=True)
class Shell:
    """A shell in a project folder, pointed at one local Azure."""

    home: Path
    folder: Path

    def run(self, *words: str | Path, timeout: float = 240, **environment: str) -> Ran:
        """Run a command with both outputs in one text."""
        answer = subprocess.run(
            [str(word) for word in words],
            cwd=self.folder,
            env=self.environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Ran(answer.returncode, answer.stdout)

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a fresh shell: no engine settings of this machine's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
        return kept | {"AZLOCAL_HOME": str(self.home), "NO_COLOR": "1"} | more

    def azlocal(self, *words: str, timeout: float = 240) -> Ran:
        return self.run(BIN / "azlocal", *words, timeout=timeout)

    def pulumi(self, *words: str, timeout: float = 240) -> Ran:
        return self.azlocal("exec", "--", "pulumi", *words, timeout=timeout)

    def up(self, stack: str = "dev") -> Ran:
        return self.pulumi("up", "--yes", "--stack", stack, "--policy-pack", "policies")

    def mlops(self, *words: str, timeout: float = 240) -> Ran:
        return self.azlocal("exec", "--", str(BIN / "mlops"), *words, timeout=timeout)

    def resources(self) -> list[dict]:
        """Return every ARM resource of the local Azure."""
        answer = subprocess.run(
            [BIN / "azlocal", "resources", "--json"],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(answer.stdout)

    def elsewhere(self, folder: Path) -> "Shell":
        return Shell(self.home, folder)


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A started local Azure, empty."""
    shell = Shell(tmp_path_factory.mktemp("azure") / "home", ROOT)
    shell.azlocal("start", "--port", "0").ok()
    yield shell
    shell.azlocal("stop").ok()


@pytest.fixture(scope="session")
def platform(azure: Shell, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """The same local Azure with dev deployed, policies and all, from a checkout of its own."""
    folder = copy_of_project(tmp_path_factory.mktemp("platform") / "project")
    committed = (*COMMITTER, "commit", "--quiet", "--message", "As it is")
    for words in (("init", "--quiet"), ("add", "--all"), committed):
        subprocess.run(["git", "-C", folder, *words], check=True)
    shell = azure.elsewhere(folder)
    shell.up().ok()
    return shell


@pytest.fixture(scope="session")
def trained(platform: Shell) -> Ran:
    """One training run on dev, waited for."""
    return platform.mlops("train", "--stack", "dev", timeout=420).ok()


def copy_of_project(folder: Path) -> Path:
    """Return a folder with the platform's program and stack files of its own.

    Pulumi writes into stack files while it runs: who shares a folder shares them.
    """
    folder.mkdir()
    for file in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(file, folder)
    for name in ("infra", "policies", ".venv"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture
def project(azure: Shell, tmp_path: Path) -> Shell:
    """The platform's program with stack files of its own, so that a test may spoil them."""
    return azure.elsewhere(copy_of_project(tmp_path / "project"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Look at the platform as it was deployed before anything is released or sent there."""
    items.sort(key=lambda item: item.path.name != "test_platform.py")
