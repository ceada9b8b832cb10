"""What a step finds as `python`: hands its work to the fork server of its environment.

Where there is none, or the work is nothing for it, the interpreter itself is started.
"""

import array
import json
import os
import socket
import struct
import sys
import time

# What an interpreter reads when it starts, or libraries when they are first imported.
_EARLY = ("PYTHON", "OMP_", "MKL_", "OPENBLAS_", "NUMEXPR_", "LD_PRELOAD", "MALLOC_", "KMP_")
_FINE = "PYTHONUNBUFFERED"
_WAIT_SECONDS = 1.0


def _cold(interpreter: str, arguments: list[str]) -> None:
    os.execv(interpreter, [interpreter, *arguments])


def _is_simple(arguments: list[str]) -> bool:
    if not arguments:
        return False
    if arguments[0] in ("-m", "-c"):
        return len(arguments) > 1
    return not arguments[0].startswith("-") and os.path.isfile(arguments[0])  # noqa: PTH113 - as below


def _connected(address: str) -> socket.socket | None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(address)
        except OSError:
            connection.close()
            if time.monotonic() > deadline:
                return None
            time.sleep(0.01)
        else:
            return connection


def main() -> None:
    """Have the work done by the server, and end as it ended."""
    interpreter, arguments = os.environ["AZLOCAL_PYTHON"], sys.argv[1:]
    while arguments and arguments[0] == "-u":
        arguments = arguments[1:]
    environment = dict(os.environ)
    address = environment.pop("AZLOCAL_WARM", "")
    early = [name for name in environment if name.startswith(_EARLY) and name != _FINE]
    if not address or early or not _is_simple(arguments):
        _cold(interpreter, sys.argv[1:])
    connection = _connected(address)
    if connection is None:
        _cold(interpreter, sys.argv[1:])
        return
    mask = os.umask(0)
    os.umask(mask)
    environment["AZLOCAL_WARM"] = address
    body = json.dumps(
        {
            "arguments": arguments,
            "folder": os.getcwd(),  # noqa: PTH109 - pathlib takes longer than all of this
            "environment": environment,
            "umask": mask,
            "group": os.getpgid(0),
        }
    ).encode()
    message = struct.pack("!I", len(body)) + body
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))
    sent = connection.sendmsg([message], [rights])
    connection.sendall(message[sent:])
    if connection.recv(1) != b"+":
        _cold(interpreter, sys.argv[1:])
    answer = b""
    while len(answer) < 4:
        more = connection.recv(4 - len(answer))
        if not more:
            sys.stderr.write("the fork server ended before the step did\n")
            sys.exit(1)
        answer += more
    (code,) = struct.unpack("!i", answer)
    if code < 0:
        # as whoever waits for us would have seen the interpreter end
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()
