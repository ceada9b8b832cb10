"""A fork server: an interpreter of a step's environment that has imported what steps import.

`python warm_server.py SOCKET LEARNED`: each request is forked into a process that is as if the
interpreter had been started anew, but for the imports. It runs in the step's environment, so it
imports nothing of ours. What a step imported is told by its process when it ends, and imported
here for those that come after it.
"""

import array
import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import selectors
import signal
import socket
import struct
import sys
import threading
import time
import types
from pathlib import Path

# One that nobody has asked for anything goes, and with it what it has in memory.
IDLE_SECONDS = 900.0
_OWN = frozenset({"__main__", "__mp_main__"})


class _Forked(Exception):  # noqa: N818  no error: it unwinds the server's loop in the child
    """We are the process of a step now."""

    def __init__(self, request: dict, address: str) -> None:
        super().__init__()
        self.request, self.address = request, address


def receive(connection: socket.socket) -> tuple[dict, list[int]]:
    """A message with its length before it, and the descriptors that came with it."""
    descriptors = array.array("i")
    space = socket.CMSG_LEN(3 * descriptors.itemsize)
    data, ancillary, _flags, _address = connection.recvmsg(4, space)
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            whole = len(content) - len(content) % descriptors.itemsize
            descriptors.frombytes(content[:whole])
    while len(data) < 4:
        data += connection.recv(4 - len(data)) or _gone()
    (length,) = struct.unpack("!I", data)
    body = b""
    while len(body) < length:
        body += connection.recv(min(65536, length - len(body))) or _gone()
    return json.loads(body), list(descriptors)


def _gone() -> bytes:
    raise ConnectionResetError("the other side is gone")


class Server:
    """Takes requests one by one, and waits for the processes that it forked."""

    def __init__(self, address: str, learned: Path) -> None:
        self._address, self._learned = address, learned
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(address)
        self._listener.listen(64)
        self._children: dict[int, socket.socket] = {}
        self._banned: set[str] = set()
        self.tainted = False
        if learned.is_file():
            kept = json.loads(learned.read_text())
            self._banned = set(kept["banned"])
            self.learn(kept["modules"])
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of what was opened; nobody is served any more."""
        self._listener.close()
        for end in (self._reader, self._writer):
            os.close(end)

    def serve(self) -> None:
        """Serve until nobody asks any more, or whoever started us is gone."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._writer)
        parent, asked = os.getppid(), time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._reader, selectors.EVENT_READ)
            while os.getppid() == parent:
                for key, _events in selector.select(1.0):
                    if key.fileobj is self._listener:
                        asked = time.monotonic()
                        self._accept()
                    else:
                        with contextlib.suppress(BlockingIOError):
                            os.read(self._reader, 4096)
                self._reap()
                if self.tainted and not self._children:
                    Path(self._address).unlink()
                    os.execv(sys.executable, [sys.executable, __file__, *sys.argv[1:]])
                if time.monotonic() - asked > IDLE_SECONDS and not self._children:
                    return

    def _accept(self) -> None:
        connection, _address = self._listener.accept()
        try:
            request, descriptors = receive(connection)
        except (ConnectionError, ValueError):
            connection.close()
            return
        if "learned" in request:
            connection.close()
            self.learn(request["learned"])
            return
        if self.tainted:
            connection.close()  # who asks starts an interpreter of its own
            for descriptor in descriptors:
                os.close(descriptor)
            return
        gc.freeze()  # what is shared with the step is not written to by its collections
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._listener.close()
            connection.close()
            for other in self._children.values():
                other.close()
            for target, descriptor in enumerate(descriptors):
                os.dup2(descriptor, target)
                os.close(descriptor)
            raise _Forked(request, self._address)
        for descriptor in descriptors:
            os.close(descriptor)
        connection.sendall(b"+")
        self._children[pid] = connection

    def _reap(self) -> None:
        for pid in list(self._children):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                connection = self._children.pop(pid)
                with contextlib.suppress(OSError):
                    connection.sendall(struct.pack("!i", os.waitstatus_to_exitcode(status)))
                connection.close()

    def learn(self, modules: list[str]) -> None:
        """Import what a step imported, at once: a step that waits for it would import it too.

        A process with threads cannot be forked safely: what starts any is not imported again, and
        the server begins anew.
        """
        for name in modules:
            if name in sys.modules or name.partition(".")[0] in self._banned:
                continue
            # whatever it is that cannot be imported here, a step will say it
            with contextlib.suppress(Exception):
                importlib.import_module(name)
            if threading.active_count() > 1:
                self._banned.add(name.partition(".")[0])
                self.tainted = True
                break
        self._keep()

    def _keep(self) -> None:
        modules = [n for n in _installed() if n.partition(".")[0] not in self._banned]
        partial = self._learned.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps({"modules": modules, "banned": sorted(self._banned)}))
        partial.replace(self._learned)


def _installed() -> list[str]:
    """The modules that are loaded and belong to the environment, in the order of their import."""
    base = (sys.prefix, sys.base_prefix)
    found = []
    for name, module in list(sys.modules.items()):
        origin = getattr(getattr(module, "__spec__", None), "origin", None) or ""
        if name not in _OWN and (origin in ("built-in", "frozen") or origin.startswith(base)):
            found.append(name)
    return found


def _unbuffered(descriptor: int, errors: str) -> io.TextIOWrapper:
    """A stream that keeps nothing back, as the interpreter makes it when it is told so."""
    raw = io.FileIO(descriptor, "w", closefd=False)
    encoding = sys.stdout.encoding
    # the interpreter too has no buffer there, whatever the types say
    return io.TextIOWrapper(raw, encoding, errors, line_buffering=True, write_through=True)


def become(request: dict) -> None:
    """Take over what a new interpreter would have got from whoever started it."""
    os.setpgid(0, request["group"])
    os.umask(request["umask"])
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    if "PYTHONUNBUFFERED" in os.environ:
        sys.stdout = sys.__stdout__ = _unbuffered(1, "strict")
        sys.stderr = sys.__stderr__ = _unbuffered(2, "backslashreplace")
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
    importlib.invalidate_caches()


def run(arguments: list[str]) -> None:
    """Run a script, a module (-m) or a line of code (-c) as the interpreter does."""
    import runpy  # noqa: PLC0415  as late as the interpreter itself does

    first, *rest = arguments
    if first == "-m":
        sys.argv = rest
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        return
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    if first == "-c":
        sys.argv = ["-c", *rest[1:]]
        sys.path.insert(0, "")
        code = compile(rest[0], "<string>", "exec")
    else:
        sys.argv = arguments
        sys.path.insert(0, str(Path(first).resolve().parent))
        main.__file__ = str(Path(first).absolute())
        code = compile(Path(first).read_bytes(), main.__file__, "exec")
    exec(code, main.__dict__)  # noqa: S102  it is an interpreter


def _ended(arguments: list[str]) -> int:
    """Run to the end, with all that an interpreter does there but freeing its memory."""
    code = 0
    try:
        run(arguments)
    except SystemExit as asked:
        code = asked.code if isinstance(asked.code, int) else int(asked.code is not None)
        if asked.code is not None and not isinstance(asked.code, int):
            sys.stderr.write(f"{asked.code}\n")
    except BaseException as error:  # noqa: BLE001  shown as an interpreter shows it
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    # tells pools that it is over, and waits for threads, as the interpreter's own end does
    getattr(threading, "_shutdown")()  # noqa: B009  it has no public name
    atexit._run_exitfuncs()  # noqa: SLF001  there is no other way to them
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    return code & 0xFF


def _tell(address: str) -> None:
    """Tell the server what was imported, if it is still there."""
    body = json.dumps({"learned": _installed()}).encode()
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        connection.sendall(struct.pack("!I", len(body)) + body)


def main() -> None:
    """Serve; in a forked process, run what was asked for."""
    sys.path.pop(0)  # our own folder, which a step's interpreter does not have
    try:
        Server(sys.argv[1], Path(sys.argv[2])).serve()
    except _Forked as forked:
        request, address = forked.request, forked.address
    else:
        return
    known = set(sys.modules)
    become(request)
    code = _ended(request["arguments"])
    if not known.issuperset(name for name in sys.modules if name not in _OWN):
        _tell(address)
    # Taking a large interpreter down in order takes longer than many a step.
    os._exit(code)


if __name__ == "__main__":
    main()
