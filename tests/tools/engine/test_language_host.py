"""The language host runs programs and plugins in the environment that their project names."""

import sys
from pathlib import Path

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import language_pb2

from tools.engine import language_host


class Context:
    """The part of a gRPC context that the host uses."""

    def add_callback(self, callback):
        self.callback = callback
        return True


def options(**values: str) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct


def plugin_request(folder: Path, **opts: str) -> language_pb2.RunPluginRequest:
    info = language_pb2.ProgramInfo(
        root_directory=str(folder), program_directory=str(folder), options=options(**opts)
    )
    return language_pb2.RunPluginRequest(pwd=str(folder), info=info, env=["GREETING=hello"])


def test_without_the_option_the_hosts_own_python_serves(tmp_path):
    assert language_host.interpreter(options(), str(tmp_path)) == sys.executable


def test_the_option_is_relative_to_the_project_file(tmp_path):
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    policies = tmp_path / "policies"
    policies.mkdir()
    found = language_host.interpreter(options(virtualenv="../.venv"), str(policies))
    assert Path(found).resolve() == python.resolve()
    assert not language_host.is_ours(found)
    assert language_host.is_ours(sys.executable)


def test_an_environment_that_is_not_there_is_named(tmp_path):
    with pytest.raises(language_host.MissingEnvironmentError, match=r"virtualenv '\.venv' is not"):
        language_host.interpreter(options(virtualenv=".venv"), str(tmp_path))


def test_a_program_in_a_missing_environment_ends_with_the_reason(tmp_path):
    info = language_pb2.ProgramInfo(
        root_directory=str(tmp_path),
        program_directory=str(tmp_path),
        options=options(virtualenv="x"),
    )
    answer = language_host.Host("").Run(language_pb2.RunRequest(info=info), Context())
    assert "virtualenv 'x' is not an environment" in answer.error


def test_a_plugins_output_errors_and_exit_code_are_streamed(tmp_path):
    (tmp_path / "__main__.py").write_text(
        "import os, sys\n"
        "print(os.environ['GREETING'], flush=True)\n"
        "print('x' * 200_000, file=sys.stderr)\n"
        "sys.exit(3)\n"
    )
    answers = list(language_host.Host("").RunPlugin(plugin_request(tmp_path), Context()))
    assert b"".join(answer.stdout for answer in answers) == b"hello\n"
    assert len(b"".join(answer.stderr for answer in answers)) == 200_001
    assert answers[-1].exitcode == 3


def test_a_plugin_in_a_missing_environment_ends_with_the_reason(tmp_path):
    request = plugin_request(tmp_path, virtualenv="nowhere")
    answers = list(language_host.Host("").RunPlugin(request, Context()))
    assert b"virtualenv 'nowhere' is not an environment" in answers[0].stderr
    assert answers[-1].exitcode == 1
