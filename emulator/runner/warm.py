"""The fork servers of a local Azure: one for each environment, started with its first step."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

from emulator.runner import processes, warm_server
from emulator.runner.environments import python

_SERVER = Path(str(warm_server.__file__))
_STARTER = _SERVER.with_name("warm_python.py")
_NAMES = ("python", "python3")
# Set to 0, every step starts an interpreter of its own.
SWITCH = "AZLOCAL_WARM"


class WarmServers:
    """Starts fork servers, and gives steps the variables that lead to them."""

    def __init__(self, home: Path) -> None:
        self._home = home / "warm"
        self._servers: dict[Path, tuple[subprocess.Popen[bytes], Path]] = {}
        self._lock = threading.Lock()
        # The names of sockets are short, wherever the home is.
        self._sockets = Path(tempfile.mkdtemp(prefix="azlocal-"))
        self._on = os.environ.get(SWITCH, "1") != "0"

    def variables(self, environment: Path, path: str) -> Mapping[str, str]:
        """What a step of an environment needs so that its interpreter comes from the server."""
        if not self._on:
            return {"PATH": path}
        with self._lock:
            found = self._servers.get(environment)
            if found is None or found[0].poll() is not None:
                found = self._servers[environment] = self._start(environment)
        starters = self._home / environment.name / "bin"
        return {
            "PATH": f"{starters}{os.pathsep}{path}",
            "AZLOCAL_PYTHON": str(python(environment)),
            "AZLOCAL_WARM": str(found[1]),
        }

    def stop(self) -> None:
        """End all servers."""
        with self._lock:
            for server, _address in self._servers.values():
                processes.end_group(server.pid, 0.5)
                server.wait()
            self._servers.clear()
        shutil.rmtree(self._sockets, ignore_errors=True)

    def _start(self, environment: Path) -> tuple[subprocess.Popen[bytes], Path]:
        folder = self._home / environment.name
        self._write_starters(environment, folder / "bin")
        address = self._sockets / f"{environment.name[:16]}"
        address.unlink(missing_ok=True)
        learned = folder / "learned.json"
        kept = {
            key: os.environ[key]
            for key in ("HOME", "LANG", "LC_ALL", "TZ", "PATH")
            if key in os.environ
        }
        with (folder / "server.log").open("ab") as log:
            server = subprocess.Popen(
                [str(python(environment)), str(_SERVER), str(address), str(learned)],
                cwd=folder,
                env={**kept, "VIRTUAL_ENV": str(environment)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        return server, address

    @staticmethod
    def _write_starters(environment: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # -I and -S: nothing but the standard library, in a few milliseconds
        text = f"#!{python(environment)} -IS\n{_STARTER.read_text(encoding='utf-8')}"
        for name in _NAMES:
            partial = folder / f"{name}.partial"
            partial.write_text(text, encoding="utf-8")
            partial.chmod(0o755)
            partial.replace(folder / name)
