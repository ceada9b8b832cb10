"""Fork servers: steps run as in an interpreter of their own, only sooner."""

import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.runner import environments
from emulator.runner.warm import SWITCH, WarmServers
from emulator.runner.warm_server import Server
from tests.emulator.azureml_world import CONDA

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module", name="servers")
def _servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmServers]:
    servers = WarmServers(tmp_path_factory.mktemp("home"))
    yield servers
    servers.stop()


@pytest.fixture(name="run")
def _run(servers: WarmServers, tmp_path: Path) -> Run:
    environment = environments.ensure(CONDA)

    def run(line: str, **variables: str) -> subprocess.CompletedProcess[str]:
        path = f"{environment}/bin{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-c", line],
            cwd=tmp_path,
            env={"HOME": str(tmp_path), **servers.variables(environment, path), **variables},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    return run


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(textwrap.dedent(text))


def forked(run: Run) -> bool:
    """Whether python is a process that the server forked."""
    said = run("python -c 'import os; print(os.getppid())'; echo $$").stdout.split()
    return said[0] != said[1]


def test_a_script_sees_what_it_would_see_alone(run, tmp_path):
    write(tmp_path, "src/helper.py", "WORD = 'helped'\n")
    write(
        tmp_path,
        "src/step.py",
        """
        import os, sys, pickle
        from helper import WORD
        class Thing: pass
        if __name__ == "__main__":
            kind = type(pickle.loads(pickle.dumps(Thing())))
            print(WORD, sys.argv, os.environ["MINE"], kind is Thing, __file__, os.getcwd())
            print("prefix", sys.prefix, sys.executable, sys.path[0])
        """,
    )
    line = "python src/step.py 'a b' --c"
    warm, cold = run(line, MINE="x"), run(line, MINE="x", AZLOCAL_WARM="")
    assert warm.stdout == cold.stdout
    assert warm.stdout.startswith(
        f"helped ['src/step.py', 'a b', '--c'] x True {tmp_path}/src/step.py"
    )
    assert (warm.stderr, warm.returncode) == ("", 0)
    assert forked(run)


@pytest.mark.parametrize(
    "line",
    [
        "python -c 'print(__name__, 1)'",
        "python -u -c 'import sys; print(sys.argv)' a b",
        "python3 -m json.tool --help | head -1",
        "python -m package.inner x",
        "python -c 'import sys; sys.exit(7)'",
        "python -c 'import sys; sys.exit(\"why\")'",
        "python -c 'raise SystemExit'",
        "python -c 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)'",
        "python -c 'import os; os.abort()'",
        "echo text | python -c 'import sys; print(sys.stdin.read())'",
        "python -c 'import sys; print(1, flush=True); sys.stderr.write(\"2\"); print(3)' 2>&1",
        "python --version",
        "python gone.py",
        "cd package && python inner.py && pwd",
    ],
)
def test_results_are_those_of_an_interpreter_of_ones_own(run, tmp_path, line):
    write(tmp_path, "package/__init__.py", "")
    write(tmp_path, "package/inner.py", "import sys; print(__name__, sys.argv[1:])\n")
    warm, cold = run(line, PYTHONUNBUFFERED="1"), run(line, PYTHONUNBUFFERED="1", AZLOCAL_WARM="")
    assert (warm.returncode, warm.stdout) == (cold.returncode, cold.stdout)
    if "gone.py" not in line:
        assert warm.stderr == cold.stderr


def test_an_exception_is_shown_with_its_lines(run, tmp_path):
    write(tmp_path, "bad.py", "def fail():\n    raise ValueError('because')\n\nfail()\n")
    done = run("python bad.py")
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("ValueError: because")
    assert "raise ValueError('because')" in done.stderr


def test_threads_pools_and_processes_come_to_their_end(run, tmp_path):
    write(
        tmp_path,
        "pools.py",
        """
        import atexit, concurrent.futures, multiprocessing, threading, time
        def square(x): return x * x
        if __name__ == "__main__":
            atexit.register(lambda: print("at exit"))
            pool = concurrent.futures.ThreadPoolExecutor(2)
            print(list(pool.map(square, [1, 2])))
            with multiprocessing.get_context("spawn").Pool(1) as others:
                print(others.map(square, [3]))
            threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
            print("main")
        """,
    )
    done = run("python pools.py", PYTHONUNBUFFERED="1")
    assert done.stdout.split("\n")[:5] == ["[1, 4]", "[9]", "main", "thread", "at exit"]
    assert (done.returncode, done.stderr) == (0, "")


def test_what_reads_its_settings_at_the_start_gets_an_interpreter_of_its_own(run):
    show = "python -c 'import os; print(os.getppid())'; echo $$"
    for name in ("PYTHONHASHSEED", "OMP_NUM_THREADS", "PYTHONPATH"):
        said = run(show, **{name: "0"}).stdout.split()
        assert said[0] == said[1], name


def test_what_one_step_imported_is_there_for_the_next(run):
    run("python -c 'import decimal, xml.dom.minidom'")
    show = "python -c 'import sys; print(\"xml.dom.minidom\" in sys.modules)'"
    deadline = time.monotonic() + 10
    while run(show).stdout != "True\n":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_steps_do_not_share_their_chance(run):
    run("python -c 'import random'")
    draws = {run("python -c 'import random; print(random.random())'").stdout for _ in range(5)}
    assert len(draws) == 5


def test_a_killed_step_leaves_nothing_running(run, servers, tmp_path):
    environment = environments.ensure(CONDA)
    path = f"{environment}/bin{os.pathsep}{os.environ['PATH']}"
    line = "python -c 'import os, time; print(os.getpid(), flush=True); time.sleep(60)'"
    with subprocess.Popen(
        ["bash", "-c", f"{line}; true"],
        cwd=tmp_path,
        env=dict(servers.variables(environment, path)),
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as step:
        assert step.stdout is not None
        child = int(step.stdout.readline())
        os.killpg(step.pid, 15)
        step.wait(10)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and "Z" not in _state(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert forked(run)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"


def test_a_module_that_starts_threads_is_never_imported_again(tmp_path, monkeypatch):
    code = "import threading, time\nthreading.Thread(target=time.sleep, args=(1,)).start()\n"
    write(tmp_path, "starts_threads.py", code)
    monkeypatch.syspath_prepend(tmp_path)
    learned = tmp_path / "learned.json"
    server = Server(str(tmp_path / "s"), learned)
    server.learn(["decimal", "starts_threads", "fractions"])
    assert server.tainted
    server.close()
    kept = json.loads(learned.read_text())
    assert kept["banned"] == ["starts_threads"]
    assert "starts_threads" not in kept["modules"]
    sys.modules.pop("starts_threads")
    again = Server(str(tmp_path / "t"), learned)
    again.learn(["starts_threads"])
    again.close()
    assert "starts_threads" not in sys.modules


def test_it_can_be_switched_off(tmp_path, monkeypatch):
    monkeypatch.setenv(SWITCH, "0")
    servers = WarmServers(tmp_path)
    assert servers.variables(environments.ensure(CONDA), "p") == {"PATH": "p"}
    servers.stop()
