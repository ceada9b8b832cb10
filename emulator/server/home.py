"""The state folder of one local Azure, and what a client needs to know of a running server."""

import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

SUBSCRIPTION_ID = "00000000-0000-0000-0000-0000000a21c0"
TENANT_ID = "00000000-0000-0000-0000-00000000ad00"
DEFAULT_PORT = 7480
VARIABLE = "AZLOCAL_HOME"


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server that listens: its process and its ports on loopback."""

    pid: int
    started: float
    proxy_port: int
    tls_port: int
    plain_port: int

    @property
    def alive(self) -> bool:
        """Whether this very process still lives; a process id may have gone to another one."""
        try:
            process = psutil.Process(self.pid)
            # One that was killed stays a zombie for as long as nobody waits for it.
            ended = process.status() == psutil.STATUS_ZOMBIE
            return not ended and abs(process.create_time() - self.started) < 1
        except psutil.NoSuchProcess:
            return False


class Home:
    """Where a local Azure keeps everything. Nothing in it is needed by a real Azure."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.store = self.folder / "state.db"
        self.blobs = self.folder / "blobs"
        self.certificates = self.folder / "certs"
        self.logs = self.folder / "logs"
        self.pulumi = self.folder / "pulumi"
        self.lock = self.folder / "server.lock"
        self._server = self.folder / "server.json"
        self._secret = self.folder / "secret"

    @classmethod
    def find(cls) -> "Home":
        """Return the folder that AZLOCAL_HOME names, or `.azlocal` of the project around here."""
        named = os.environ.get(VARIABLE)
        if named:
            return cls(Path(named))
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / "Pulumi.yaml").is_file() or (folder / ".git").exists():
                return cls(folder / ".azlocal")
        return cls(here / ".azlocal")

    def prepare(self) -> None:
        """Make the folder, readable by its owner only."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (self.blobs, self.logs, self.pulumi):
            folder.mkdir(exist_ok=True)

    def secret(self, purpose: str) -> bytes:
        """Return a secret of this folder for one purpose, made at first use and kept at 0600."""
        if not self._secret.is_file():
            partial = self._secret.with_suffix(f".{os.getpid()}")
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
            partial.replace(self._secret)
        return hashlib.blake2b(purpose.encode(), key=self._secret.read_bytes()).digest()

    def running(self) -> Running | None:
        """Return the server that lives on this folder; a dead one's file is ignored."""
        try:
            found = Running(**json.loads(self._server.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return found if found.alive else None

    def announce(self, running: Running) -> None:
        """Tell clients where the server listens."""
        partial = self._server.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(running)))
        partial.replace(self._server)

    def withdraw(self) -> None:
        """Forget the server that has stopped."""
        self._server.unlink(missing_ok=True)
