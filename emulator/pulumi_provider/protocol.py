"""The engine's gRPC messages, taken from the pulumi package without importing all of it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

# `import pulumi` takes 0.7 s (automation, tracing, mocks), the messages alone 0.1 s, and the engine
# waits for its plugins before it does anything else: the package's __init__ is passed by.
_ALIAS = "emulator_pulumi_messages"


def _load(name: str) -> ModuleType:
    if _ALIAS not in sys.modules:
        spec = importlib.util.find_spec("pulumi")
        if spec is None or spec.origin is None:
            msg = "the pulumi package is not installed; run `make deps` (requirements/main.txt)"
            raise ModuleNotFoundError(msg)
        package = ModuleType(_ALIAS)
        package.__path__ = [str(Path(spec.origin).parent / "runtime" / "proto")]
        sys.modules[_ALIAS] = package
    return importlib.import_module(f"{_ALIAS}.{name}")


if TYPE_CHECKING:
    from pulumi.runtime.proto import (
        engine_pb2,
        engine_pb2_grpc,
        plugin_pb2,
        provider_pb2,
        provider_pb2_grpc,
        status_pb2,
    )
else:
    plugin_pb2 = _load("plugin_pb2")
    provider_pb2 = _load("provider_pb2")
    provider_pb2_grpc = _load("provider_pb2_grpc")
    engine_pb2 = _load("engine_pb2")
    engine_pb2_grpc = _load("engine_pb2_grpc")
    status_pb2 = _load("status_pb2")

__all__ = [
    "engine_pb2",
    "engine_pb2_grpc",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
    "status_pb2",
]
