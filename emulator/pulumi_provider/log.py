"""Sends diagnostics to the engine, which shows them beside the resource."""

from __future__ import annotations

import logging

import grpc

from emulator.pulumi_provider.protocol import engine_pb2, engine_pb2_grpc


class EngineLog:
    """The engine's log, once it is connected; before that, this process's stderr."""

    def __init__(self) -> None:
        self._engine: engine_pb2_grpc.EngineStub | None = None

    def connect(self, address: str) -> None:
        """Use the engine at this address."""
        if address:
            self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def info(self, urn: str, message: str) -> None:
        """Tell the user something."""
        self._send(urn, message, engine_pb2.INFO)

    def warning(self, urn: str, message: str) -> None:
        """Warn the user."""
        self._send(urn, message, engine_pb2.WARNING)

    def _send(self, urn: str, message: str, severity: engine_pb2.LogSeverity.ValueType) -> None:
        if self._engine is None:
            logging.getLogger(__name__).warning("%s: %s", urn, message)
            return
        try:
            self._engine.Log(
                engine_pb2.LogRequest(severity=severity, message=message, urn=urn), timeout=5
            )
        except grpc.RpcError as error:
            logging.getLogger(__name__).warning(
                "%s: %s (the engine does not listen: %s)", urn, message, error
            )
