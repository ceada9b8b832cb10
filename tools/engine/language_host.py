"""The Python language host of the engine that we build; its official binary is in no registry.

Stands on the Pulumi SDK's own `LanguageServer`. It is one file without siblings, because it is put
beside the engine in the user's cache folder, and because the engine may ask for a program whose
virtual environment is another one than this process's: then the same file is started there and
the call is handed on.
"""

import contextlib
import os
import queue
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import IO

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

OPTIONS = [("grpc.max_receive_message_length", 400 << 20)]


class MissingEnvironmentError(Exception):
    """The program names a virtual environment that is not there."""


def interpreter(options: struct_pb2.Struct, root: str) -> str:
    """Return the Python that Pulumi.yaml's or PulumiPolicy.yaml's `virtualenv` option asks for.

    The option is relative to the file's folder. Without it, this process's own Python serves.

    Raises:
        MissingEnvironmentError: the folder holds no Python.
    """
    virtualenv = dict(options).get("virtualenv")
    if not virtualenv:
        return sys.executable
    folder = Path(root, str(virtualenv))
    for python in (folder / "bin" / "python", folder / "Scripts" / "python.exe"):
        if python.exists():
            return str(python)
    raise MissingEnvironmentError(
        f"virtualenv {str(virtualenv)!r} is not an environment: {folder} holds no Python; "
        "make it first (`make setup` in a checkout of azure-mlops)"
    )


def is_ours(python: str) -> bool:
    """Say whether `python` belongs to the environment of this process."""
    return Path(python).parent.parent.resolve() == Path(sys.prefix).resolve()


class Host(LanguageServer):
    """Runs programs in this process and plugins (policy packs) as children of it."""

    def __init__(self, engine_address: str) -> None:
        super().__init__(lambda: None)
        self._engine_address = engine_address
        self._children: list[subprocess.Popen[bytes]] = []

    def Handshake(  # noqa: N802 - the protocol's name
        self,
        request: language_pb2.LanguageHandshakeRequest,  # noqa: ARG002
        context: grpc.ServicerContext,  # noqa: ARG002
    ) -> language_pb2.LanguageHandshakeResponse:
        """Accept any engine: the protocol has no version of its own."""
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(  # noqa: N802
        self,
        request: empty_pb2.Empty,  # noqa: ARG002
        context: grpc.ServicerContext,  # noqa: ARG002
    ) -> plugin_pb2.PluginInfo:
        """Say nothing: the host has the version of the SDK in its environment."""
        return plugin_pb2.PluginInfo()

    def Run(  # noqa: N802
        self, request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        """Run the program's `__main__`, here or in the environment that it names."""
        folder = request.info.program_directory or request.pwd
        try:
            python = interpreter(request.info.options, request.info.root_directory or folder)
        except MissingEnvironmentError as error:
            return language_pb2.RunResponse(error=str(error))
        if not is_ours(python):
            return self._hand_on(python, request)
        os.chdir(folder)
        entry = str(Path(folder, request.info.entry_point or "."))
        sys.path.insert(0, entry if Path(entry).is_dir() else folder)
        request.args.insert(0, self._engine_address)

        def program() -> None:
            runpy.run_path(entry, run_name="__main__")

        self.program = program
        answer = super().Run(request, context)  # pyright: ignore[reportArgumentType] - two stubs name one class
        if answer.error:
            # The program has said it on the engine's log already: `bail` keeps it from being said
            # a second time, as the official host does.
            answer.error, answer.bail = "", True
        return answer

    def _hand_on(self, python: str, request: language_pb2.RunRequest) -> language_pb2.RunResponse:
        child = subprocess.Popen([python, __file__, self._engine_address], stdout=subprocess.PIPE)
        self._children.append(child)
        port = child.stdout.readline().decode().strip() if child.stdout else ""
        if not port:
            return language_pb2.RunResponse(
                error=f"{python} cannot run Pulumi programs: is the package `pulumi` in it?"
            )
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
            answer = language_pb2_grpc.LanguageRuntimeStub(channel).Run(request)
        child.terminate()
        child.wait()
        return answer

    def RunPlugin(  # noqa: N802
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Start a plugin written in Python and stream what it prints, until it ends."""
        folder = request.info.program_directory or request.program
        try:
            python = interpreter(request.info.options, request.info.root_directory or folder)
        except MissingEnvironmentError as error:
            yield language_pb2.RunPluginResponse(stderr=f"{error}\n".encode())
            yield language_pb2.RunPluginResponse(exitcode=1)
            return
        environment = os.environ | dict(pair.split("=", 1) for pair in request.env)
        child = subprocess.Popen(
            [python, "-u", folder, *request.args],
            cwd=request.pwd,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._children.append(child)
        context.add_callback(child.terminate)
        # Two pipes, one stream of answers: a thread each, so that neither can fill up and block.
        answers: queue.SimpleQueue[language_pb2.RunPluginResponse | None] = queue.SimpleQueue()
        pipes = {"stdout": child.stdout, "stderr": child.stderr}
        for name, pipe in pipes.items():
            threading.Thread(target=_drain, args=(pipe, name, answers), daemon=True).start()
        for _pipe in pipes:
            yield from iter(answers.get, None)
        code = child.wait()
        yield language_pb2.RunPluginResponse(exitcode=code)

    def Cancel(  # noqa: N802
        self,
        request: empty_pb2.Empty,  # noqa: ARG002
        context: grpc.ServicerContext,  # noqa: ARG002
    ) -> empty_pb2.Empty:
        """End the children, as the engine asks when the user interrupts."""
        for child in self._children:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        return empty_pb2.Empty()


def _drain(
    pipe: IO[bytes],
    name: str,
    answers: "queue.SimpleQueue[language_pb2.RunPluginResponse | None]",
) -> None:
    """Put each line of a child's pipe on the queue, then None for its end."""
    with pipe:
        for line in pipe:
            answer = language_pb2.RunPluginResponse()
            setattr(answer, name, line)
            answers.put(answer)
    answers.put(None)


def main() -> None:
    """Serve on a free loopback port and print it, as the engine expects of a plugin."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), options=OPTIONS)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Host(sys.argv[-1]), server)
    port = server.add_insecure_port("127.0.0.1:0")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    ended.wait()
    server.stop(grace=None)


if __name__ == "__main__":
    main()
