"""Instances as processes: started, restarted, scaled, ended; a small server stands for gunicorn."""

import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from emulator.runner.identity import Grant
from emulator.serving.fleet import Fleet, Live, Wanted
from emulator.serving.package import Package
from emulator.serving.scorer import NotReadyError, patience

KEY = ("/endpoint", "blue")
SERVER = """#!{python} -S
import http.server
import os
import sys
if os.environ.get("FAILS"):
    sys.exit(3)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()
    def log_message(self, *words):
        pass
port = int(sys.argv[sys.argv.index("--bind") + 1].rpartition(":")[2])
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


class Nobody:
    """Grants no tokens."""

    @contextmanager
    def granted(self, grant: Grant):
        assert grant.principals == ()
        yield {}


@pytest.fixture
def fleet(tmp_path):
    found = Fleet(tmp_path, cast("Any", Nobody()))
    yield found
    found.stop_all()


@pytest.fixture
def package(tmp_path: Path) -> Package:
    folder = tmp_path / "serving" / "flights" / "blue" / "op"
    (folder / "code").mkdir(parents=True)
    python = tmp_path / "environment" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(SERVER.format(python=sys.executable))
    python.chmod(0o755)
    return Package(
        folder, tmp_path / "environment", "score.py", {"PATH": "/usr/bin:/bin"}, Grant(())
    )


def wanted(count: int = 1, *, blocked: bool = False, limit: float = 20, **variables: str) -> Wanted:
    return Wanted(
        count=count,
        patience=limit,
        variables=variables,
        blocked=lambda: blocked,
        at_end=None,
    )


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


def live(fleet: Fleet) -> Live:
    found = fleet.get(KEY)
    assert found is not None
    return found


def test_instances_take_turns(fleet, package):
    fleet.start(KEY, package, wanted(2))
    asked = [live(fleet).next() for _ in range(4)]
    assert [one.id for one in asked if one] == ["instance-2", "instance-1"] * 2


def test_an_instance_that_is_killed_is_started_again(fleet, package):
    fleet.start(KEY, package, wanted())
    first = live(fleet).next()
    assert first is not None
    psutil.Process(first.process.pid).kill()
    first.process.wait()
    assert live(fleet).next() is None
    assert eventually(lambda: live(fleet).next() is not None)
    assert live(fleet).restarts == 1


def test_more_and_fewer_instances_come_and_go(fleet, package):
    fleet.start(KEY, package, wanted())
    fleet.scale(KEY, 3)
    assert eventually(lambda: len([one for one in live(fleet).scorers if one.ready]) == 3)
    fleet.scale(KEY, 1)
    assert eventually(lambda: len(live(fleet).scorers) == 1)


def test_one_that_ends_at_once_says_so_and_leaves_nothing(fleet, package):
    with pytest.raises(NotReadyError, match="ended with 3 before it was ready"):
        fleet.start(KEY, package, wanted(FAILS="yes"))
    assert fleet.get(KEY) is None
    assert not package.folder.exists()


def test_one_that_never_gets_ready_is_given_up(fleet, package):
    with pytest.raises(NotReadyError, match=r"readiness probe within 0\.3 s"):
        fleet.start(KEY, package, wanted(blocked=True, limit=0.3))
    assert fleet.get(KEY) is None


def test_what_a_killed_server_left_running_is_ended_by_the_next(tmp_path, package):
    first = Fleet(tmp_path, cast("Any", Nobody()))
    first.start(KEY, package, wanted())
    process = live(first).scorers[0].process
    first._ended.set()  # as if it had been killed: nobody ends its scorers
    first._watcher.join()
    second = Fleet(tmp_path, cast("Any", Nobody()))
    assert process.wait(10) is not None
    second.stop_all()


def test_patience_follows_the_readiness_probe():
    assert patience({"initialDelay": "PT5S", "period": "PT2S", "failureThreshold": 3}) == 11
    assert patience(None) == 310
